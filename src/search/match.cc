#include "search/match.h"

namespace thalweg::search {

std::size_t Match::bytes() const {
  const auto of = [](const std::optional<Side>& side) {
    return side ? side->bytes.size() + (side->read ? side->read->json.size() : 0) : 0;
  };
  std::size_t sum = sizeof(Match) + of(key) + of(value);
  for (const auto& column : columns) sum += sizeof(columns.front()) + column.value_or("").size();
  for (const auto& [name, header] : headers) sum += sizeof(headers.front()) + name.size() + of(header);
  return sum;
}

Counts& Counts::operator+=(const Counts& other) {
  records += other.records;
  bytes += other.bytes;
  matches += other.matches;
  troubled += other.troubled;
  unreadable += other.unreadable;
  return *this;
}

Counts operator-(Counts a, const Counts& b) {
  a.records -= b.records;
  a.bytes -= b.bytes;
  a.matches -= b.matches;
  a.troubled -= b.troubled;
  a.unreadable -= b.unreadable;
  return a;
}

}  // namespace thalweg::search
