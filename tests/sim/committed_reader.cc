#include "committed_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "protocol/fetch_request.h"
#include "protocol/fetch_response.h"
#include "record/record.h"

namespace thalweg::simulation {
namespace {
using namespace std::chrono_literals;

constexpr std::int16_t kCommittedFetchVersion = 12;
constexpr std::int8_t kReadCommitted = 1;

struct Committed {
  Records records;
  Offset next, stable, high_watermark;
};

// Whose batches are left out, while walking them in order.
class Aborted {
 public:
  explicit Aborted(const protocol::FetchResponse::PartitionData& data) {
    if (data.aborted_transactions) all_ = *data.aborted_transactions;
    std::ranges::sort(all_, {}, &protocol::FetchResponse::AbortedTransaction::first_offset);
  }
  bool leaves_out(const record::BatchView& batch) {
    while (next_ < all_.size() && all_[next_].first_offset <= batch.last_offset())
      now_.insert(all_[next_++].producer_id);
    if (!batch.is_control()) return batch.is_transactional() && now_.contains(batch.producer_id());
    const auto control = record::read_control_record(batch);
    if (control && control->type == record::ControlType::kAbort) now_.erase(batch.producer_id());
    return true;
  }

 private:
  std::vector<protocol::FetchResponse::AbortedTransaction> all_;
  std::size_t next_ = 0;
  std::set<ProducerId> now_;
};

Result<Committed> committed_in(const protocol::FetchResponse& response, Offset from) {
  if (response.error_code != ErrorCode::kNone) return fail(response.error_code, "fetch");
  const auto& partition = response.responses.at(0).partitions.at(0);
  if (partition.error_code != ErrorCode::kNone) return fail(partition.error_code, "fetch");
  Committed found{{}, from, partition.last_stable_offset, partition.high_watermark};
  if (!partition.records) return found;
  Aborted aborted(partition);
  for (const auto& piece : *partition.records) {
    record::BatchReader batches(std::get<SharedBytes>(piece));
    for (;;) {
      TRY(const auto batch, batches.next());
      if (!batch) break;
      found.next = batch->next_offset();
      if (aborted.leaves_out(*batch)) continue;
      TRY(auto reader, record::RecordReader::open(*batch));
      for (;;) {
        TRY(const auto record, reader.next());
        if (!record) break;
        if (record->offset >= from && record->value) found.records.emplace(record->offset, as_text(*record->value));
      }
    }
  }
  return found;
}

Task<Result<Committed>> fetch_committed(const Shard* shard, std::shared_ptr<network::Channel> channel,
                                        PartitionId partition, Offset from, std::int32_t wait_ms) {
  protocol::FetchRequest request;
  request.max_wait_ms = wait_ms;
  request.min_bytes = 1;
  request.max_bytes = 100'000;
  request.isolation_level = kReadCommitted;
  auto& topic = request.topics.emplace_back();
  topic.topic = kTransfers;
  auto& wanted = topic.partitions.emplace_back();
  wanted.partition = partition;
  wanted.fetch_offset = from;
  wanted.partition_max_bytes = 20'000;
  CO_TRY(const auto response,
         co_await ask_or_close<protocol::FetchResponse>(shard, channel, std::move(request), kCommittedFetchVersion));
  co_return committed_in(response, from);
}

}  // namespace

Task<Result<Records>> read_committed(const Shard* shard, std::shared_ptr<Route> route, PartitionId partition) {
  CO_TRY(const auto channel, co_await route->to(partition));
  Records all;
  for (Offset next{0};;) {
    CO_TRY(auto fetched, co_await fetch_committed(shard, channel, partition, next, 0));
    if (fetched.next == next && next < fetched.high_watermark)
      co_return fail(ErrorCode::kUnstableOffsetCommit,
                     fmt::format("a transaction is open: read up to {}, stable up to {}, high watermark {}", next.value,
                                 fetched.stable.value, fetched.high_watermark.value));
    all.merge(fetched.records);
    next = fetched.next;
    if (next >= fetched.high_watermark) co_return all;
  }
}

Task<> follow_committed(const Shard* shard, Transactions* transactions, std::unique_ptr<Route> route,
                        PartitionId partition) {
  for (Offset next{0};;) {
    const auto channel = co_await route->to(partition);
    while (channel && (*channel)->is_open()) {
      const auto fetched = co_await fetch_committed(shard, *channel, partition, next, 500);
      if (!fetched) break;
      for (const auto& [offset, value] : fetched->records) transactions->seen(partition, offset, value);
      next = fetched->next;
    }
    route->missed(partition);
    if (channel) (*channel)->close();
    co_await pause(shard, 200ms);
  }
}

}  // namespace thalweg::simulation
