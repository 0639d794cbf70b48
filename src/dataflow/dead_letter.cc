#include "dataflow/dead_letter.h"

namespace thalweg::streams::detail {
namespace {

std::string_view kind_of(RecordError::Where where) {
  switch (where) {
    case RecordError::Where::kDecode:
      return "DecodeError";
    case RecordError::Where::kEncode:
      return "EncodeError";
    case RecordError::Where::kProcess:
      break;
  }
  return "ProcessError";
}

std::optional<std::string> copied(std::optional<std::string_view> bytes) {
  if (!bytes) return std::nullopt;
  return std::string(*bytes);
}

}  // namespace

client::Message dead_letter(std::string topic, const RecordError& error) {
  client::Message message{.topic = std::move(topic)};
  if (const RawRecord* record = error.record) {
    message.key = copied(record->key);
    message.value = copied(record->value);
    message.headers = record->headers;
  }
  if (error.time >= Timestamp{}) message.timestamp = error.time;
  const bool is_record = error.record != nullptr;
  message.headers.add("__streams.errors.exception", std::string(kind_of(error.where)))
      .add("__streams.errors.message", error.error.message)
      .add("__streams.errors.stacktrace", error.path)
      .add("__streams.errors.topic", is_record ? std::optional(error.record->from.topic) : std::nullopt)
      .add("__streams.errors.partition", std::to_string(is_record ? error.record->from.partition : -1))
      .add("__streams.errors.offset", std::to_string(is_record ? error.record->offset : -1));
  return message;
}

}  // namespace thalweg::streams::detail
