// Errors as Kafka's tools print them: by the name of the Java class, with Java's words. Scripts look for both.
#pragma once

#include <string>

#include "base/result.h"

namespace thalweg::cli {

// "org.apache.kafka.common.errors.GroupIdNotFoundException"
std::string exception_name(ErrorCode code);
// What the broker said, or Kafka's own words for the code.
std::string kafka_text(const Error& error);
// "<exception name>: <text>"
std::string exception_text(const Error& error);

}  // namespace thalweg::cli
