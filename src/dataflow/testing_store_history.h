// For tests of what keeps stores: random histories of one store over KeptStores, compared step by step with a map that
// is told the same. Commits, crashes (what was not committed is gone), and cursors both ways, also while they are
// written under.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <set>

#include "dataflow/state_store.h"

namespace thalweg::streams::detail {

class StoreHistory {
 public:
  using Open = std::function<std::unique_ptr<KeptStores>()>;
  // `reopen`: as after a crash; what it opens has what write() was given.
  StoreHistory(std::uint64_t seed, std::unique_ptr<KeptStores> kept, Open reopen)
      : random_(seed), cache_(random_() % 3 * 400), kept_(std::move(kept)), reopen_(std::move(reopen)) {
    open();
  }
  StoreHistory(const StoreHistory&) = delete;

  // Ends early at the first difference.
  void run(int steps) {
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) step();
    commit();
    expect_scan("", {}, false);
  }

 private:
  using Model = std::map<std::string, std::string>;
  static constexpr std::size_t kStore = 1;  // of three: the others must stay as they are

  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  // Short keys of few bytes, the greatest and the least among them: prefixes of each other, and equal ones.
  std::string key() {
    static constexpr std::string_view kBytes{"\0ab\xff", 4};
    std::string key;
    for (int length = below(4); length >= 0; --length) key += kBytes[static_cast<std::size_t>(below(4))];
    return key;
  }

  void step() {
    const int what = below(100);
    if (what < 40) return put();
    if (what < 60) return expect_get(key());
    if (what < 65) return expire();
    if (what < 83) return scan();
    if (what < 90) return scan_under_writes();
    if (what < 98) return commit();
    crash();
  }
  void put() {
    const std::string at = key();
    const auto value = below(4) == 0 ? std::nullopt : std::optional(std::to_string(++written_));
    store_->put(at, value);
    store_->log(at, value, Timestamp(milliseconds(written_)));
    logged_.insert(at);
    apply(now_, at, value);
    apply(log_now_, at, value);
  }
  static void apply(Model& model, const std::string& key, const std::optional<std::string>& value) {
    if (value)
      model[key] = *value;
    else
      model.erase(key);
  }
  void expect_get(const std::string& key) {
    const auto found = now_.find(key);
    EXPECT_EQ(store_->get(key), found == now_.end() ? std::nullopt : std::optional(found->second));
  }
  void expire() {
    const std::string from = key(), to = key();
    store_->expire(from, to);
    if (from < to) now_.erase(now_.lower_bound(from), now_.lower_bound(to));
  }
  void scan() {
    const std::string from = below(4) == 0 ? "" : key();
    const auto to = below(4) == 0 ? std::nullopt : std::optional(key());
    expect_scan(from, to, below(2) == 0);
  }
  std::vector<std::pair<std::string, std::string>> expected(const std::string& from,
                                                            const std::optional<std::string>& to, bool backward) {
    std::vector<std::pair<std::string, std::string>> entries;
    for (const auto& entry : now_)
      if (entry.first >= from && (!to || entry.first < *to)) entries.push_back(entry);
    if (backward) std::ranges::reverse(entries);
    return entries;
  }
  void expect_scan(const std::string& from, const std::optional<std::string>& to, bool backward) {
    std::vector<std::pair<std::string, std::string>> seen;
    const auto cursor = store_->scan(from, to, backward);
    while (cursor->next()) seen.emplace_back(cursor->key(), cursor->value());
    EXPECT_EQ(seen, expected(from, to, backward));
  }
  // Order holds, nothing twice; what nobody touches meanwhile is seen, what is seen was there before or was written.
  void scan_under_writes() {
    const bool backward = below(2) == 0;
    const auto before = expected("", {}, backward);
    std::map<std::string, std::set<std::string>> may;
    for (const auto& [key, value] : before) may[key].insert(value);
    std::set<std::string> touched, seen;
    const auto cursor = store_->scan("", {}, backward);
    std::optional<std::string> last;
    while (cursor->next()) {
      const std::string at(cursor->key());
      if (last) EXPECT_TRUE(backward ? at < *last : at > *last);
      EXPECT_TRUE(may[at].contains(std::string(cursor->value()))) << "neither there before nor written";
      seen.insert(at);
      last = at;
      if (below(2) == 0) touched.merge(touch(may));
    }
    for (const auto& [key, value] : before)
      if (!touched.contains(key)) EXPECT_TRUE(seen.contains(key));
  }
  std::set<std::string> touch(std::map<std::string, std::set<std::string>>& may) {
    const Model before = now_;
    if (below(4) == 0)
      expire();
    else if (below(2) == 0)
      put();
    else
      expect_get(key());  // which may push others out of the cache
    std::set<std::string> touched;
    for (const auto& [key, value] : before)
      if (!now_.contains(key) || now_[key] != value) touched.insert(key);
    for (const auto& [key, value] : now_) may[key].insert(value);
    return touched;
  }

  void commit() {
    std::vector<Outgoing> out;
    store_->flush("log", 7, out);
    std::set<std::string> keys;
    for (const Outgoing& record : out) {
      EXPECT_TRUE(record.is_changelog && record.message.topic == "log" && record.message.partition == 7);
      EXPECT_TRUE(keys.insert(*record.message.key).second) << "a key twice in a commit";
      apply(log_, *record.message.key, record.message.value);
    }
    EXPECT_EQ(keys, logged_);
    EXPECT_EQ(log_, log_now_);
    logged_.clear();
    offset_ += static_cast<std::int64_t>(out.size());
    KeptBatch batch;
    store_->take(batch);
    EXPECT_EQ(store_->uncommitted_bytes(), 0u);
    EXPECT_LE(store_->cached_bytes(), cache_);
    batch.offsets[kStore] = offset_;
    EXPECT_TRUE(kept_->write(batch).has_value());
    committed_ = now_;
  }
  void crash() {
    store_.reset();
    kept_.reset();
    kept_ = reopen_();
    now_ = committed_;
    log_now_ = log_;
    logged_.clear();
    open();
    expect_scan("", {}, below(2) == 0);
  }
  void open() {
    EXPECT_EQ(kept_->offset(kStore).value_or(0), offset_);
    EXPECT_FALSE(kept_->store(0).scan("", {}, false)->next());
    EXPECT_FALSE(kept_->store(2).scan("", {}, true)->next());
    store_ = std::make_unique<BufferedStore>("model", kept_->store(kStore), kStore, true, cache_);
  }

  std::mt19937_64 random_;
  std::size_t cache_;
  std::unique_ptr<KeptStores> kept_;
  Open reopen_;
  std::unique_ptr<BufferedStore> store_;
  Model now_, committed_;  // the store
  Model log_now_, log_;    // what its changelog says, which no expiry touches
  std::set<std::string> logged_;
  std::int64_t offset_ = 0;
  int written_ = 0;
};

}  // namespace thalweg::streams::detail
