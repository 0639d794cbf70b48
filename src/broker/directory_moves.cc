#include "broker/directory_moves.h"

#include <utility>

#include "base/log.h"
#include "broker/broker_shard.h"
#include "broker/directory_assignments.h"
#include "storage/log_manager.h"

namespace thalweg::broker {

DirectoryMoves::DirectoryMoves(Broker& broker, std::shared_ptr<replica::ReplicationThrottle> throttle)
    : broker_(broker), throttle_(std::move(throttle)) {}

Task<Result<>> DirectoryMoves::move(TopicPartition partition, replica::PartitionKey key, std::string directory) {
  const auto turn = co_await turn_.take();
  while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
  auto& logs = broker_.logs();
  CO_TRY_VOID(logs.prefer(partition, directory));
  // One without a copy has put it in its place, and is done when the old folder is gone.
  if (moves_.contains(partition) && !logs.directory_of_future(partition)) co_await ended(partition);
  const auto lies = logs.directory_of_log(partition);
  if (!lies || stopping_)
    co_return fail(ErrorCode::kReplicaNotAvailable, to_string(partition) + " is not on this broker yet");
  const auto target = logs.directory_of_future(partition);
  if (target && *target != directory) {
    if (const auto under_way = moves_.find(partition); under_way != moves_.end()) under_way->second->given_up = true;
    co_await ended(partition);
    co_await logs.drop_future(partition);
  }
  if (*lies == directory || moves_.contains(partition)) co_return Result<>();
  co_return co_await begin(std::move(partition), key, std::move(directory));
}

Task<Result<>> DirectoryMoves::begin(TopicPartition partition, replica::PartitionKey key, std::string directory) {
  auto& owner = broker_.owner_of(key);
  const auto served = co_await owner.shard.call(owner.partitions, &replica::Partitions::find, key);
  if (!served) co_return fail(ErrorCode::kReplicaNotAvailable, to_string(partition) + " is not on this broker yet");
  auto future = co_await broker_.logs().open_future(partition, directory);
  if (!future) {
    co_await broker_.logs().drop_future(partition);
    co_return std::unexpected(future.error());
  }
  log::info("moving replica to another log directory", field("partition", partition), field("directory", directory));
  const auto move = std::make_shared<Move>(
      Move{.replica = std::make_shared<replica::FutureReplica>(owner.shard, served, *std::move(future), throttle_),
           .key = key});
  moves_[partition] = move;
  spawn(broker_.shard0(), run(std::move(partition), move));
  co_return Result<>();
}

void DirectoryMoves::hosted(TopicPartition partition, replica::PartitionKey key) {
  const auto directory = broker_.logs().directory_of_future(partition);
  if (directory && !moves_.contains(partition)) spawn(broker_.shard0(), resume(std::move(partition), key, *directory));
}

Task<> DirectoryMoves::resume(TopicPartition partition, replica::PartitionKey key, std::string directory) {
  if (const auto begun = co_await move(partition, key, std::move(directory)); !begun)
    log::error("move between log directories cannot go on", field("partition", partition),
               field("error", begun.error()));
}

Task<> DirectoryMoves::run(TopicPartition partition, MovePtr move) {
  const auto done = co_await carry_out(partition, move);
  if (!done && !stopping_) {
    if (!move->given_up)
      log::error("replica stays in its log directory", field("partition", partition), field("error", done.error()));
    co_await broker_.logs().drop_future(partition);
  }
  moves_.erase(partition);
  for (const auto& one : std::exchange(move->waiting, {})) one.set(true);
}

Task<Result<>> DirectoryMoves::carry_out(TopicPartition partition, MovePtr move) {
  auto& owner = broker_.owner_of(move->key);
  auto& logs = broker_.logs();
  CO_TRY_VOID(co_await owner.shard.call(*move->replica, &replica::FutureReplica::fill));
  // From here on the partition stands still, until it is thawed.
  const auto promoted = co_await logs.promote_future(partition);
  co_await owner.shard.call(owner.partitions, &replica::Partitions::thaw, move->key, move->replica->partition(),
                            promoted.value_or(nullptr));
  if (!promoted) co_return std::unexpected(promoted.error());
  // The image has the old directory, or none; the next one corrects this, should it differ.
  broker_.directory_assignments().opened(move->key, logs.directory_id_of(partition), Uuid{});
  co_await logs.retire_replaced(partition);
  co_return Result<>();
}

void DirectoryMoves::tell_to_stop(const Move& move) const {
  broker_.owner_of(move.key).shard.post([replica = move.replica] { replica->stop(); });
}

Task<> DirectoryMoves::ended(TopicPartition partition) {
  const auto found = moves_.find(partition);
  if (found == moves_.end()) co_return;
  const OneShot<bool> end;
  found->second->waiting.push_back(end);
  tell_to_stop(*found->second);
  co_await end.wait();
}

Task<> DirectoryMoves::give_up(TopicPartition partition) {
  if (!broker_.logs().directory_of_future(partition) && !moves_.contains(partition)) co_return;
  const auto turn = co_await turn_.take();
  if (const auto under_way = moves_.find(partition); under_way != moves_.end()) under_way->second->given_up = true;
  co_await ended(partition);
  co_await broker_.logs().drop_future(partition);
}

Task<> DirectoryMoves::drop_foreign() {
  for (const TopicPartition& partition : broker_.logs().futures()) {
    if (broker_.logs().find(partition)) continue;
    log::warn("copy of a log that is not on this broker is removed", field("partition", partition));
    co_await broker_.logs().drop_future(partition);
  }
}

Task<> DirectoryMoves::stop() {
  stopping_ = true;
  const auto turn = co_await turn_.take();
  while (!moves_.empty()) co_await ended(moves_.begin()->first);
}

}  // namespace thalweg::broker
