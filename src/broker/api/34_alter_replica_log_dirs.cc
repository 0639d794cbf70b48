// AlterReplicaLogDirs (34), versions 1-2 (KIP-113): replicas of this broker shall lie in other log directories.
// Answered when the moves have begun; DescribeLogDirs tells how far they are. One that is not here yet is made there
// later (REPLICA_NOT_AVAILABLE, which Kafka's tool waits out).
#include <map>

#include "base/log.h"
#include "broker/api/api.h"
#include "broker/audit.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/directory_moves.h"
#include "broker/topics.h"
#include "protocol/alter_replica_log_dirs_request.h"
#include "protocol/alter_replica_log_dirs_response.h"
#include "storage/log_manager.h"

namespace thalweg::broker {
namespace {

using protocol::AlterReplicaLogDirsRequest;
using protocol::AlterReplicaLogDirsResponse;

Task<Result<>> move_to(const RequestContext& context, TopicPartition partition, std::string directory) {
  if (!context.allows(Operation::kAlter, kCluster)) co_return fail(ErrorCode::kClusterAuthorizationFailed);
  auto& broker = context.here.broker;
  const Shard& shard0 = broker.shard0();
  const auto found = find_partition(*context.image, partition.topic, partition.partition);
  if (found)
    co_return co_await shard0.call(broker.directory_moves(), &DirectoryMoves::move, partition, found->key,
                                   std::move(directory));
  // Of a topic that is yet to come.
  CO_TRY_VOID(co_await shard0.call(broker.logs(), &storage::LogManager::prefer, partition, std::move(directory)));
  co_return std::unexpected(found.error());
}

Task<AlterReplicaLogDirsResponse> alter_replica_log_dirs(const RequestContext& context,
                                                         AlterReplicaLogDirsRequest request) {
  std::map<std::string, AlterReplicaLogDirsResponse::AlterReplicaLogDirTopicResult> topics;
  for (const auto& directory : request.dirs)
    for (const auto& topic : directory.topics)
      for (const PartitionId number : topic.partitions) {
        const auto moved = co_await move_to(context, {topic.name, number}, directory.path);
        if (moved)
          log::info("replica is to lie in another log directory", field("topic", topic.name),
                    field("partition", number), field("directory", directory.path), by(context));
        auto& out = topics[topic.name];
        out.topic_name = topic.name;
        out.partitions.push_back({number, moved ? ErrorCode::kNone : moved.error().code});
      }
  AlterReplicaLogDirsResponse response;
  for (auto& [name, topic] : topics) response.results.push_back(std::move(topic));
  co_return response;
}

}  // namespace

extern const Api kAlterReplicaLogDirs = serve<&alter_replica_log_dirs>;

}  // namespace thalweg::broker
