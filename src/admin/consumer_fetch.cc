// The part of Consumer that fetches and takes responses apart.
#include "admin/consumer.h"
#include "protocol/fetch_request.h"
#include "record/record.h"

namespace thalweg::admin {
namespace {

using protocol::FetchRequest;
using protocol::FetchResponse;

std::optional<std::string> text_of(const std::optional<BytesView>& bytes) {
  if (!bytes) return {};
  return std::string(as_text(*bytes));
}

Result<ConsumedRecord> consumed(const TopicPartition& tp, const record::BatchView& batch,
                                const record::RecordView& record) {
  ConsumedRecord out{tp,
                     record.offset,
                     record.timestamp,
                     batch.timestamp_type(),
                     batch.leader_epoch(),
                     text_of(record.key),
                     text_of(record.value),
                     {}};
  for (auto headers = record.headers();;) {
    TRY(const auto header, headers.next());
    if (!header) return out;
    out.headers.emplace_back(std::string(header->key), text_of(header->value));
  }
}

// Which producers' batches belong to transactions that were aborted, while walking a response in offset order.
class AbortedProducers {
 public:
  explicit AbortedProducers(const FetchResponse::PartitionData& data) {
    if (data.aborted_transactions) all_ = *data.aborted_transactions;
    std::ranges::sort(all_, {}, &FetchResponse::AbortedTransaction::first_offset);
  }
  // REQUIRES: batches in order
  bool skip(const record::BatchView& batch) {
    while (next_ < all_.size() && all_[next_].first_offset <= batch.last_offset())
      now_.insert(all_[next_++].producer_id);
    if (batch.is_control()) {
      const auto control = record::read_control_record(batch);
      if (control && control->type == record::ControlType::kAbort) now_.erase(batch.producer_id());
      return true;
    }
    return batch.is_transactional() && now_.contains(batch.producer_id());
  }

