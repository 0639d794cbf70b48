// One search over the partitions of a topic, pulled window by window: nobody who does not ask for the next one costs
// anything. Owner: the shard of who asks.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "search/cursor.h"
#include "search/plan.h"
#include "search/shard_reader.h"

namespace thalweg::search {

// What is looked for, and how.
struct Wish {
  Uuid topic_id;
  std::shared_ptr<const filter::Filter> filter;
  Timestamp now = 0;  // that of the filter
  bool committed = true;
  std::size_t preview = 512;
};

class Search {
 public:
  // Who reads the partition; outlives the search.
  using ReaderOf = std::function<ShardReader&(const replica::PartitionKey&)>;

  Search(Wish wish, Plan plan, ReaderOf reader_of)
      : wish_(std::move(wish)), plan_(std::move(plan)), reader_of_(std::move(reader_of)) {}

  // Nothing is left to look at, or can be looked at.
  bool is_done() const { return plan_.is_done(); }
  // Looks at one window more, and gives what was found there, at most so many. REQUIRES: !is_done(), matches_max > 0
  Task<std::vector<Match>> look_on(std::size_t matches_max);

  const Plan& plan() const { return plan_; }
  // The first records of which it is not known whether they match.
  const std::vector<TroubledRecord>& troubles() const { return troubles_; }
  // With which another search goes on where this one stands, and finds nothing again.
  Cursor cursor() const;

 private:
  static constexpr std::size_t kShareMin = 8;

  std::size_t share_of(std::size_t matches_max) const;

  const Wish wish_;
  Plan plan_;
  const ReaderOf reader_of_;
  std::vector<TroubledRecord> troubles_;
};

}  // namespace thalweg::search
