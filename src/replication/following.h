// What a follower does with one partition's part of an answer to its fetch. Pure: values in, a decision out; who
// appends, truncates and waits is replica::Fetcher.
//
// The order of the rules matters. What was asked with an older leader epoch, or from another place than the log's end
// is now, is dropped whatever it says: it would be appended behind what has come meanwhile. A follower truncates only
// where its leader told it to (R10), and only as far as their logs are known to differ; each round lowers the epoch
// that is looked for, so it ends. One thing it knows itself: a batch of an epoch that is still to come has rotted where
// its CRC does not look, and no leader has an answer for it. Sources: KIP-101, KIP-279, KIP-320, KIP-595;
// ReplicaFetcherThread and AbstractFetcherThread; for a log that begins inside of a batch
// Partition.appendRecordsToFollowerOrFutureReplica.
#pragma once

#include <optional>
#include <variant>

#include "base/result.h"
#include "base/time.h"
#include "base/types.h"
#include "record/leader_epoch_cache.h"

namespace thalweg::replication {

// Where a follower stands, and what a fetch was asked with.
struct Position {
  LeaderEpoch leader_epoch = kNoLeaderEpoch;
  Offset end;
  LeaderEpoch last_epoch = kNoLeaderEpoch;  // of the record before `end`; not what an epoch without records would say
  bool empty = false;                       // there is no record before `end`
  friend bool operator==(const Position&, const Position&) = default;
};

// The offsets of one batch; `last` is part of it.
struct BatchRange {
  Offset base, last;
};

// An answer for one partition, without its records.
struct Answer {
  ErrorCode error = ErrorCode::kNone;
  std::optional<record::EpochEnd> diverging = std::nullopt;
  Offset log_start = kNoOffset;                    // of the leader; kNoOffset: it did not say
  std::optional<BatchRange> first = std::nullopt;  // the first batch of its records
};

struct Append {
  friend bool operator==(const Append&, const Append&) = default;
};
// Everything at and above `to` goes, epochs that begin there included, also when the log ends there already
// (KAFKA-10706): else the same answer comes for ever.
struct Truncate {
  Offset to;
  friend bool operator==(const Truncate&, const Truncate&) = default;
};
// Nothing of it is any use: the log is emptied and goes on at `at`.
struct StartOver {
  Offset at;
  friend bool operator==(const StartOver&, const StartOver&) = default;
};
// The leader's log begins inside of a batch (DeleteRecords), and batches come whole: the log, which is empty or ends
// at that offset, begins with the batch at `at` instead. Then the records are appended at once: asked for from `at`,
// the leader would say that it has nothing there.
struct BeginWithBatch {
  Offset at;
  friend bool operator==(const BeginWithBatch&, const BeginWithBatch&) = default;
};
// The leader has nothing at this offset: ask it where its log begins and ends.
struct AskOffsets {
  friend bool operator==(const AskOffsets&, const AskOffsets&) = default;
};
// Not now, and this partition alone.
struct Later {
  Instant wait{};
  ErrorCode why = ErrorCode::kNone;
  friend bool operator==(const Later&, const Later&) = default;
};
struct Drop {
  friend bool operator==(const Drop&, const Drop&) = default;
};
using Next = std::variant<Append, Truncate, StartOver, BeginWithBatch, AskOffsets, Later, Drop>;

// `failures`: how often in a row this partition had to wait before.
Next next(const Position& asked, const Position& now, const Answer& answer, const record::LeaderEpochCache& mine,
          int failures);

// What the leader said of its log, to who had asked beyond it.
struct LeaderOffsets {
  Offset start, end;
};
// Append: it has that place by now, so asking again may help, after a pause: it may refuse for ever.
Next next(const Position& asked, const Position& now, const LeaderOffsets& leader);

// Where the logs part, as far as both sides' epochs tell: `theirs` is the leader's largest epoch that is not above the
// follower's last one, and where it ends. Never above `end`.
Offset truncation_point(record::EpochEnd theirs, const record::LeaderEpochCache& mine, Offset end);

// The leader's side of it. `known`: the leader's largest epoch that is not above `last_fetched`, and where it ends.
// What a fetch from `from`, behind a record of `last_fetched`, is told instead of records; nothing where the logs
// agree. kOffsetOutOfRange when the leader knows no such epoch at all.
Result<std::optional<record::EpochEnd>> divergence(record::EpochEnd known, LeaderEpoch last_fetched, Offset from);

// How long to wait before this partition is fetched again.
Instant wait_after(ErrorCode why, int failures);

}  // namespace thalweg::replication
