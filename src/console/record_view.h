// Records as the API shows them: what their bytes mean, and texts that are short enough for a list. Pure and sometimes
// long: for Workers.
#pragma once

#include <set>

#include "console/api_types.h"
#include "console/columns.h"
#include "console/fetched_batches.h"
#include "console/registry_schemas.h"

namespace thalweg::console {

inline constexpr std::size_t kTextOfList = 512, kTextOfRecord = 1u << 20, kTextOfHeader = 16u << 10;  // bytes

struct RecordView {
  std::string topic;
  std::int32_t partition = 0;
  Offset last_stable;  // transactional records behind it are of open transactions
  PayloadAs key = PayloadAs::kAuto, value = PayloadAs::kAuto;
  std::size_t text_max = kTextOfList;
  std::vector<filter::Column> columns = {};
};

// Of schemas that the bytes may name, where they are to be read so.
std::set<std::int32_t> schema_ids(const UnpackedRecords& found, const RecordView& view);

std::vector<Record> as_records(const UnpackedRecords& found, const RecordView& view, const SchemasById& schemas);
Record as_record(const UnpackedRecord& found, const RecordView& view, const SchemasById& schemas);
// Problem: its headers do not parse.
Result<RecordDetail> as_detail(const UnpackedRecord& found, const RecordView& view, const SchemasById& schemas);

}  // namespace thalweg::console
