// DescribeLogDirs (35), versions 1-5 (KIP-113, KIP-827): every data directory with the space of its file system and the
// sizes of its partitions; an error where a disk failed. A replica's lag is zero, as its high watermark
// is never beyond its end; a copy that will replace a replica in another directory (isFutureKey) has how far it is
// behind. Not done: cordoned directories (KIP-1066).
#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "protocol/describe_log_dirs_request.h"
#include "protocol/describe_log_dirs_response.h"
#include "runtime/yielding.h"
#include "storage/log_manager.h"

namespace thalweg::broker {
namespace {

using protocol::DescribeLogDirsRequest;
using protocol::DescribeLogDirsResponse;
using Wanted = std::optional<std::set<TopicPartition>>;  // nothing: all

std::int64_t as_signed(std::uint64_t bytes) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(bytes, std::numeric_limits<std::int64_t>::max()));
}

// Of those that are here: a client may name millions that are not.
Task<Wanted> partitions_wanted(const DescribeLogDirsRequest& request,
                               const std::vector<storage::LogDirDescription>& directories) {
  if (!request.topics) co_return std::nullopt;
  std::map<std::string_view, std::set<PartitionId>> here;
  for (const auto& directory : directories)
    for (const auto& partition : directory.partitions) here[partition.id.topic].insert(partition.id.partition);
  std::set<TopicPartition> wanted;
  constexpr std::size_t kLookUpsAtOnce = 10'000;
  Pace pace(kLookUpsAtOnce);
  for (const auto& topic : *request.topics) {
    const auto known = here.find(topic.topic);
    if (pace.due()) co_await give_way();
    if (known == here.end()) continue;
    for (const auto partition : topic.partitions) {
      if (pace.due()) co_await give_way();
      if (known->second.contains(partition)) wanted.insert({topic.topic, partition});
    }
  }
  co_return wanted;
}

DescribeLogDirsResponse::DescribeLogDirsResult describe(const storage::LogDirDescription& directory,
                                                        const Wanted& wanted) {
  DescribeLogDirsResponse::DescribeLogDirsResult out;
  out.log_dir = directory.path;
  if (directory.space) {
    out.total_bytes = as_signed(directory.space->total_bytes);
    out.usable_bytes = as_signed(directory.space->free_bytes);
  }
  std::map<std::string, DescribeLogDirsResponse::DescribeLogDirsTopic> topics;
  for (const auto& partition : directory.partitions) {
    if (partition.offline) out.error_code = ErrorCode::kKafkaStorageError;
    if (wanted && !wanted->contains(partition.id)) continue;
    auto& topic = topics[partition.id.topic];
    topic.name = partition.id.topic;
    auto& size = topic.partitions.emplace_back();
    size.partition_index = partition.id.partition;
    size.partition_size = as_signed(partition.size);
    size.is_future_key = partition.is_future;
    size.offset_lag = partition.offset_lag;
  }
  for (auto& [name, topic] : topics) {
    std::ranges::sort(topic.partitions, {}, [](const auto& partition) { return partition.partition_index; });
    out.topics.push_back(std::move(topic));
  }
  return out;
}

Task<DescribeLogDirsResponse> describe_log_dirs(const RequestContext& context, DescribeLogDirsRequest request) {
  auto& broker = context.here.broker;
  const auto directories = co_await broker.shard0().call(broker.logs(), &storage::LogManager::describe);
  const Wanted wanted = co_await partitions_wanted(request, directories);
  DescribeLogDirsResponse response;
  for (const auto& directory : directories) response.results.push_back(describe(directory, wanted));
  co_return response;
}

}  // namespace

extern const Api kDescribeLogDirs = serve<&describe_log_dirs>;

}  // namespace thalweg::broker