 private:
  std::vector<FetchResponse::AbortedTransaction> all_;
  std::size_t next_ = 0;
  std::set<ProducerId> now_;
};

SharedBytes flat(const Pieces& pieces) {
  if (pieces.size() == 1 && std::holds_alternative<SharedBytes>(pieces[0])) return std::get<SharedBytes>(pieces[0]);
  std::vector<std::byte> all;
  for (const auto& piece : pieces)
    if (const auto* bytes = std::get_if<SharedBytes>(&piece))
      all.insert(all.end(), bytes->view().begin(), bytes->view().end());
  return SharedBytes::take(std::move(all));
}

}  // namespace

// One request per broker at a time, for all partitions that it leads; none while records wait to be handed out, which
// bounds memory.
void Consumer::start_fetches() {
  if (!ready_.empty() || woken_) return;
  std::map<BrokerId, std::set<TopicPartition>> by_broker;
  for (const auto& [tp, position] : positions_) {
    if (position.next < 0) continue;
    const auto topic = topics_.find(tp.topic);
    if (topic == topics_.end()) {
      metadata_stale_ = true;
      continue;
    }
    const auto leader = topic->second.leaders.find(tp.partition);
    if (leader != topic->second.leaders.end() && leader->second != kNoBroker) by_broker[leader->second].insert(tp);
  }
  for (auto& [broker, partitions] : by_broker)
    if (fetching_.insert(broker).second)
      spawn(client_.shard(), fetch_from(shared_from_this(), broker, std::move(partitions), round_));
}

Task<> Consumer::fetch_from(std::shared_ptr<Consumer> self, BrokerId broker, std::set<TopicPartition> partitions,
                            std::int64_t round) {
  FetchRequest request;
  request.max_wait_ms = static_cast<std::int32_t>(self->options_.fetch_wait_max.count());
  request.min_bytes = 1;
  request.max_bytes = self->options_.fetch_size_max;
  request.isolation_level = self->options_.read_committed ? 1 : 0;
  bool all_have_ids = true;
  for (const auto& tp : partitions) {
    if (request.topics.empty() || request.topics.back().topic != tp.topic) {
      request.topics.push_back({tp.topic, self->topics_.at(tp.topic).id, {}});
      all_have_ids = all_have_ids && !request.topics.back().topic_id.is_zero();
    }
    auto& p = request.topics.back().partitions.emplace_back();
    p.partition = tp.partition;
    p.fetch_offset = Offset{self->positions_.at(tp).fetched};
    p.partition_max_bytes = self->options_.partition_fetch_size_max;
  }
  const auto& clock = self->client_.shard().clock;
  const Instant deadline =
      later(later(clock.now(), self->options_.fetch_wait_max), self->client_.options().request_timeout);
  Result<FetchResponse> response;
  const auto channel = co_await self->client_.to(broker, deadline);
  constexpr std::int16_t kLastByName = 12;
  if (channel)
    response = co_await send_up_to<FetchResponse>(*channel, std::move(request),
                                                  all_have_ids ? FetchRequest::kMaxVersion : kLastByName, deadline);
  else
    response = std::unexpected(channel.error());
  if (round == self->round_) {
    if (response && response->error_code == ErrorCode::kNone) {
      self->take_response(*response, partitions);
    } else {
      const Error error = response ? error_of(response->error_code) : response.error();
      self->metadata_stale_ = true;
      if (!is_retriable(error.code) && !self->woken_) self->failure_ = error;
      if (!self->woken_) co_await self->client_.shard().clock.sleep_for(self->client_.options().retry_backoff);
    }
  }
  self->fetching_.erase(broker);
  self->changed_.notify();
}

void Consumer::take_response(const FetchResponse& response, const std::set<TopicPartition>& asked) {
  for (const auto& topic : response.responses) {
    std::string name = topic.topic;
    if (name.empty())
      for (const auto& [known, described] : topics_)
        if (described.id == topic.topic_id) name = known;
    for (const auto& data : topic.partitions) {
      const TopicPartition tp{name, data.partition_index};
      if (asked.contains(tp) && positions_.contains(tp)) take_partition(tp, data);
    }
  }
}

void Consumer::take_partition(const TopicPartition& tp, const FetchResponse::PartitionData& data) {
  if (data.error_code != ErrorCode::kNone) return handle_fetch_error(tp, data.error_code);
  if (const auto taken = take_batches(tp, positions_.at(tp), data); !taken) failure_ = taken.error();
}

Result<> Consumer::take_batches(const TopicPartition& tp, Position& position,
                                const FetchResponse::PartitionData& data) {
  if (!data.records) return {};
  const SharedBytes bytes = flat(*data.records);
  AbortedProducers aborted(data);
  const bool nothing_waits = position.next == position.fetched;
  bool handed_out = false;
  for (record::BatchReader reader(bytes);;) {
    TRY(const auto batch, reader.next());
    if (!batch) break;
    if (batch->next_offset().value <= position.fetched) continue;
    const bool skip = options_.read_committed ? aborted.skip(*batch) : batch->is_control();
    if (!skip) {
      TRY(auto records, record::RecordReader::open(*batch));
      for (;;) {
        TRY(const auto record, records.next());
        if (!record) break;
        if (record->offset.value < position.fetched) continue;  // a batch is only ever sent whole
        TRY(auto out, consumed(tp, *batch, *record));
        ready_.push_back(std::move(out));
        handed_out = true;
      }
    }
    position.fetched = batch->next_offset().value;
  }
  // Only markers and aborted records: nobody will be handed anything that moves the position past them.
  if (nothing_waits && !handed_out) position.next = position.fetched;
  return {};
}

void Consumer::handle_fetch_error(const TopicPartition& tp, ErrorCode code) {
  if (code == ErrorCode::kOffsetOutOfRange) {
    if (options_.reset)
      positions_.at(tp).next = *options_.reset;
    else
      failure_ = error_of(code);
    return;
  }
  metadata_stale_ = true;
  const bool leader_changes = code == ErrorCode::kFencedLeaderEpoch || code == ErrorCode::kUnknownTopicId ||
                              code == ErrorCode::kInconsistentTopicId;
  if (!leader_changes && !is_retriable(code)) failure_ = error_of(code);
}

}  // namespace thalweg::admin
