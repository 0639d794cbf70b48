// What generated definitions of messages need besides their own headers.
#pragma once

#include "base/check.h"
#include "protocol/printer.h"
#include "protocol/wire.h"

namespace thalweg::protocol {

Result<> check_version(std::string_view message, std::int16_t version, std::int16_t min, std::int16_t max);
// Success if `field` is empty.
Result<> check_nothing_lost(std::string_view message, std::int16_t version, std::string_view field);

}  // namespace thalweg::protocol
