// Where the offsets of a group go when they are reset: the plan, without writing it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "admin/groups.h"
#include "admin/offsets.h"
#include "cli/tool.h"

namespace thalweg::cli {

enum class ResetKind { kEarliest, kLatest, kCurrent, kOffset, kShift, kTime };
struct ResetTo {
  ResetKind kind = ResetKind::kLatest;
  std::int64_t number = 0;  // the offset, how far to shift, or the time in milliseconds
};

// "2026-01-31T12:00:00.000" with or without a zone ("Z", "+02:00"); without one it is UTC.
Result<Timestamp> parse_date_time(const std::string& text);
// "P1DT2H3M4.5S" -> how long.
Result<Millis> parse_duration(const std::string& text);
// "t" or "t:0,1" -> topic and partitions; none means all.
Result<std::pair<std::string, std::vector<PartitionId>>> parse_topic_argument(const std::string& text);

// Offsets beyond a partition's ends are brought back to the end, which `warn` is told.
Task<Result<std::map<TopicPartition, Offset>>> plan_reset(admin::Client& client, std::vector<TopicPartition> partitions,
                                                          admin::CommittedOffsets committed, ResetTo to,
                                                          std::function<void(std::string)> note,
                                                          std::function<void(std::string)> warn);
// The same for offsets given one by one.
Task<Result<std::map<TopicPartition, Offset>>> within_ends(admin::Client& client,
                                                           std::map<TopicPartition, std::int64_t> wanted,
                                                           std::function<void(std::string)> warn);

}  // namespace thalweg::cli
