#include "replication/throttled_replicas.h"

#include <algorithm>
#include <string_view>

#include "base/number.h"

namespace thalweg::replication {

bool names_replica(const std::vector<std::string>& list, PartitionId partition, BrokerId broker) {
  if (list.size() == 1 && list.front() == "*") return true;
  return std::ranges::any_of(list, [&](std::string_view pair) {
    const auto colon = pair.find(':');
    return colon != pair.npos && parse_number<std::int32_t>(pair.substr(0, colon)) == partition.value &&
           parse_number<std::int32_t>(pair.substr(colon + 1)) == broker.value;
  });
}

}  // namespace thalweg::replication
