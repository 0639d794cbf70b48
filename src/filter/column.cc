#include "filter/column.h"

#include "filter/checker.h"
#include "filter/parser.h"

namespace thalweg::filter {

Checked<Column> Column::compile(std::string_view text, Timestamp now) {
  auto parsed = parse(text);
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  parsed->now = now;
  auto checked = check_value(*std::move(parsed));
  if (!checked) return std::unexpected(std::move(checked.error()));
  return Column(std::string(text), *std::move(checked));
}

std::vector<std::string_view> expressions_of(std::string_view list) {
  std::vector<std::string_view> found;
  std::size_t begin = 0, depth = 0;
  char quote = 0;
  for (std::size_t i = 0; i <= list.size(); ++i) {
    const char c = i < list.size() ? list[i] : ',';
    if (i < list.size() && quote) {
      if (c == '\\' && i + 1 < list.size()) ++i;
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '(' || c == '[') {
      ++depth;
    } else if ((c == ')' || c == ']') && depth > 0) {
      --depth;
    } else if (i >= list.size() || (c == ',' && depth == 0)) {
      if (i > begin) found.push_back(list.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  return found;
}

}  // namespace thalweg::filter
