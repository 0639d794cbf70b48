// Dead letters as `thalweg dlq` takes them: whoever wrote them (letters/dead_letter.h), with their places and filters.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "admin/consumer.h"
#include "admin/producer.h"
#include "cli/command.h"
#include "cli/place.h"
#include "letters/dead_letter.h"
#include "letters/replay.h"
#include "letters/replay_marks.h"

namespace thalweg::cli {

using letters::DeadLetter;
using letters::kReplayGroup;
DeadLetter dead_letter_in(const admin::ConsumedRecord& record);
// The record's own headers: without those of who could not handle it.
std::vector<admin::Header> own_headers(const admin::ConsumedRecord& record);
// What is sent back, to that topic: key and value as they were, headers as letters/replay.h says.
admin::Message sent_back(const admin::ConsumedRecord& record, std::string topic);

// What the group has committed of each partition.
using Replayed = std::map<TopicPartition, letters::ReplayMarks>;
Task<Result<Replayed>> fetch_replayed(Session session, std::string group);

// --where error=NAME and origin=TOPIC[:N]: all of them must hold.
class LetterFilter {
 public:
  static void declare(OptionParser& parser);
  // Its error is misuse.
  static Result<LetterFilter> of(const Session& session);
  bool takes(const DeadLetter& letter) const;

 private:
  std::vector<std::string> errors_;
  std::vector<std::pair<std::string, std::string>> origins_;  // topic, partition or nothing
};

// "2026-01-31T12:00:00Z"; nothing before 1970.
std::optional<std::string> utc_text(Timestamp when);

// Where the partitions of queues are read from, and their ends when the command began: what comes later is for another
// time. Ends are those that readers of committed records see.
struct LetterRange {
  std::map<TopicPartition, Offset> from, to;
};
Task<Result<LetterRange>> letter_range(Session session, std::vector<std::string> queues, Place from);

// Reads a range to its end, until it is told to stop.
class LetterReader {
 public:
  LetterReader(Session session, LetterRange range);
  // Records of the range, in order within a partition; none at the end and once the user wants to stop.
  Task<Result<std::vector<admin::ConsumedRecord>>> next();
  Task<> close() { co_await consumer_->close(); }

 private:
  Session session_;
  std::map<TopicPartition, Offset> to_;  // of partitions that are not read to their end
  std::shared_ptr<admin::Consumer> consumer_;
};

}  // namespace thalweg::cli
