// Whether a text could be registered under a subject, in the registry's own words. Nothing is registered; what has to
// be read and compared is bounded and done beside the shards, as for everybody who asks the registry.
#pragma once

#include <optional>
#include <string>

#include "console/call.h"
#include "console/problem.h"
#include "json/value.h"

namespace thalweg::console {

// What a check looked at beside its answer.
struct CheckedSchema {
  SchemaCheck check;
  SchemaLanguage language{};
  std::int32_t last = 0;  // the highest version there is, deleted ones too; 0: none
  std::string mode;       // READWRITE, READONLY, …; empty before the first schema of all
};
Task<Outcome<CheckedSchema>> check_schema(const Call& call, const std::string& subject, const NewSchema& wanted);

// As the registry takes it.
json::Object registration_of(const NewSchema& wanted, SchemaLanguage language);

}  // namespace thalweg::console
