#include "shared_topics.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace thalweg::simulation {

// Depth first over what may come next; no state is looked at twice.
class SharedTopics::Search {
 public:
  explicit Search(std::vector<Entry> entries) : entries_(std::move(entries)), done_(entries_.size(), false) {}

  bool explains(bool exists) {
    if (!seen_.emplace(done_, exists).second) return false;
    // What ended before another began comes before it.
    Instant first_end = Instant::max();
    for (std::size_t i = 0; i < entries_.size(); ++i)
      if (!done_[i]) first_end = std::min(first_end, entries_[i].ended);
    if (first_end == Instant::max()) return true;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (done_[i] || entries_[i].begun > first_end) continue;
      done_[i] = true;
      for (const bool then : {false, true})
        if (leads(exists, entries_[i].change, then) && explains(then)) return true;
      done_[i] = false;
    }
    return false;
  }

 private:
  static bool leads(bool exists, Change change, bool then) {
    switch (change) {
      case Change::kCreated:
        return !exists && then;
      case Change::kDeleted:
        return exists && !then;
      case Change::kFound:
        return exists && then;
      case Change::kMissed:
        return !exists && !then;
      case Change::kPerhapsCreated:
        return exists ? then : true;
      case Change::kPerhapsDeleted:
        return exists ? true : !then;
    }
    return false;
  }

  const std::vector<Entry> entries_;
  std::vector<bool> done_;
  std::set<std::pair<std::vector<bool>, bool>> seen_;
};

std::string SharedTopics::contradiction(const std::string& topic, bool exists, Instant now) const {
  auto entries = history_.at(topic);
  entries.push_back({exists ? Change::kFound : Change::kMissed, now, now});
  std::ranges::sort(entries, {}, [](const Entry& entry) { return std::pair(entry.begun, entry.ended); });
  if (Search(entries).explains(false)) return {};
  std::string all = fmt::format("no order of events explains what was said of {}:", topic);
  constexpr const char* kWords[] = {"created", "deleted", "found", "missed", "perhaps created", "perhaps deleted"};
  for (const auto& entry : entries)
    all += fmt::format(" {} {:.3f}-{:.3f};", kWords[int(entry.change)], double(entry.begun.count()) / 1e9,
                       double(entry.ended.count()) / 1e9);
  return all;
}

std::vector<std::string> SharedTopics::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entries] : history_) names.push_back(name);
  return names;
}

}  // namespace thalweg::simulation
