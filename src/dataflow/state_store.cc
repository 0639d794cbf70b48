#include "dataflow/state_store.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace thalweg::streams::detail {
namespace {

constexpr std::size_t kEntryOverhead = 160;  // a node of the map with its strings, and its place in a list

std::size_t bytes_of(std::string_view key, const std::optional<std::string>& value) {
  return kEntryOverhead + key.size() + (value ? value->size() : 0);
}

std::optional<std::string> owned(std::optional<std::string_view> bytes) {
  return bytes ? std::optional<std::string>(*bytes) : std::nullopt;
}

}  // namespace

// What is kept and what lies over it, merged. The kept cursor is a snapshot; the buffer is read as it is.
class BufferedStore::Merged : public ByteCursor {
 public:
  Merged(const BufferedStore& store, std::string_view from, std::optional<std::string_view> to, bool backward)
      : store_(store), commits_(store.commits_), from_(from), to_(owned(to)), backward_(backward) {
    kept_ = store.kept_.scan(from_, to, backward);
    has_kept_ = kept_->next();
    seek();
  }

  bool next() override {
    if (store_.commits_ != commits_)
      throw StoreFailure({.message = "a cursor of store '" + store_.name_ +
                                     "' was used after a commit: let it go before process() returns"});
    if (store_.changes_ != changes_) seek();
    while (true) {
      while (has_kept_ && store_.is_expired(kept_->key())) has_kept_ = kept_->next();
      const bool buffered = in_range();
      if (!buffered && !has_kept_) return false;
      const int order = !buffered ? 1 : !has_kept_ ? -1 : compare(at_->first, kept_->key());
      if (order > 0 ? take_kept() : take_buffered(order == 0)) return true;
    }
  }
  std::string_view key() const override { return *key_; }
  std::string_view value() const override { return value_; }

 private:
  int compare(std::string_view a, std::string_view b) const { return backward_ ? b.compare(a) : a.compare(b); }
  bool in_range() const {
    return at_ != store_.entries_.end() && (backward_ ? at_->first >= from_ : !to_ || at_->first < *to_);
  }
  // To the entry that follows key_.
  void seek() {
    Entries& entries = store_.entries_;
    changes_ = store_.changes_;
    if (!backward_) {
      at_ = key_ ? entries.upper_bound(*key_) : entries.lower_bound(from_);
    } else {
      at_ = key_ ? entries.lower_bound(*key_) : to_ ? entries.lower_bound(*to_) : entries.end();
      step();
    }
  }
  void step() {
    if (!backward_) {
      ++at_;
    } else {
      at_ = at_ == store_.entries_.begin() ? store_.entries_.end() : std::prev(at_);
    }
  }
  bool take_kept() {
    key_ = kept_->key();
    value_ = kept_->value();
    has_kept_ = kept_->next();
    return true;
  }
  // False: it is deleted.
  bool take_buffered(bool over_kept) {
    key_ = at_->first;
    const bool there = at_->second.value.has_value();
    if (there) value_ = *at_->second.value;
    step();
    if (over_kept) has_kept_ = kept_->next();
    return there;
  }

  const BufferedStore& store_;
  std::uint64_t commits_, changes_ = 0;
  std::string from_;
  std::optional<std::string> to_;
  bool backward_;
  std::unique_ptr<ByteCursor> kept_;
  bool has_kept_ = false;
  Entries::iterator at_;
  std::optional<std::string> key_;
  std::string value_;
};

BufferedStore::BufferedStore(std::string name, const KeptStore& kept, std::size_t number, bool logging,
                             std::size_t cache_bytes)
    : name_(std::move(name)), kept_(kept), number_(number), logging_(logging), cache_bytes_(cache_bytes) {}
BufferedStore::~BufferedStore() = default;

std::optional<std::string> BufferedStore::get(std::string_view key) const {
  if (const auto found = entries_.find(key); found != entries_.end()) {
    touch(found);
    return found->second.value;
  }
  if (is_expired(key)) return {};
  auto value = kept_.get(key);
  if (!value) throw StoreFailure(value.error());
  if (cache_bytes_ > 0) {
    const auto entry = entries_.emplace(key, Entry{*value}).first;
    entry->second.place = clean_.insert(clean_.begin(), entry);
    clean_bytes_ += bytes_of(key, *value);
    ++changes_;
    evict();
  }
  return *std::move(value);
}

