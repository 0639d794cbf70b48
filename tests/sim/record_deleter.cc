#include "record_deleter.h"

#include <fmt/format.h>

#include "protocol/delete_records_request.h"
#include "protocol/delete_records_response.h"

namespace thalweg::simulation {
namespace {
using namespace std::chrono_literals;
constexpr std::int16_t kDeleteRecordsVersion = 2;
constexpr Millis kDeletionTimeout{4000};
constexpr Instant kDeletionPauseMax = 2s, kDeletionRetryMax = 400ms;
}  // namespace

Task<> RecordDeleter::run() {
  for (int i = 0; i < deletions_; ++i) {
    co_await pause(&shard_, kDeletionPauseMax);
    const PartitionId partition{std::int32_t(shard_.random.next() % kPartitions)};
    const Offset from = history_.deletion_asked(partition), to = history_.known_end(partition);
    if (to <= from) continue;
    // Anywhere: at the end of all that is committed, or inside of a batch.
    const Offset before = from + 1 + std::int64_t(shard_.random.next() % std::uint64_t(to - from));
    history_.deletion_asked(partition, before);
    for (;;) {
      const auto removed = co_await remove(partition, before);
      if (removed) break;
      last_error_ = fmt::format("{} {}", name(removed.error().code), removed.error().message);
      route_.missed(partition);
      co_await pause(&shard_, kDeletionRetryMax);
    }
    history_.deleted(partition, before);
    ++answered_;
  }
  done_ = true;
}

Task<Result<>> RecordDeleter::remove(PartitionId partition, Offset before) {
  CO_TRY(const auto channel, co_await route_.to(partition));
  protocol::DeleteRecordsRequest request;
  request.timeout_ms = std::int32_t(kDeletionTimeout.count());
  auto& topic = request.topics.emplace_back();
  topic.name = kTopic;
  topic.partitions.push_back({.partition_index = partition, .offset = before});
  CO_TRY(const auto response, co_await ask_or_close<protocol::DeleteRecordsResponse>(
                                  &shard_, channel, std::move(request), kDeleteRecordsVersion));
  const auto& answer = response.topics.at(0).partitions.at(0);
  if (answer.error_code != ErrorCode::kNone) co_return fail(answer.error_code, "DeleteRecords");
  if (answer.low_watermark < before)
    history_.violation(fmt::format("partition {}: deleted before {}, and it begins at {}", partition.value,
                                   before.value, answer.low_watermark.value));
  co_return Result<>();
}

}  // namespace thalweg::simulation
