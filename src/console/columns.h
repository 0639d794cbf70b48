// Columns that somebody wants to see of records: expressions of the filter language.
#pragma once

#include <string>
#include <vector>

#include "console/api_types.h"
#include "console/call.h"
#include "filter/column.h"
#include "search/side_reader.h"

namespace thalweg::console {

// "value.id,size(value.items)", at most search::kColumnsMax.
Outcome<std::vector<filter::Column>> columns_of(const std::string& list, Timestamp now);

RecordColumn as_column(const std::optional<std::string_view>& text);

// As searches know them.
std::shared_ptr<const search::Schemas> schemas_of(const SchemasById& schemas);

}  // namespace thalweg::console
