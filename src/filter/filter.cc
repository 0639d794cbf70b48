#include "filter/filter.h"

#include "filter/checker.h"
#include "filter/parser.h"

namespace thalweg::filter {

Filter::Filter(std::string text, Program program)
    : text_(std::move(text)),
      program_(std::make_shared<const Program>(std::move(program))),
      facts_(facts_of(*program_)) {}

Checked<Filter> Filter::compile(std::string_view text, Timestamp now) {
  if (is_plain_words(text)) return Filter(std::string(text), anywhere(text));
  auto parsed = parse(text);
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  parsed->now = now;
  auto checked = check(*std::move(parsed));
  if (!checked) return std::unexpected(std::move(checked.error()));
  return Filter(std::string(text), *std::move(checked));
}

Filter Filter::any() {
  Program program;
  program.nodes.push_back({.type = Type::kBool, .literal = Value::of_bool(true)});
  return Filter({}, std::move(program));
}

Input input_of(PartitionId partition, ProducerId producer, const record::RecordView& record) {
  const auto text = [](const std::optional<BytesView>& bytes) {
    return bytes ? std::optional(as_text(*bytes)) : std::nullopt;
  };
  return {.partition = partition,
          .offset = record.offset,
          .timestamp = record.timestamp,
          .key = text(record.key),
          .value = text(record.value),
          .headers = record.headers(),
          .producer_id = producer};
}

}  // namespace thalweg::filter
