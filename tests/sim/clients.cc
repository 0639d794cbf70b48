#include "clients.h"

#include <fmt/format.h>

#include "broker_node.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/fetch_request.h"
#include "protocol/fetch_response.h"
#include "protocol/init_producer_id_request.h"
#include "protocol/init_producer_id_response.h"
#include "protocol/list_offsets_request.h"
#include "protocol/list_offsets_response.h"
#include "protocol/produce_request.h"
#include "protocol/produce_response.h"
#include "record/builder.h"
#include "record/record.h"

namespace thalweg::simulation {
namespace {
using namespace std::chrono_literals;
using network::Channel;

// The newest that name topics by name.
constexpr std::int16_t kProduceVersion = 9, kFetchVersion = 12, kListOffsetsVersion = 6;
constexpr Timestamp kEarliestTimestamp = -2;

struct Fetched {
  Records records;
  Offset next, high_watermark;
};

Result<Fetched> parse(const protocol::FetchResponse& response, Offset from) {
  if (response.error_code != ErrorCode::kNone) return fail(response.error_code, "fetch");
  const auto& partition = response.responses.at(0).partitions.at(0);
  if (partition.error_code != ErrorCode::kNone) return fail(partition.error_code, "fetch");
  Fetched fetched{{}, from, partition.high_watermark};
  if (!partition.records) return fetched;
  for (const auto& piece : *partition.records) {
    record::BatchReader batches(std::get<SharedBytes>(piece));
    for (;;) {
      TRY(const auto batch, batches.next());
      if (!batch) break;
      if (!batch->crc_ok()) return fail(ErrorCode::kCorruptMessage, "a fetched batch has a wrong CRC");
      TRY(auto reader, record::RecordReader::open(*batch));
      for (;;) {
        TRY(const auto record, reader.next());
        if (!record) break;
        if (record->offset >= from && record->value) fetched.records.emplace(record->offset, as_text(*record->value));
      }
      fetched.next = batch->next_offset();
    }
  }
  return fetched;
}

Task<Result<Fetched>> fetch(const Shard* shard, std::shared_ptr<Channel> channel, PartitionId partition, Offset from,
                            std::int32_t wait_ms) {
  protocol::FetchRequest request;
  request.max_wait_ms = wait_ms;
  request.min_bytes = 1;
  request.max_bytes = 100'000;
  protocol::FetchRequest::FetchPartition wanted;
  wanted.partition = partition;
  wanted.fetch_offset = from;
  wanted.partition_max_bytes = 20'000;
  protocol::FetchRequest::FetchTopic topic;
  topic.topic = kTopic;
  topic.partitions.push_back(wanted);
  request.topics.push_back(topic);
  CO_TRY(const auto response, co_await channel->send<protocol::FetchResponse>(std::move(request), kFetchVersion,
                                                                              shard->clock.now() + kPatience));
  co_return parse(response, from);
}

// ListOffsets: where the partition begins.
Task<Result<Offset>> begin_of(const Shard* shard, std::shared_ptr<Channel> channel, PartitionId partition) {
  protocol::ListOffsetsRequest request;
  request.replica_id = kNoBroker;
  auto& topic = request.topics.emplace_back();
  topic.name = kTopic;
  auto& wanted = topic.partitions.emplace_back();
  wanted.partition_index = partition;
  wanted.timestamp = kEarliestTimestamp;
  CO_TRY(const auto response, co_await channel->send<protocol::ListOffsetsResponse>(
                                  std::move(request), kListOffsetsVersion, shard->clock.now() + kPatience));
  const auto& answer = response.topics.at(0).partitions.at(0);
  if (answer.error_code != ErrorCode::kNone) co_return fail(answer.error_code, "ListOffsets");
  co_return answer.offset;
}

}  // namespace

Task<Result<std::shared_ptr<Channel>>> open_channel(const Shard* shard) {
  CO_TRY(auto channel, co_await Channel::connect(*shard, kBroker, shard->clock.now() + kPatience));
  CO_TRY_VOID(co_await channel->negotiate(shard->clock.now() + kPatience));
  co_return channel;
}

Task<Result<std::shared_ptr<Channel>>> ToTheBroker::to(PartitionId) {
  if (channel_ && channel_->is_open()) co_return channel_;
  CO_TRY(channel_, co_await open_channel(&shard_));
  co_return channel_;
}

Task<> pause(const Shard* shard, Instant longest) {
  co_await shard->clock.sleep_for(
      Instant(static_cast<std::int64_t>(shard->random.next() % std::uint64_t(longest.count()))));
}

Task<> create_topic(const Shard* shard, History* history, bool* done) {
  for (;;) {
    const auto channel = co_await open_channel(shard);
    if (channel) {
      protocol::CreateTopicsRequest request;
      protocol::CreateTopicsRequest::CreatableTopic topic;
      topic.name = kTopic;
      topic.num_partitions = kPartitions;
      topic.replication_factor = 1;
      request.topics.push_back(topic);
      const auto response = co_await (*channel)->send<protocol::CreateTopicsResponse>(
          std::move(request), std::int16_t{5}, shard->clock.now() + kPatience);
      const auto code = response ? response->topics.at(0).error_code : ErrorCode::kNetworkException;
      if (code == ErrorCode::kNone || code == ErrorCode::kTopicAlreadyExists) break;
    }
    co_await pause(shard, 200ms);
  }
  *done = true;
}

Task<> Producer::run() {
  for (int i = 0; i < batches_; ++i) {
    const Batch batch = next_batch();
    for (;;) {
      const auto sent = co_await send(batch);
      if (sent) break;
      last_error_ = std::string(name(sent.error().code)) + " " + sent.error().message;
      route_->missed(batch.partition);
      co_await pause(&shard_, 300ms);
    }
    if (shard_.random.next() % 2 == 0) co_await pause(&shard_, 200ms);
  }
  done_ = true;
}

Task<Result<>> Producer::get_id() {
  if (id_ != kNoProducerId) co_return Result<>();
  protocol::InitProducerIdRequest request;
  request.transactional_id.reset();
  CO_TRY(const auto response, co_await channel_->send<protocol::InitProducerIdResponse>(
                                  std::move(request), std::int16_t{4}, shard_.clock.now() + kPatience));
  if (response.error_code != ErrorCode::kNone) co_return fail(response.error_code, "InitProducerId");
  id_ = response.producer_id;
  epoch_ = response.producer_epoch;
  co_return Result<>();
}

Producer::Batch Producer::next_batch() {
  const auto partition = static_cast<std::int32_t>(shard_.random.next() % kPartitions);
  const auto count = static_cast<std::int32_t>(1 + shard_.random.next() % 5);
  Batch batch{{partition}, sequences_[partition], {}};
  for (std::int32_t i = 0; i < count; ++i) batch.values.push_back(Value::text(number_, sequences_[partition]++));
  return batch;
}

SharedBytes Producer::encode(const Batch& batch) const {
  record::BatchBuilder builder({.producer_id = id_, .producer_epoch = epoch_, .base_sequence = batch.sequence});
  for (const auto& value : batch.values) builder.append({.timestamp = shard_.clock.wall(), .value = as_bytes(value)});
  return builder.build();
}

Task<Result<>> Producer::send(Batch batch) {
  CO_TRY(channel_, co_await route_->to(batch.partition));
  CO_TRY_VOID(co_await get_id());
  protocol::ProduceRequest request;
  request.acks = -1;
  request.timeout_ms = 5000;
  protocol::ProduceRequest::PartitionProduceData data;
  data.index = batch.partition;
  data.records = encode(batch);
  protocol::ProduceRequest::TopicProduceData topic;
  topic.name = kTopic;
  topic.partition_data.push_back(data);
  request.topic_data.push_back(topic);
  // Without an answer it may have been written; the order is kept because nothing else is sent meanwhile.
  CO_TRY(const auto response,
         co_await ask_or_close<protocol::ProduceResponse>(&shard_, channel_, std::move(request), kProduceVersion));
  const auto& partition = response.responses.at(0).partition_responses.at(0);
  co_return take(batch, partition.error_code, partition.error_message.value_or("produce"), partition.base_offset);
}

Result<> Producer::take(const Batch& batch, ErrorCode code, const std::string& message, Offset base) {
  if (code == ErrorCode::kDuplicateSequenceNumber || code == ErrorCode::kNone) {
    history_.acknowledged(batch.partition, code == ErrorCode::kNone ? base : kNoOffset, batch.values);
    return {};
  }
  // Nothing but a retriable error is ever due: the producer does all as it should.
  if (!is_retriable(code))
    history_.loss(fmt::format("producer {} partition {} sequence {}: {} {}", number_, batch.partition.value,
                              batch.sequence, name(code), message));
  return fail(code, message);
}

Task<Result<Records>> read_partition(const Shard* shard, std::shared_ptr<Route> route, PartitionId partition) {
  CO_TRY(const auto channel, co_await route->to(partition));
  Records all;
  CO_TRY(Offset next, co_await begin_of(shard, channel, partition));
  for (;;) {
    CO_TRY(auto fetched, co_await fetch(shard, channel, partition, next, 0));
    if (fetched.next == next && next < fetched.high_watermark)
      co_return fail(ErrorCode::kUnknownServerError, "nothing came below the high watermark");
    all.merge(fetched.records);
    next = fetched.next;
    if (next >= fetched.high_watermark) co_return all;
  }
}

Task<> follow(const Shard* shard, History* history, std::unique_ptr<Route> route, PartitionId partition) {
  Offset next{0};
  for (;;) {
    const auto channel = co_await route->to(partition);
    while (channel) {
      const auto fetched = co_await fetch(shard, *channel, partition, next, 300);
      if (!fetched && fetched.error().code == ErrorCode::kOffsetOutOfRange) {
        if (!history->may_be_deleted(partition, next))
          history->loss(fmt::format("partition {}: offset {} was given and is out of range at {} now", partition.value,
                                    next.value, to_string((*channel)->peer())));
        next = std::max(next, history->deletion_asked(partition));
      }
      if (!fetched && fetched.error().code == ErrorCode::kCorruptMessage) history->violation(fetched.error().message);
      if (!fetched) break;
      for (const auto& [offset, value] : fetched->records) history->consumed(partition, offset, value);
      next = fetched->next;
    }
    route->missed(partition);
    if (channel) (*channel)->close();
    co_await pause(shard, 200ms);
  }
}

}  // namespace thalweg::simulation
