// A record as a filter sees it. Everything is a view: of a log's batch, or of what a consumer has.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/bytes.h"
#include "base/time.h"
#include "base/types.h"
#include "record/record.h"

namespace thalweg::filter {

// Of a record: as they lie in it, or in a row.
using Headers = std::variant<record::HeaderIterator, std::span<const record::HeaderView>>;

// What a key, a value or a header's value that begins with 0 and four bytes, the id of a schema, says as JSON.
struct SchemaReading {
  enum class State : std::uint8_t { kNoSchema, kRead, kFailed };
  State state = State::kNoSchema;  // kNoSchema: it only looks so, and is taken as it is
  std::string json;
};
using SchemaReader = std::function<SchemaReading(std::string_view bytes)>;

struct Input {
  PartitionId partition;
  Offset offset;
  Timestamp timestamp = kNoTimestamp;
  std::optional<std::string_view> key, value;
  Headers headers = std::span<const record::HeaderView>();
  std::optional<ProducerId> producer_id = {};  // nothing: not known, as to consumers
  const SchemaReader* by_schema = nullptr;     // nothing: schemas are not known here
};

// Of a record of a batch.
Input input_of(PartitionId partition, ProducerId producer, const record::RecordView& record);

// Calls with each header until it answers false; what is no header ends it.
template <class F>
void each_header(const Headers& headers, F visit) {
  if (const auto* row = std::get_if<std::span<const record::HeaderView>>(&headers)) {
    for (const auto& header : *row)
      if (!visit(header)) return;
    return;
  }
  auto walk = std::get<record::HeaderIterator>(headers);
  for (auto header = walk.next(); header && *header; header = walk.next())
    if (!visit(**header)) return;
}

}  // namespace thalweg::filter
