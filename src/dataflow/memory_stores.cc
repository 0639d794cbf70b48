#include "dataflow/memory_stores.h"

#include <vector>

namespace thalweg::streams::detail {
namespace {

using Entries = std::map<std::string, std::string, std::less<>>;

class MemoryCursor : public ByteCursor {
 public:
  MemoryCursor(std::shared_ptr<const Entries> entries, std::string_view from, std::optional<std::string_view> to,
               bool backward)
      : entries_(std::move(entries)),
        first_(entries_->lower_bound(from)),
        last_(to ? (*to < from ? first_ : entries_->lower_bound(*to)) : entries_->end()),
        backward_(backward) {}

  bool next() override {
    if (first_ == last_) return false;
    at_ = backward_ ? --last_ : first_++;
    return true;
  }
  std::string_view key() const override { return at_->first; }
  std::string_view value() const override { return at_->second; }

 private:
  std::shared_ptr<const Entries> entries_;
  Entries::const_iterator first_, last_, at_;
  bool backward_;
};

class MemoryStore : public KeptStore {
 public:
  Result<std::optional<std::string>> get(std::string_view key) const override {
    const auto found = entries_->find(key);
    return found == entries_->end() ? std::nullopt : std::optional(found->second);
  }
  std::unique_ptr<ByteCursor> scan(std::string_view from, std::optional<std::string_view> to,
                                   bool backward) const override {
    return std::make_unique<MemoryCursor>(entries_, from, to, backward);
  }
  // To write to. A cursor that is still there keeps what it saw, which costs a copy; none is while a task commits.
  Entries& entries() {
    if (entries_.use_count() > 1) entries_ = std::make_shared<Entries>(*entries_);
    return *entries_;
  }

 private:
  std::shared_ptr<Entries> entries_ = std::make_shared<Entries>();
};

class MemoryStores : public KeptStores {
 public:
  explicit MemoryStores(std::size_t count) : stores_(count), offsets_(count) {}

  KeptStore& store(std::size_t number) override { return stores_.at(number); }
  Result<> write(const KeptBatch& batch) override {
    for (const auto& [number, from, to] : batch.deleted) {
      Entries& entries = stores_.at(number).entries();
      if (from < to) entries.erase(entries.lower_bound(from), entries.lower_bound(to));
    }
    for (const auto& [number, key, value] : batch.entries) {
      Entries& entries = stores_.at(number).entries();
      if (value)
        entries.insert_or_assign(key, *value);
      else
        entries.erase(key);
    }
    for (const auto& [number, offset] : batch.offsets) offsets_.at(number) = offset;
    return {};
  }
  std::optional<std::int64_t> offset(std::size_t number) const override { return offsets_.at(number); }

 private:
  std::vector<MemoryStore> stores_;
  std::vector<std::optional<std::int64_t>> offsets_;
};

}  // namespace

std::unique_ptr<KeptStores> memory_stores(std::size_t count) { return std::make_unique<MemoryStores>(count); }

}  // namespace thalweg::streams::detail