std::unique_ptr<ByteCursor> BufferedStore::scan(std::string_view from, std::optional<std::string_view> to,
                                                bool backward) const {
  return std::make_unique<Merged>(*this, from, to, backward);
}

void BufferedStore::put(std::string_view key, std::optional<std::string_view> value) {
  auto entry = entries_.lower_bound(key);
  if (entry == entries_.end() || entry->first != key) {
    entry = entries_.emplace_hint(entry, key, Entry{.value = {}, .dirty = true});
    entry->second.place = dirty_.insert(dirty_.end(), entry);
    ++changes_;
  } else if (entry->second.dirty) {
    dirty_bytes_ -= bytes_of(key, entry->second.value);
  } else {
    clean_bytes_ -= bytes_of(key, entry->second.value);
    dirty_.splice(dirty_.end(), clean_, entry->second.place);
    entry->second.dirty = true;
  }
  if (value && entry->second.value)
    entry->second.value->assign(*value);
  else
    entry->second.value = owned(value);
  dirty_bytes_ += bytes_of(key, entry->second.value);
}

void BufferedStore::expire(std::string_view from, std::string_view to) {
  if (from >= to) return;
  for (auto entry = entries_.lower_bound(from); entry != entries_.end() && entry->first < to;) erase(entry++);
  // One range with those that it touches.
  std::string first(from), last(to);
  auto range = expired_.upper_bound(first);
  if (range != expired_.begin() && std::prev(range)->second >= first) --range;
  while (range != expired_.end() && range->first <= last) {
    first = std::min(first, range->first);
    last = std::max(last, range->second);
    range = expired_.erase(range);
  }
  expired_.emplace(std::move(first), std::move(last));
}

void BufferedStore::log(std::string_view key, std::optional<std::string_view> value, std::optional<Timestamp> timestamp,
                        Headers headers) {
  if (!logging_) return;
  if (const auto found = logged_at_.find(key); found != logged_at_.end()) {
    log_bytes_ -= bytes_of(key, found->second->value);
    found->second->value = owned(value);
    found->second->timestamp = timestamp;
    found->second->headers = std::move(headers);
    log_bytes_ += bytes_of(key, found->second->value);
    return;
  }
  Logged& record = logged_.emplace_back(std::string(key), owned(value), timestamp, std::move(headers));
  logged_at_.emplace(record.key, &record);
  log_bytes_ += bytes_of(key, record.value);
}

void BufferedStore::flush(const std::string& changelog, std::int32_t partition, std::vector<Outgoing>& out) {
  logged_at_.clear();
  for (Logged& record : logged_)
    out.push_back({.message = {.topic = changelog,
                               .key = std::move(record.key),
                               .value = std::move(record.value),
                               .headers = std::move(record.headers),
                               .partition = partition,
                               .timestamp = record.timestamp},
                   .is_changelog = true});
  logged_.clear();
  log_bytes_ = 0;
}

void BufferedStore::take(KeptBatch& batch) {
  for (auto& [from, to] : expired_) batch.deleted.push_back({number_, from, std::move(to)});
  expired_.clear();
  for (const auto& entry : dirty_) {
    batch.entries.push_back({number_, entry->first, entry->second.value});
    entry->second.dirty = false;
  }
  clean_.splice(clean_.begin(), dirty_);
  clean_bytes_ += std::exchange(dirty_bytes_, 0);
  ++commits_;
  evict();
}

void BufferedStore::touch(Entries::iterator entry) const {
  if (!entry->second.dirty) clean_.splice(clean_.begin(), clean_, entry->second.place);
}

void BufferedStore::evict() const {
  while (clean_bytes_ > cache_bytes_) erase(clean_.back());
}

void BufferedStore::erase(Entries::iterator entry) const {
  (entry->second.dirty ? dirty_bytes_ : clean_bytes_) -= bytes_of(entry->first, entry->second.value);
  (entry->second.dirty ? dirty_ : clean_).erase(entry->second.place);
  entries_.erase(entry);
  ++changes_;
}

bool BufferedStore::is_expired(std::string_view key) const {
  if (expired_.empty()) return false;
  const auto after = expired_.upper_bound(key);
  return after != expired_.begin() && key < std::prev(after)->second;
}

}  // namespace thalweg::streams::detail
