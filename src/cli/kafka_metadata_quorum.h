// The sub-commands of kafka-metadata-quorum that change who votes. What they print is Kafka's MetadataQuorumCommand's.
#pragma once

#include "cli/subcommand_tool.h"

namespace thalweg::cli {

// The controller whose file --command-config names is given a vote.
Task<Result<>> add_controller(Errand errand);
Task<Result<>> remove_controller(Errand errand);

// An IPv6 address in brackets, as it stands before a port.
std::string bracketed(const std::string& host);

}  // namespace thalweg::cli
