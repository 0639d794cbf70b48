#include "console/columns.h"

#include "base/utf8.h"
#include "console/problem.h"
#include "decode/json_sink.h"
#include "search/limits.h"

namespace thalweg::console {

Outcome<std::vector<filter::Column>> columns_of(const std::string& list, Timestamp now) {
  const auto expressions = filter::expressions_of(list);
  if (expressions.size() > search::kColumnsMax) return std::unexpected(invalid("columns", "at most 8"));
  std::vector<filter::Column> columns;
  for (const auto expression : expressions) {
    auto column = filter::Column::compile(expression, now);
    if (!column)
      return std::unexpected(
          invalid("columns", "expressions: " + std::string(expression) + ": " + column.error().message));
    columns.push_back(*std::move(column));
  }
  return columns;
}

RecordColumn as_column(const std::optional<std::string_view>& text) {
  RecordColumn column{.text = {}, .cut = false};
  if (!text) return column;
  const auto shown = decode::decode(
      {.bytes = as_bytes(*text), .wish = decode::Format::kText, .schema = {}, .text_max = search::kColumnMax});
  column.text = shown.text;
  column.cut = shown.cut;
  return column;
}

std::shared_ptr<const search::Schemas> schemas_of(const SchemasById& schemas) {
  auto known = std::make_shared<search::Schemas>();
  for (const auto& [id, schema] : schemas) known->emplace(id, schema.found);
  return known;
}

}  // namespace thalweg::console
