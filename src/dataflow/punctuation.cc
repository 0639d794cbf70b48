#include "dataflow/punctuation.h"

#include <algorithm>

#include "base/check.h"

namespace thalweg::streams::detail {

Punctuation PunctuationQueue::schedule(std::string node, Timestamp first, milliseconds interval, Body body) {
  CHECK(interval >= milliseconds(1));
  auto cancelled = std::make_shared<bool>(false);
  entries_.emplace(first, Entry{std::move(node), std::min(interval, kNever), std::move(body), cancelled});
  return Punctuation(std::move(cancelled));
}

bool PunctuationQueue::punctuate(Timestamp now, const Call& call) {
  bool any = false;
  while (!entries_.empty() && entries_.begin()->first <= now) {
    auto due = entries_.extract(entries_.begin());
    Entry& entry = due.mapped();
    if (*entry.cancelled) continue;
    call(entry.node, entry.body);
    any = true;
    if (*entry.cancelled) continue;
    due.key() += ((now - due.key()) / entry.interval + 1) * entry.interval;
    entries_.insert(std::move(due));
  }
  return any;
}

std::optional<Timestamp> PunctuationQueue::next() {
  while (!entries_.empty() && *entries_.begin()->second.cancelled) entries_.erase(entries_.begin());
  if (entries_.empty()) return std::nullopt;
  return entries_.begin()->first;
}

}  // namespace thalweg::streams::detail
