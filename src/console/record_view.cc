#include "console/record_view.h"

#include <array>
#include <deque>

#include "decode/internal_topics.h"

namespace thalweg::console {
namespace {

using decode::Format;

std::optional<Format> wish_of(PayloadAs as) {
  switch (as) {
    case PayloadAs::kAuto:
      return std::nullopt;
    case PayloadAs::kJson:
      return Format::kJson;
    case PayloadAs::kText:
      return Format::kText;
    case PayloadAs::kInt32:
      return Format::kInt32;
    case PayloadAs::kInt64:
      return Format::kInt64;
    case PayloadAs::kFloat:
      return Format::kFloat;
    case PayloadAs::kDouble:
      return Format::kDouble;
    case PayloadAs::kUuid:
      return Format::kUuid;
    case PayloadAs::kHex:
      return Format::kHex;
    case PayloadAs::kAvro:
      return Format::kAvro;
    case PayloadAs::kProtobuf:
      return Format::kProtobuf;
    case PayloadAs::kJsonSchema:
      return Format::kJsonSchema;
  }
  return std::nullopt;
}

// In the same order on both sides.
constexpr std::array kFormats = {PayloadFormat::kNull,    PayloadFormat::kJson,     PayloadFormat::kText,
                                 PayloadFormat::kInt32,   PayloadFormat::kInt64,    PayloadFormat::kFloat,
                                 PayloadFormat::kDouble,  PayloadFormat::kUuid,     PayloadFormat::kHex,
                                 PayloadFormat::kAvro,    PayloadFormat::kProtobuf, PayloadFormat::kJsonSchema,
                                 PayloadFormat::kInternal};
static_assert(kFormats.size() == std::size_t(Format::kInternal) + 1);
PayloadFormat format_of(Format format) { return kFormats[std::size_t(format)]; }

bool may_name_schema(PayloadAs as) {
  return as == PayloadAs::kAuto || as == PayloadAs::kAvro || as == PayloadAs::kProtobuf || as == PayloadAs::kJsonSchema;
}

Payload as_payload(decode::Decoded decoded, std::optional<BytesView> bytes, const KnownSchema* schema) {
  Payload payload{.format = format_of(decoded.format),
                  .bytes = std::int64_t(bytes ? bytes->size() : 0),
                  .text = std::move(decoded.text),
                  .is_json = decoded.is_json,
                  .cut = decoded.cut,
                  .why = std::move(decoded.why),
                  .flaw = {},
                  .schema = {}};
  if (decoded.flaw)
    payload.flaw = PayloadFlaw{.format = format_of(decoded.flaw->format),
                               .at = decoded.flaw->at ? std::optional(std::int64_t(*decoded.flaw->at)) : std::nullopt,
                               .message = std::move(decoded.flaw->message)};
  if (schema && schema->found.schema)
    payload.schema = PayloadSchema{.id = schema->found.id, .subject = schema->subject, .version = schema->version};
  return payload;
}

Payload read_side(decode::Side side, std::optional<BytesView> bytes, PayloadAs as, std::size_t text_max,
                  const SchemasById& schemas) {
  decode::Question question{.bytes = bytes, .side = side, .wish = wish_of(as), .schema = {}, .text_max = text_max};
  const auto id = bytes && may_name_schema(as) ? decode::schema_id(*bytes) : std::nullopt;
  const auto schema = id ? schemas.find(*id) : schemas.end();
  const KnownSchema* known = schema == schemas.end() ? nullptr : &schema->second;
  if (known) question.schema = known->found;
  return as_payload(decode::decode(question), bytes, known);
}

std::optional<RecordState> state_of(const UnpackedRecord& found, const RecordView& view) {
  if (found.batch.is_control()) return RecordState::kControl;
  if (found.batch.is_transactional() && found.record.offset >= view.last_stable) return RecordState::kOpen;
  return std::nullopt;
}

// A marker's key says which one it is.
Payload marker_key(const UnpackedRecord& found, std::size_t text_max) {
  const auto marker = record::read_control_record(found.record);
  const bool commits = marker && marker->type == record::ControlType::kCommit;
  const bool aborts = marker && marker->type == record::ControlType::kAbort;
  decode::Decoded decoded =
      decode::decode({.bytes = found.record.key, .wish = Format::kHex, .schema = {}, .text_max = text_max});
  decoded.format = Format::kInternal;
  if (commits || aborts) decoded.text = commits ? "commit" : "abort";
  decoded.why = "It is a marker that a transaction's coordinator wrote.";
  return as_payload(std::move(decoded), found.record.key, nullptr);
}

void read_sides(Record& record, const UnpackedRecord& found, const RecordView& view, const SchemasById& schemas) {
  const auto& [key, value] = std::pair(found.record.key, found.record.value);
  record.key = found.batch.is_control() ? marker_key(found, view.text_max)
                                        : read_side(decode::Side::kKey, key, view.key, view.text_max, schemas);
  record.value = read_side(decode::Side::kValue, value, view.value, view.text_max, schemas);
  auto internal = decode::read_internal(view.topic, {key, value}, view.text_max);
  if (!internal) return;
  if (view.key == PayloadAs::kAuto) record.key = as_payload(std::move(internal->key), key, nullptr);
  if (view.value == PayloadAs::kAuto) record.value = as_payload(std::move(internal->value), value, nullptr);
}

RecordBatch as_batch(const UnpackedRecord& found) {
  const auto& batch = found.batch;
  const auto codec = batch.codec();
  RecordBatch out{.base_offset = batch.base_offset().value,
                  .records = batch.record_count(),
                  .bytes = std::int64_t(batch.size()),
                  .codec = std::string(codec ? name(*codec) : "unknown"),
                  .leader_epoch = batch.leader_epoch().value,
                  .producer_id = {},
                  .producer_epoch = {},
                  .sequence = {},
                  .transactional = batch.is_transactional()};
  if (!batch.has_producer_id()) return out;
  out.producer_id = batch.producer_id().value;
  out.producer_epoch = batch.producer_epoch().value;
  if (batch.base_sequence() >= 0 && found.record.offset_delta >= 0)
    out.sequence = record::advance_sequence(batch.base_sequence(), found.record.offset_delta);
  return out;
}

}  // namespace

std::set<std::int32_t> schema_ids(const UnpackedRecords& found, const RecordView& view) {
  std::set<std::int32_t> ids;
  const auto look = [&ids](PayloadAs as, std::optional<BytesView> bytes) {
    if (!bytes || !may_name_schema(as)) return;
    if (const auto id = decode::schema_id(*bytes)) ids.insert(*id);
  };
  for (const auto& [record, batch] : found.records) {
    if (batch.is_control()) continue;
    look(view.key, record.key);
    look(view.value, record.value);
  }
  return ids;
}

Record as_record(const UnpackedRecord& found, const RecordView& view, const SchemasById& schemas) {
  const bool appended = found.batch.timestamp_type() == record::TimestampType::kLogAppendTime;
  Record record{.partition = view.partition,
                .offset = found.record.offset.value,
                .timestamp = found.record.timestamp,
                .timestamp_kind = appended ? TimestampKind::kAppend : TimestampKind::kCreate,
                .key = {},
                .value = {},
                .headers = found.record.header_count,
                .bytes = std::int64_t(found.record.size),
                .state = state_of(found, view),
                .columns = {}};
  read_sides(record, found, view, schemas);
  return record;
}

std::vector<Record> as_records(const UnpackedRecords& found, const RecordView& view, const SchemasById& schemas) {
  search::SideReader reader(view.columns.empty() ? nullptr : schemas_of(schemas));
  const filter::SchemaReader by_schema = [&reader](std::string_view side) { return reader.whole(side); };
  std::deque<filter::ColumnRun> columns(view.columns.begin(), view.columns.end());
  std::vector<Record> records;
  for (const auto& one : found.records) {
    auto& record = records.emplace_back(as_record(one, view, schemas));
    if (columns.empty()) continue;
    auto input = filter::input_of({view.partition}, one.batch.producer_id(), one.record);
    input.by_schema = &by_schema;
    record.columns.emplace();
    for (auto& column : columns) record.columns->push_back(as_column(column.text(input)));
  }
  return records;
}

Result<RecordDetail> as_detail(const UnpackedRecord& found, const RecordView& view, const SchemasById& schemas) {
  RecordDetail detail{.record = as_record(found, view, schemas), .header_list = {}, .batch = as_batch(found)};
  std::size_t left = kTextOfRecord;  // of all headers
  for (auto headers = found.record.headers();;) {
    TRY(const auto header, headers.next());
    if (!header) return detail;
    const std::size_t text_max = std::min(left, kTextOfHeader);
    auto value = read_side(decode::Side::kValue, header->value, PayloadAs::kAuto, text_max, {});
    auto name =
        decode::decode({.bytes = as_bytes(header->key), .wish = Format::kText, .schema = {}, .text_max = text_max})
            .text;
    left -= std::min(left, value.text.size() + name.size() + 100);
    detail.header_list.push_back({.name = std::move(name), .value = std::move(value)});
    if (left == 0) return detail;
  }
}

}  // namespace thalweg::console
