// Which partition and which offset a request for records names.
#pragma once

#include "console/partition_reads.h"

namespace thalweg::console {

// 404 as find_topic(); 403: whoever asks may not read it.
Outcome<metadata::TopicPtr> find_readable_topic(const Call& call, const std::string& name);

// REQUIRES: the topic has the partition
PartitionPlace place_in(const metadata::Topic& topic, PartitionId partition);
// Of "0,3,7", each once; of nothing, all. 400 for other texts, 404 for a partition that is not there, 422 for more than
// kPartitionsMax.
inline constexpr std::size_t kPartitionsMax = 500;
Outcome<std::vector<PartitionPlace>> places_in(const metadata::Topic& topic,
                                               const std::optional<std::string>& partitions);

// Of the segments of an address. 400, 404.
struct RecordPlace {
  PartitionPlace partition;
  Offset offset;
};
Outcome<RecordPlace> record_place(const metadata::Topic& topic, const std::string& partition,
                                  const std::string& offset);

}  // namespace thalweg::console
