// What to do about a change that keeps one schema from taking what another allows.
#pragma once

#include <string>
#include <string_view>

#include "schema/difference.h"

namespace thalweg::schema::json_schema {

// A clause for people, which names the two sides; empty for what the type of the change says by itself.
std::string advice(std::string_view type, const Sides& sides);

}  // namespace thalweg::schema::json_schema
