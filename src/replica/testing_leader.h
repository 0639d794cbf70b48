// A leader for followers to fetch from, in tests of this module: partitions behind a network::Server, with sessions,
// long polls and superseding as broker/api/01_fetch.cc has them.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "network/server.h"
#include "network/session.h"
#include "protocol/fetch_request.h"
#include "protocol/fetch_response.h"
#include "protocol/list_offsets_request.h"
#include "protocol/list_offsets_response.h"
#include "replica/partitions.h"
#include "runtime/budget.h"
#include "runtime/stop_signal.h"

namespace thalweg::replica {

class TestingLeader : public network::Session {
 public:
  // What is done to it from outside, and seen of it.
  struct Control {
    bool refuses = false;  // every fetch, with OFFSET_OUT_OF_RANGE
    int refused = 0;
  };
  // `topic`: the one that there is.
  TestingLeader(const Shard& shard, Partitions& partitions, Uuid topic, Control& control)
      : shard_(shard), partitions_(partitions), topic_(topic), control_(control) {}

  Task<network::Started> start(network::Request request) override {
    if (request.key() == protocol::ApiKey::kListOffsets) co_return co_await list_offsets(std::move(request));
    CHECK(request.key() == protocol::ApiKey::kFetch);
    const auto asked = request.decode<protocol::FetchRequest>();
    CHECK(asked);
    if (const auto parked = std::exchange(parked_, nullptr)) parked->give();
    if (!take_session(*asked)) {
      protocol::FetchResponse lost;
      lost.error_code = ErrorCode::kFetchSessionIdNotFound;
      co_return network::reply_to(request, lost);
    }
    auto poll = std::make_unique<Poll>(Poll{asked_, co_await read(*asked, true)});
    if (has_news(poll->results)) co_return network::reply_to(request, answer(*poll));
    parked_ = std::make_shared<StopSignal>();
    const Instant deadline = shard_.clock.now() + Millis(asked->max_wait_ms);
    co_return wait(std::move(request), *asked, std::move(poll), parked_, deadline);
  }

 private:
  using Asked = std::map<PartitionKey, protocol::FetchRequest::FetchPartition>;
  struct Poll {
    Asked asked;
    std::vector<Result<ReadResult>> results;
  };

  bool take_session(const protocol::FetchRequest& request) {
    if (request.session_epoch == 0) {
      asked_.clear();
      epoch_ = 0;
    } else if (request.session_epoch != epoch_) {
      return false;
    }
    ++epoch_;
    for (const auto& topic : request.forgotten_topics_data)
      for (const auto partition : topic.partitions) asked_.erase({topic.topic_id, partition});
    for (const auto& topic : request.topics)
      for (const auto& partition : topic.partitions) asked_[{topic.topic_id, partition.partition}] = partition;
    return true;
  }

  Task<std::vector<Result<ReadResult>>> read(const protocol::FetchRequest& request, bool first) {
    return read(request.replica_state.replica_id, request.replica_state.replica_epoch, asked_, first);
  }
  Task<std::vector<Result<ReadResult>>> read(BrokerId from, std::int64_t epoch, Asked asked, bool first) {
    if (control_.refuses) {
      ++control_.refused;
      co_return std::vector<Result<ReadResult>>(asked.size(), fail(ErrorCode::kOffsetOutOfRange, "refused"));
    }
    std::vector<Partitions::Read> reads;
    for (const auto& [key, p] : asked) {
      ReadRequest read{.from = p.fetch_offset,
                       .bytes_max = std::size_t(p.partition_max_bytes),
                       .isolation = Isolation::kLogEnd,
                       .current_leader_epoch = p.current_leader_epoch,
                       .last_fetched_epoch = p.last_fetched_epoch};
      if (first) read.follower = Follower{from, epoch, p.durable_end_offset, p.log_start_offset};
      reads.push_back({key, read});
    }
    co_return co_await partitions_.read(std::move(reads));
  }
  static bool has_news(const std::vector<Result<ReadResult>>& results) {
    if (results.empty()) return true;
    for (const auto& result : results)
      if (!result || result->diverging || result->data.bytes > 0) return true;
    return false;
  }
  Task<network::Reply> wait(network::Request request, protocol::FetchRequest asked, std::unique_ptr<Poll> poll,
                            std::shared_ptr<StopSignal> superseded, Instant deadline) {
    while (!has_news(poll->results) && shard_.clock.now() < deadline && !superseded->given()) {
      const OneShot<bool> woken;
      std::vector<std::unique_ptr<Watermark::Registration>> listening;
      std::size_t i = 0;
      for (const auto& [key, p] : poll->asked) {
        const auto partition = partitions_.find(key);
        const Offset seen = poll->results[i++]->data.next;
        if (!partition)
          woken.set(true);
        else
          listening.push_back(partition->once_readable(Isolation::kLogEnd, seen, [woken] { woken.set(true); }));
      }
      const auto timer = shard_.clock.call_at(deadline, [woken] { woken.set(true); });
      const auto next = superseded->once_given([woken] { woken.set(true); });
      co_await woken.wait();
      poll->results =
          co_await read(asked.replica_state.replica_id, asked.replica_state.replica_epoch, poll->asked, false);
    }
    co_return network::reply_to(request, answer(*poll));
  }
  static protocol::FetchResponse answer(Poll& poll) {
    protocol::FetchResponse response;
    response.session_id = 1;
    std::size_t i = 0;
    for (const auto& [key, p] : poll.asked) {
      auto& topic = response.responses.emplace_back();
      topic.topic_id = key.topic_id;
      auto& data = topic.partitions.emplace_back();
      data.partition_index = key.partition;
      data.records.emplace();
      auto& result = poll.results[i++];
      if (!result) {
        data.error_code = result.error().code;
        continue;
      }
      data.high_watermark = result->high_watermark;
      data.log_start_offset = result->log_start_offset;
      if (result->diverging) {
        data.diverging_epoch.epoch = result->diverging->epoch.value;
        data.diverging_epoch.end_offset = result->diverging->end_offset;
      } else {
        *data.records = std::move(result->data.records);
      }
    }
    return response;
  }
  Task<network::Started> list_offsets(network::Request request) {
    const auto asked = request.decode<protocol::ListOffsetsRequest>();
    CHECK(asked && asked->topics.size() == 1);
    protocol::ListOffsetsResponse response;
    const auto& topic = asked->topics.front();
    auto& out = response.topics.emplace_back();
    out.name = topic.name;
    const auto& wanted = topic.partitions.front();
    auto& found = out.partitions.emplace_back();
    found.partition_index = wanted.partition_index;
    const OffsetQuery query{
        .kind = wanted.timestamp == -1 ? OffsetQuery::Kind::kLatest : OffsetQuery::Kind::kEarliestLocal,
        .isolation = Isolation::kLogEnd,
        .current_leader_epoch = wanted.current_leader_epoch};
    const auto offset = co_await partitions_.find_offset({topic_, wanted.partition_index}, query);
    found.error_code = offset ? ErrorCode::kNone : offset.error().code;
    found.offset = offset ? offset->offset : kNoOffset;
    co_return network::reply_to(request, response);
  }

  const Shard& shard_;
  Partitions& partitions_;
  const Uuid topic_;
  Control& control_;
  Asked asked_;
  std::int32_t epoch_ = 0;
  std::shared_ptr<StopSignal> parked_;
};

}  // namespace thalweg::replica
