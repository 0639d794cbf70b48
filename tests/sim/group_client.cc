#include "group_client.h"

#include <fmt/format.h>

#include "clients.h"
#include "protocol/find_coordinator_request.h"
#include "protocol/find_coordinator_response.h"
#include "protocol/offset_commit_request.h"
#include "protocol/offset_commit_response.h"
#include "protocol/offset_fetch_request.h"
#include "protocol/offset_fetch_response.h"

namespace thalweg::simulation {
namespace {
const std::string kGroup = "readers";
}

Task<> Committer::run() {
  for (int i = 1; i <= commits_; ++i) {
    tried_ = Offset{i};
    for (;;) {
      const auto committed = co_await commit(tried_);
      if (committed) break;
      last_error_ = std::string(name(committed.error().code)) + " " + committed.error().message;
      co_await pause(&shard_, std::chrono::milliseconds(300));
    }
    acknowledged_ = tried_;
    co_await pause(&shard_, std::chrono::milliseconds(200));
  }
  done_ = true;
}

Task<Result<>> Committer::connect() {
  if (channel_ && channel_->is_open()) co_return Result<>();
  CO_TRY(channel_, co_await open_channel(&shard_));
  protocol::FindCoordinatorRequest request;
  request.key = kGroup;
  CO_TRY(const auto found, co_await channel_->send<protocol::FindCoordinatorResponse>(
                               std::move(request), std::int16_t{3}, shard_.clock.now() + kPatience));
  if (found.error_code == ErrorCode::kNone) co_return Result<>();
  channel_->close();
  co_return fail(found.error_code, "FindCoordinator");
}

Task<Result<>> Committer::commit(Offset offset) {
  CO_TRY_VOID(co_await connect());
  protocol::OffsetCommitRequest request;
  request.group_id = kGroup;
  protocol::OffsetCommitRequest::OffsetCommitRequestPartition partition;
  partition.committed_offset = offset;
  protocol::OffsetCommitRequest::OffsetCommitRequestTopic topic;
  topic.name = kTopic;
  topic.partitions.push_back(partition);
  request.topics.push_back(topic);
  const auto response = co_await channel_->send<protocol::OffsetCommitResponse>(std::move(request), std::int16_t{8},
                                                                                shard_.clock.now() + kPatience);
  const ErrorCode code = response ? response->topics.at(0).partitions.at(0).error_code : response.error().code;
  if (code == ErrorCode::kNone) co_return Result<>();
  channel_->close();
  co_return fail(code, "OffsetCommit");
}

Task<Result<Offset>> Committer::committed() {
  CO_TRY_VOID(co_await connect());
  protocol::OffsetFetchRequest request;
  request.group_id = kGroup;
  protocol::OffsetFetchRequest::OffsetFetchRequestTopic topic;
  topic.name = kTopic;
  topic.partition_indexes.push_back({0});
  request.topics->push_back(topic);
  CO_TRY(const auto response, co_await channel_->send<protocol::OffsetFetchResponse>(
                                  std::move(request), std::int16_t{7}, shard_.clock.now() + kPatience));
  if (response.error_code != ErrorCode::kNone) co_return fail(response.error_code, "OffsetFetch");
  const auto& partition = response.topics.at(0).partitions.at(0);
  if (partition.error_code != ErrorCode::kNone) co_return fail(partition.error_code, "OffsetFetch");
  co_return partition.committed_offset;
}

Task<Result<>> Committer::check() {
  CO_TRY(const Offset offset, co_await committed());
  if (offset < acknowledged_ || offset > tried_)
    history_.loss(fmt::format("group {}: offset {} was acknowledged, the last tried is {}, and now there is {}", kGroup,
                              acknowledged_.value, tried_.value, offset.value));
  co_return Result<>();
}

}  // namespace thalweg::simulation
