// Looks at the records of batches that lie in memory: which match, and how many there were. Pure, so it runs wherever
// there is a thread for it.
//
// What cannot be kept, since there are too many matches or they are too large, was not looked at: the answer ends
// before it, in the order of the search, and counts only what is on this side. It ends also where the filter has taken
// kWorkMax steps; newest first it is tried kTriesMax times with less, and then with one offset. So a scan is done after
// (kTriesMax + 1) * kWorkMax steps and those of one record, whatever the records are.
#pragma once

#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "filter/column.h"
#include "filter/filter.h"
#include "search/limits.h"
#include "search/match.h"
#include "search/side_reader.h"
#include "storage/transaction_index.h"

namespace thalweg::search {

enum class Order : std::uint8_t { kNewestFirst, kOldestFirst };

struct ScanWish {
  std::shared_ptr<const filter::Filter> filter;
  PartitionId partition;
  Order order = Order::kNewestFirst;
  Offset from, to;                        // records in [from, to) are looked at
  std::size_t matches_max = kMatchesMax;  // at least 1
  std::size_t preview = 512;              // bytes of a key, a value, a header
  // For readers of committed records: transactions that were aborted and reach into these batches.
  std::vector<storage::AbortedTransaction> aborted;
  // Newest first: how many offsets in front of `to` the steps are thought to reach for; 0: for all.
  std::int64_t at_once = 0;
  std::vector<filter::Column> columns = {};  // that are shown of a match
  // That are known. Nothing: nothing is read by a schema.
  std::shared_ptr<const Schemas> schemas = {};
};

struct Scanned {
  std::vector<Match> matches;            // in the order of the search
  std::vector<TroubledRecord> troubles;  // the first ones
  Counts counts;
  // Records in [begin, end) were looked at: all of the batches' that lie in the wish, or those on this side of the last
  // match that was kept.
  Offset begin, end;
  bool is_cut = false;       // maybe inside a batch: at a match, or since the steps are used up
  std::uint64_t work = 0;    // steps of the filter
  std::uint64_t wasted = 0;  // newest first: steps that did not reach to the end, so that less was looked at anew
  // What is in there is not known without this schema: nothing counts as looked at.
  std::optional<std::int32_t> wants_schema;
  // Of records that were looked at; nothing: none had a time.
  std::optional<Timestamp> oldest, newest;
};

// An error: these are not batches, one after the other.
Result<Scanned> scan(BytesView batches, const ScanWish& wish);

}  // namespace thalweg::search
