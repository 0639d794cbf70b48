// What goes to the dead letter topic, with Kafka Streams' headers (KIP-1034): the record of the source topic as it
// came, also where a node behind others failed. C++ has no stack to show: __streams.errors.stacktrace is the path
// through the topology.
#pragma once

#include <string>

#include "dataflow/task.h"

namespace thalweg::streams::detail {

client::Message dead_letter(std::string topic, const RecordError& error);

}  // namespace thalweg::streams::detail
