// Texts of schemas and of what is wrong with them, for people. Pure; a large schema takes milliseconds: for Workers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "console/api_types.h"

namespace thalweg::console {

// JSON with what fits in a line on one, and else each member on a line of its own, so that two versions can be compared
// line by line. Names, numbers and order stay as they are written. Nothing where the text is no JSON.
std::optional<std::string> laid_out_json(std::string_view text);
// Of Protobuf the text itself: it has lines already. Nothing where it cannot be read.
std::optional<std::string> laid_out(SchemaLanguage language, std::string_view text);

// What a registry says of a schema that does not fit: one finding for each reason, and the version that it does not
// fit. Source: the strings that Confluent's registries answer, {errorType:'…', description:'…', additionalInfo:'…'},
// with single or double quotes, then {oldSchemaVersion: 7}, {oldSchema: '…'} and the configuration. What is spelled
// otherwise is a finding in its own words.
struct SchemaVerdict {
  std::vector<SchemaFinding> findings;
  std::optional<std::int32_t> against;
};
SchemaVerdict verdict_in(const std::vector<std::string>& messages);

}  // namespace thalweg::console
