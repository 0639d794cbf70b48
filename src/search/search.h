// One search over the partitions of a topic, pulled window by window: nobody who does not ask for the next one costs
// anything. Owner: the shard of who asks.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "search/cursor.h"
#include "search/plan.h"
#include "search/window_look.h"

namespace thalweg::search {

// What is looked for, and how.
struct Wish {
  Uuid topic_id;
  std::shared_ptr<const filter::Filter> filter;
  Timestamp now = 0;  // that of the filter
  bool committed = true;
  std::size_t preview = 512;
  std::vector<filter::Column> columns = {};
};

class Search {
 public:
  // Reads a window and has it looked at, wherever the partition is; outlives the search.
  using Look = std::function<Task<Result<Looked>>(ReadWish)>;
  // What a schema registry says of an id; without schema and problem: there is no registry, or no such schema.
  using SchemaOf = std::function<Task<decode::SchemaOf>(std::int32_t id)>;

  // `schema_of` may be missing: then nothing is read by a schema.
  Search(Wish wish, Plan plan, Look look, SchemaOf schema_of = {})
      : wish_(std::move(wish)),
        plan_(std::move(plan)),
        look_(std::move(look)),
        schema_of_(std::move(schema_of)),
        schemas_(schema_of_ ? std::make_shared<const Schemas>() : nullptr) {}

  // Nothing is left to look at, or can be looked at.
  bool is_done() const { return plan_.is_done(); }
  // Looks at one window more, of about so many bytes, and gives what was found there, at most so many. REQUIRES:
  // !is_done(), matches_max > 0, bytes > 0
  Task<std::vector<Match>> look_on(std::size_t matches_max, std::size_t bytes);

  const Plan& plan() const { return plan_; }
  // The first records of which it is not known whether they match.
  const std::vector<TroubledRecord>& troubles() const { return troubles_; }
  // With which another search goes on where this one stands, and finds nothing again.
  Cursor cursor() const;

 private:
  static constexpr std::size_t kShareMin = 8;

  std::size_t share_of(std::size_t matches_max) const;
  Task<> learn(std::int32_t schema);

  const Wish wish_;
  Plan plan_;
  const Look look_;
  const SchemaOf schema_of_;
  std::shared_ptr<const Schemas> schemas_;  // that were needed so far
  std::vector<TroubledRecord> troubles_;
};

}  // namespace thalweg::search
