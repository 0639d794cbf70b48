// What groups have committed, beside the ends of the logs: how many records behind they are.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "console/call.h"
#include "console/leaders.h"

namespace thalweg::console {

struct CommittedOffset {
  thalweg::TopicPartition partition;
  Offset offset;
  std::string metadata;
  bool gone = false;             // there is no such partition any more
  std::optional<LogExtent> log;  // nothing where its leader does not say, and where it is gone

  // Nothing where the end is not known; a partition that is gone has none.
  std::optional<std::int64_t> lag() const;
};

struct GroupOffsets {
  std::string group;
  ErrorCode error = ErrorCode::kNone;
  std::vector<CommittedOffset> offsets;  // by topic and partition

  std::int32_t topics() const;
  // Over all partitions that are there; nothing if one is not known.
  std::optional<std::int64_t> lag() const;
};

// As their coordinator says it, in the order of the groups; where the logs are is left out.
Task<Outcome<std::vector<GroupOffsets>>> committed_of(const Call& call, BrokerId coordinator,
                                                      std::vector<std::string> groups, AskOptions options);
// The same with where the logs are. One request of OffsetFetch, one call to each shard that
// owns some of the partitions, and two requests of ListOffsets to each other broker that leads some.
Task<Outcome<std::vector<GroupOffsets>>> offsets_of(const Call& call, BrokerId coordinator,
                                                    std::vector<std::string> groups, AskOptions options = {});

}  // namespace thalweg::console
