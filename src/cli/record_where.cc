#include "cli/record_where.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace thalweg::cli {
namespace {

// Below the place, on a line of its own; on the one line that an expression of several has become.
std::string marked(std::string expression, const filter::Mistake& mistake) {
  std::ranges::replace(expression, '\n', ' ');
  const std::size_t at = std::min(mistake.at, expression.size());
  // A column for each character, not for each byte.
  const auto columns = std::ranges::count_if(expression.substr(0, at),
                                             [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
  return fmt::format("\n  {}\n  {}{}", expression, std::string(std::size_t(columns), ' '),
                     std::string(std::clamp<std::size_t>(mistake.length, 1, 40), '^'));
}

std::optional<std::string_view> view_of(const std::optional<std::string>& text) {
  return text ? std::optional<std::string_view>(*text) : std::nullopt;
}

}  // namespace

Result<std::shared_ptr<RecordWhere>> RecordWhere::parse(const std::string& expression, Timestamp now) {
  const auto filter = filter::Filter::compile(expression, now);
  if (filter) return std::make_shared<RecordWhere>(*filter);
  const auto& mistake = filter.error();
  const std::string meant = mistake.nearest.empty() ? "" : "; did you mean " + mistake.nearest + "?";
  return fail(ErrorCode::kInvalidRequest, "--where: " + mistake.message + meant + marked(expression, mistake));
}

filter::Verdict RecordWhere::test(const admin::ConsumedRecord& record) {
  std::vector<record::HeaderView> headers;
  for (const auto& [name, value] : record.headers)
    headers.push_back({name, value ? std::optional(as_bytes(*value)) : std::nullopt});
  return run_.test({.partition = record.partition.partition,
                    .offset = record.offset,
                    .timestamp = record.timestamp,
                    .key = view_of(record.key),
                    .value = view_of(record.value),
                    .headers = std::span<const record::HeaderView>(headers),
                    .by_schema = schemas_ ? &by_schema_ : nullptr});
}

// As often as it needs a schema that is not known yet.
Task<bool> RecordWhere::matches(const admin::ConsumedRecord& record) {
  auto verdict = test(record);
  while (schemas_ && schemas_->is_missing()) {
    co_await schemas_->learn();
    verdict = test(record);
  }
  if (verdict == filter::Verdict::kUnknown && troubled_++ == 0)
    first_ = fmt::format("{} at {}: {}", to_string(record.partition), record.offset.value, describe(run_.trouble()));
  co_return verdict == filter::Verdict::kYes;
}

std::string RecordWhere::troubles() const {
  if (troubled_ == 0) return {};
  return fmt::format("{} {} left out, since nobody knows whether {}; the first is {}", troubled_,
                     troubled_ == 1 ? "record is" : "records are", troubled_ == 1 ? "it matches" : "they match",
                     first_);
}

}  // namespace thalweg::cli
