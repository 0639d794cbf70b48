#include "cli/moving.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/progress.h"
#include "cli/ticker.h"

namespace thalweg::cli {

Task<Sizes> sizes_on_leaders(admin::Client& client, std::vector<PartitionState> partitions) {
  std::map<BrokerId, std::vector<TopicPartition>> by_leader;
  for (const auto& p : partitions)
    if (!p.leaderless()) by_leader[p.now.leader].push_back(p.id);
  Sizes sizes;
  for (const auto& [leader, ids] : by_leader) {
    const auto directories = co_await admin::describe_log_dirs(client, leader, ids);
    if (!directories) continue;
    for (const auto& directory : *directories)
      for (const auto& replica : directory.replicas)
        if (!replica.is_future) sizes[replica.partition] = replica.size;
  }
  co_return sizes;
}

std::int64_t Moving::size_of(const TopicPartition& tp) const {
  const auto at = sizes_.find(tp);
  return at == sizes_.end() ? 0 : at->second;
}

std::int64_t Moving::to_copy() const {
  std::int64_t bytes = 0;
  for (const auto& move : moves_) bytes += size_of(move.partition) * static_cast<std::int64_t>(move.adds().size());
  return bytes;
}

Task<std::int64_t> Moving::copied() {
  std::int64_t bytes = 0;
  std::map<BrokerId, std::vector<TopicPartition>> under_way;
  for (const auto& move : moves_) {
    const auto adds = move.adds();
    if (!pending_.contains(move.partition)) bytes += size_of(move.partition) * static_cast<std::int64_t>(adds.size());
    if (pending_.contains(move.partition))
      for (const BrokerId id : adds) under_way[id].push_back(move.partition);
  }
  for (const auto& [broker, ids] : under_way) {
    const auto directories = co_await admin::describe_log_dirs(session_.client, broker, ids);
    if (!directories) continue;
    for (const auto& directory : *directories)
      for (const auto& replica : directory.replicas) bytes += std::min(replica.size, size_of(replica.partition));
  }
  co_return bytes;
}

Task<Result<>> Moving::look() {
  CO_TRY(const auto under_way, co_await admin::list_reassignments(session_.client));
  std::set<TopicPartition> all;
  for (const auto& one : under_way) all.insert(one.partition);
  pending_.clear();
  for (const auto& move : moves_)
    if (all.contains(move.partition)) pending_.insert(move.partition);
  co_return Result<>();
}

std::string Moving::text(std::int64_t copied) const {
  const std::int64_t all = to_copy();
  const std::string bytes = all > 0 ? fmt::format("{} of {}, ", bytes_text(copied), bytes_text(all)) : "";
  return fmt::format("{}{} of {} partitions moved", bytes, moves_.size() - pending_.size(), moves_.size());
}

Task<Result<bool>> Moving::wait() {
  constexpr Millis kPause{300};
  const Clock& clock = session_.context.shard.clock;
  for (const auto& move : moves_) pending_.insert(move.partition);
  Ticker ticker(session_);
  Bar bar(session_);
  Instant heard = clock.now();
  do {
    const auto looked = co_await look();
    if (looked) heard = clock.now();
    // A broker that restarts in between is no reason to look away.
    if (!looked && !ticker.stopped() && clock.now() - heard > session_.client.options().api_timeout) {
      bar.finish();
      co_return std::unexpected(looked.error());
    }
    if (looked && session_.terminal().err_is_terminal() && !moves_.empty()) {
      const std::int64_t bytes = co_await copied(), all = to_copy();
      const auto moved = static_cast<double>(moves_.size() - pending_.size()) / static_cast<double>(moves_.size());
      bar.show(all > 0 ? static_cast<double>(bytes) / static_cast<double>(all) : moved, text(bytes));
    }
  } while (!pending_.empty() && co_await ticker.next(kPause));
  bar.finish();
  co_return !ticker.stopped();
}

}  // namespace thalweg::cli
