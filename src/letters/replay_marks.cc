#include "letters/replay_marks.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>

#include "base/number.h"

namespace thalweg::letters {
namespace {

// "sent:2,1+3" behind offset 10: 12, and 14 to 17. Each item is how many were left out, and how many more than one
// follow.
constexpr std::string_view kSentPrefix = "sent:";

struct SentItem {
  std::int64_t gap, more;
};
std::optional<SentItem> sent_item(std::string_view word) {
  const auto plus = word.find('+');
  const auto gap = parse_number<std::int64_t>(word.substr(0, plus));
  const auto more =
      plus == word.npos ? std::optional<std::int64_t>(0) : parse_number<std::int64_t>(word.substr(plus + 1));
  if (!gap || !more || *gap < 1 || *more < 0) return std::nullopt;
  return SentItem{*gap, *more};
}

// Nothing where no offset is so large.
std::optional<Offset> sum_of(Offset from, std::int64_t count) {
  if (count > std::numeric_limits<std::int64_t>::max() - 1 - from.value) return std::nullopt;
  return from + count;
}

}  // namespace

ReplayMarks ReplayMarks::of(Offset committed, std::string_view metadata) {
  const ReplayMarks alone(committed);
  if (committed.value < 0 || !metadata.starts_with(kSentPrefix)) return alone;
  ReplayMarks marks(committed);
  Offset end = committed;
  for (std::string_view rest = metadata.substr(kSentPrefix.size()); !rest.empty();) {
    const auto comma = rest.find(',');
    const auto item = sent_item(rest.substr(0, comma));
    rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 1);
    const auto first = item ? sum_of(end, item->gap) : std::nullopt;
    const auto last = first ? sum_of(*first, item->more) : std::nullopt;
    if (!last) return alone;
    end = *last + 1;
    marks.chosen_.emplace_hint(marks.chosen_.end(), *first, end);
  }
  return marks;
}

bool ReplayMarks::has(Offset offset) const {
  if (offset < below_) return true;
  const auto behind = chosen_.upper_bound(offset);
  return behind != chosen_.begin() && offset < std::prev(behind)->second;
}

void ReplayMarks::add(Offset offset) {
  if (has(offset)) return;
  Offset first = offset, end = offset + 1;
  if (const auto next = chosen_.find(end); next != chosen_.end()) {
    end = next->second;
    chosen_.erase(next);
  }
  const auto behind = chosen_.lower_bound(offset);
  if (behind != chosen_.begin() && std::prev(behind)->second == first) {
    first = std::prev(behind)->first;
    chosen_.erase(std::prev(behind));
  }
  chosen_.emplace(first, end);
  take_what_touches_below();
}

void ReplayMarks::raise(Offset below) {
  if (below <= below_) return;
  below_ = below;
  take_what_touches_below();
}

void ReplayMarks::take_what_touches_below() {
  while (!chosen_.empty() && chosen_.begin()->first <= below_) {
    below_ = std::max(below_, chosen_.begin()->second);
    chosen_.erase(chosen_.begin());
  }
}

std::string ReplayMarks::metadata(std::size_t text_max) const {
  std::string text;
  Offset end = below_;
  for (const auto& [first, behind] : chosen_) {
    std::string item = (text.empty() ? std::string(kSentPrefix) : ",") + std::to_string(first - end);
    if (const auto more = behind - first - 1; more > 0) item += "+" + std::to_string(more);
    if (text.size() + item.size() > text_max) break;
    text += item;
    end = behind;
  }
  return text;
}

}  // namespace thalweg::letters
