// Text that somebody typed, as the bytes of a record.
#pragma once

#include <string>

#include "console/api_types.h"

namespace thalweg::console {

// `at` is the pointer to it in the body, for the problem.
Outcome<std::string> bytes_of(const NewPayload& payload, const std::string& at);

}  // namespace thalweg::console
