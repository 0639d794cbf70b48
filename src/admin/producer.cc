#include "admin/producer.h"

#include "protocol/init_producer_id_request.h"
#include "protocol/init_producer_id_response.h"
#include "protocol/produce_request.h"
#include "protocol/produce_response.h"
#include "record/hash.h"

namespace thalweg::admin {
namespace {

using protocol::ProduceRequest;
using protocol::ProduceResponse;

std::optional<BytesView> view(const std::optional<std::string>& text) {
  if (!text) return {};
  return as_bytes(*text);
}

// The record refers to `message`; headers need a place of their own.
record::NewRecord record_of(const Message& message, Timestamp now, std::vector<record::HeaderView>& headers) {
  for (const auto& [key, value] : message.headers) headers.push_back({key, view(value)});
  return {message.timestamp.value_or(now), view(message.key), view(message.value), headers};
}

}  // namespace

std::shared_ptr<Producer> Producer::create(Client& client, ProducerOptions options) {
  return std::shared_ptr<Producer>(new Producer(client, std::move(options)));
}

Task<Result<>> Producer::refresh_topic(std::string name, Instant deadline) {
  CO_TRY(const auto metadata, co_await client_.metadata(std::vector{name}, true, deadline));
  for (const auto& found : metadata.topics) {
    if (found.name != name) continue;
    if (found.error_code != ErrorCode::kNone) {
      if (found.error_code == ErrorCode::kInvalidTopicException)
        co_return fail(found.error_code, "Invalid topics: [" + name + "]");
      co_return std::unexpected(error_of(found.error_code));
    }
    auto& topic = topics_[name];
    topic.id = found.topic_id;
    topic.leaders.assign(found.partitions.size(), kNoBroker);
    for (const auto& p : found.partitions)
      if (static_cast<std::size_t>(p.partition_index.value) < topic.leaders.size())
        topic.leaders[static_cast<std::size_t>(p.partition_index.value)] = p.leader_id;
    if (!topic.leaders.empty()) co_return Result<>();
  }
  co_return fail(ErrorCode::kUnknownTopicOrPartition, "Topic " + name + " not present in metadata after " +
                                                          std::to_string(options_.max_block.count()) + " ms.");
}

Task<Result<>> Producer::find_topic(std::string name, Instant deadline) {
  if (topics_.contains(name)) co_return Result<>();
  for (Retry retry(client_, deadline);;) {
    auto found = co_await refresh_topic(name, deadline);
    if (found || !co_await retry.again(found.error())) co_return found;
  }
}

// Without an id (an old cluster, or one that refuses) records go out as they are.
Task<> Producer::find_identity(Instant deadline) {
  if (!std::exchange(identity_wanted_, false) || !options_.idempotent || options_.acks != -1) co_return;
  for (Retry retry(client_, deadline);;) {
    const auto channel = co_await client_.any(deadline);
    if (!channel) co_return;
    protocol::InitProducerIdRequest request;
    request.transactional_id.reset();
    request.transaction_timeout_ms = 60'000;
    auto response = co_await admin::send<protocol::InitProducerIdResponse>(*channel, std::move(request),
                                                                           client_.request_deadline(deadline));
    if (response && response->error_code == ErrorCode::kNone) {
      identity_ = {response->producer_id, response->producer_epoch};
      co_return;
    }
    const Error error = response ? error_of(response->error_code) : response.error();
    if (!co_await retry.again(error)) co_return;
  }
}

Result<PartitionId> Producer::choose_partition(const Message& message, std::size_t size) {
  Topic& topic = topics_.at(message.topic);
  const auto count = static_cast<std::int32_t>(topic.leaders.size());
  if (message.partition) {
    if (message.partition->value < 0 || message.partition->value >= count)
      return fail(ErrorCode::kUnknownTopicOrPartition,
                  "topic " + message.topic + " has no partition " + to_string(*message.partition));
    return *message.partition;
  }
  if (message.key) return record::partition_for_key(as_bytes(*message.key), count);
  // Records without a key stay on one partition until a batch is full: small batches cost most.
  if (topic.sticky < 0 || topic.sticky_bytes >= options_.batch_size) {
    topic.sticky = static_cast<std::int32_t>(client_.shard().random.next() % static_cast<std::uint64_t>(count));
    topic.sticky_bytes = 0;
  }
  topic.sticky_bytes += size;
  return PartitionId{topic.sticky};
}

Task<> Producer::send(Message message, Done done) {
  const auto self = shared_from_this();
  const auto answer = [&](Result<Delivery> result) {
    if (done) done(std::move(result));
  };
  const Instant deadline = later(client_.shard().clock.now(), options_.max_block);
  co_await find_identity(deadline);
  if (auto found = co_await find_topic(message.topic, deadline); !found)
    co_return answer(std::unexpected(found.error()));
  std::vector<record::HeaderView> headers;
  const std::size_t size = record::BatchBuilder::size_of(record_of(message, 0, headers));
  const auto partition = choose_partition(message, size);
  if (!partition) co_return answer(std::unexpected(partition.error()));
  append({message.topic, *partition}, message, size, std::move(done));
  while (waiting_bytes_ > options_.buffer_size) co_await next_delivery();
}

Task<Result<Delivery>> Producer::send_and_wait(Message message) {
  OneShot<Result<Delivery>> outcome;
  co_await send(std::move(message), [outcome](Result<Delivery> result) { outcome.set(std::move(result)); });
  co_return co_await outcome.wait();
}

void Producer::append(const TopicPartition& tp, const Message& message, std::size_t size, Done done) {
  auto& partition = partitions_[tp];
  const bool room = !partition.batches.empty() && !partition.batches.back().leaving &&
                    partition.batches.back().builder.size() + size <= options_.batch_size;
  if (!room) {
    record::BatchOptions batch;
    batch.codec = options_.codec;
    partition.batches.push_back(
        {record::BatchBuilder(batch), {}, later(client_.shard().clock.now(), options_.delivery_timeout)});
    ++waiting_batches_;
  }
  auto& batch = partition.batches.back();
  std::vector<record::HeaderView> headers;
  batch.builder.append(record_of(message, client_.shard().clock.wall(), headers));
  batch.done.push_back(std::move(done));
  waiting_bytes_ += size;
  if (!std::exchange(partition.sending, true)) spawn(client_.shard(), drain(shared_from_this(), tp));
}

SharedBytes Producer::seal(Partition& partition, Batch& batch) {
  batch.leaving = true;
  SharedBytes built = batch.builder.build();
  if (identity_ == Identity{}) return built;
  if (partition.identity != identity_) {
    partition.identity = identity_;
    partition.next_sequence = 0;
  }
  std::vector<std::byte> bytes(built.view().begin(), built.view().end());
  store_be(bytes.data() + record::batch_field::kProducerId, identity_.id.value);
  store_be(bytes.data() + record::batch_field::kProducerEpoch, identity_.epoch.value);
  store_be(bytes.data() + record::batch_field::kBaseSequence, partition.next_sequence);
  const auto view = record::BatchView::at(bytes);
  CHECK(view);
  store_be(bytes.data() + record::batch_field::kCrc, view->computed_crc());
  partition.next_sequence = record::advance_sequence(partition.next_sequence, batch.builder.count());
  return SharedBytes::take(std::move(bytes));
}

Task<> Producer::drain(std::shared_ptr<Producer> self, TopicPartition tp) {
  auto& partition = self->partitions_.at(tp);  // entries are never removed
  while (!partition.batches.empty()) {
    const SharedBytes records = self->seal(partition, partition.batches.front());
    auto outcome = co_await self->deliver(tp, records, partition.batches.front().deadline);
    if (!outcome && self->identity_ == partition.identity && self->identity_ != Identity{}) {
      self->identity_wanted_ = true;
      co_await self->find_identity(self->client_.shard().clock.now() + self->options_.max_block);
    }
    // append() only adds behind, so the front is still the same.
    Batch batch = std::move(partition.batches.front());
    partition.batches.pop_front();
    --self->waiting_batches_;
    self->waiting_bytes_ -= std::min(self->waiting_bytes_, batch.builder.size());
    if (self->waiting_batches_ == 0) self->waiting_bytes_ = 0;
    for (auto& done : batch.done) {
      if (done) done(outcome);
      if (outcome && outcome->offset.value >= 0) outcome->offset = outcome->offset + 1;
    }
    for (const auto& waiter : std::exchange(self->on_delivery_, {})) waiter.set(true);
  }
  partition.sending = false;
}

Task<Result<Delivery>> Producer::deliver(TopicPartition tp, SharedBytes records, Instant deadline) {
  for (Retry retry(client_, deadline);;) {
    auto outcome = co_await deliver_once(tp, records, deadline);
    if (outcome || !co_await retry.again(outcome.error())) co_return outcome;
    // The leader may have moved; if metadata cannot be had either, the next attempt tells.
    const auto refreshed = co_await refresh_topic(tp.topic, deadline);
    if (!refreshed && !is_retriable(refreshed.error().code)) co_return std::unexpected(refreshed.error());
  }
}

Task<Result<Delivery>> Producer::deliver_once(TopicPartition tp, SharedBytes records, Instant deadline) {
  const Topic& topic = topics_.at(tp.topic);
  const auto index = static_cast<std::size_t>(tp.partition.value);
  if (index >= topic.leaders.size() || topic.leaders[index] == kNoBroker)
    co_return fail(ErrorCode::kLeaderNotAvailable, to_string(tp) + " has no leader at the moment");
  ProduceRequest request;
  request.acks = options_.acks;
  request.timeout_ms = static_cast<std::int32_t>(client_.options().request_timeout.count());
  request.topic_data.push_back({tp.topic, topic.id, {{tp.partition, std::move(records)}}});
  const Uuid id = topic.id;
  CO_TRY(const auto channel, co_await client_.to(topic.leaders[index], deadline));
  // Versions from 13 on know topics by id only.
  constexpr std::int16_t kLastByName = 12;
  const std::int16_t newest = id.is_zero() ? kLastByName : ProduceRequest::kMaxVersion;
  if (options_.acks == 0) {
    CO_TRY(const auto version, channel->version_of(request.kKey, request.kMinVersion, newest));
    CO_TRY_VOID(co_await channel->send_only(std::move(request), version));
    co_return Delivery{tp, Offset{-1}};
  }
  CO_TRY(const auto response,
         co_await send_up_to<ProduceResponse>(channel, std::move(request), newest, client_.request_deadline(deadline)));
  for (const auto& answered : response.responses)
    for (const auto& p : answered.partition_responses) {
      // The batch was written by an attempt whose answer was lost.
      if (p.error_code == ErrorCode::kDuplicateSequenceNumber) co_return Delivery{tp, Offset{-1}};
      if (p.error_code != ErrorCode::kNone) co_return std::unexpected(error_of(p.error_code, p.error_message));
      co_return Delivery{tp, p.base_offset};
    }
  co_return fail(ErrorCode::kUnknownServerError, "the broker's answer leaves " + to_string(tp) + " out");
}

Task<> Producer::flush() {
  const auto self = shared_from_this();
  while (waiting_batches_ > 0) co_await next_delivery();
}

Task<> Producer::next_delivery() {
  const OneShot<bool> delivered;
  on_delivery_.push_back(delivered);
  co_await delivered.wait();
}

}  // namespace thalweg::admin
