#include "streams/inputs.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace thalweg::streams::detail {
namespace {

std::optional<std::string_view> view_of(const void* bytes, std::size_t size) {
  if (!bytes) return std::nullopt;
  return std::string_view(static_cast<const char*>(bytes), size);
}

}  // namespace

RawRecord raw_record(rd_kafka_message_t* message, const std::shared_ptr<rd_kafka_t>& handle) {
  RawRecord record{.from = {rd_kafka_topic_name(message->rkt), message->partition},
                   .offset = message->offset,
                   .timestamp = client::timestamp_of(*message),
                   .key = view_of(message->key, message->key_len),
                   .value = view_of(message->payload, message->len),
                   .headers = client::headers_of(*message),
                   .owner = {}};
  record.owner = std::shared_ptr<const void>(message, [handle](const void* p) {
    rd_kafka_message_destroy(static_cast<rd_kafka_message_t*>(const_cast<void*>(p)));
  });
  return record;
}

client::PartitionList list_of(const Positions& positions) {
  auto list = client::new_list(static_cast<int>(positions.size()));
  for (const auto& [where, position] : positions) {
    auto* const one = rd_kafka_topic_partition_list_add(list.get(), where.topic.c_str(), where.partition);
    one->offset = position.offset;
    if (position.metadata.empty()) continue;
    one->metadata = std::malloc(position.metadata.size());  // the list frees it
    std::memcpy(one->metadata, position.metadata.data(), position.metadata.size());
    one->metadata_size = position.metadata.size();
  }
  return list;
}

Result<std::unique_ptr<Inputs>> Inputs::open(const Properties& properties, const std::string& group, Listener listener,
                                             std::function<void()> signal) {
  std::unique_ptr<Inputs> inputs(new Inputs());
  inputs->listener_ = std::move(listener);
  inputs->signal_ = std::move(signal);
  client::Conf conf;
  conf.set_all(properties);
  conf.set("group.id", group);
  conf.set("auto.offset.reset", "error");  // never to the end without a word
  conf.set("enable.auto.commit", "false");
  conf.set("enable.auto.offset.store", "false");
  // Eager: the driver topics' partitions in turn. Its cooperative assignor is not sound before librdkafka 2.10.
  conf.set("partition.assignment.strategy", "roundrobin");
  rd_kafka_conf_set_opaque(conf.get(), inputs.get());
  rd_kafka_conf_set_rebalance_cb(
      conf.get(), [](rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* list, void* self) {
        static_cast<Inputs*>(self)->rebalanced(code, list);
      });
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t* handle, int code, const char* reason, void* self) {
    if (code == RD_KAFKA_RESP_ERR__FATAL)
      static_cast<Inputs*>(self)->fatal_ = client::error_from_callback(handle, code, reason);
  });
  auto handle = conf.open(RD_KAFKA_CONSUMER);
  if (!handle) return std::unexpected(handle.error());
  inputs->handle_ = std::shared_ptr<rd_kafka_t>(handle->release(), [](rd_kafka_t* p) { rd_kafka_destroy(p); });
  rd_kafka_poll_set_consumer(inputs->handle_.get());
  inputs->consumer_queue_.reset(rd_kafka_queue_get_consumer(inputs->handle_.get()));
  rd_kafka_queue_cb_event_enable(
      inputs->consumer_queue_.get(), [](rd_kafka_t*, void* self) { static_cast<Inputs*>(self)->signal_(); },
      inputs.get());
  return inputs;
}

Inputs::~Inputs() {
  close();
  if (consumer_queue_) rd_kafka_queue_cb_event_enable(consumer_queue_.get(), nullptr, nullptr);
  forget_all();
  consumer_queue_.reset();
}

Result<> Inputs::subscribe(const std::set<std::string>& topics) {
  auto list = client::new_list();
  for (const auto& topic : topics) rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  if (const auto code = rd_kafka_subscribe(handle_.get(), list.get()))
    return std::unexpected(client::error_of(code, "subscribe"));
  return {};
}

void Inputs::unsubscribe() { rd_kafka_unsubscribe(handle_.get()); }

Result<> Inputs::poll() {
  while (rd_kafka_message_t* message = rd_kafka_consumer_poll(handle_.get(), 0)) keep_early(MessageHandle(message));
  if (fatal_) return std::unexpected(*fatal_);
  return {};
}

// Records come through the partitions' own queues, from when librdkafka begins to fetch and forwards them here once
// more until that is undone again. What came in between is kept; the rest are errors that heal by themselves.
void Inputs::keep_early(MessageHandle message) {
  if (!message->rkt) return;
  const TopicPartition from{rd_kafka_topic_name(message->rkt), message->partition};
  const auto known = queues_.find(from);
  if (known == queues_.end()) return;
  rd_kafka_queue_forward(known->second.get(), nullptr);
  early_[from].push_back(std::move(message));
}

void Inputs::rebalanced(rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* list) {
  std::vector<TopicPartition> partitions;
  for (int i = 0; i < list->cnt; ++i) partitions.push_back({list->elems[i].topic, list->elems[i].partition});
  assigned_in_listener_ = false;
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    listener_(Rebalance::kAssigned, partitions);
  } else {
    const bool lost = code != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS || rd_kafka_assignment_lost(handle_.get()) != 0;
    listener_(lost ? Rebalance::kLost : Rebalance::kRevoked, partitions);
  }
  if (assigned_in_listener_) return;
  forget_all();
  // Nothing of it is ours, which is an answer, too: null would mean that what we have is given back, and the member
  // would go on without ever joining again.
  const auto none = client::new_list();
  rd_kafka_assign(handle_.get(), code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? none.get() : nullptr);
}

Result<Positions> Inputs::committed(const std::vector<TopicPartition>& partitions, milliseconds within) {
  Positions none;
  for (const auto& where : partitions) none[where];
  auto list = list_of(none);
  if (const auto code = rd_kafka_committed(handle_.get(), list.get(), client::as_int(within)))
    return std::unexpected(client::error_of(code, "read committed offsets"));
  Positions found;
  for (int i = 0; i < list->cnt; ++i) {
    const auto& one = list->elems[i];
    if (one.err) return std::unexpected(client::error_of(one.err, std::string("committed offset of ") + one.topic));
    found[{one.topic, one.partition}] = {
        one.offset, std::string(static_cast<const char*>(one.metadata), one.metadata ? one.metadata_size : 0)};
  }
  return found;
}

Result<> Inputs::assign(const Positions& positions) {
  auto list = list_of(positions);
  assigned_in_listener_ = true;
  forget_all();
  if (const auto code = rd_kafka_assign(handle_.get(), list.get()))
    return std::unexpected(client::error_of(code, "assign"));
  for (const auto& [where, position] : positions) queue(where);
  return {};
}

Result<> Inputs::seek(const Positions& positions, milliseconds within) {
  auto list = list_of(positions);
  for (int i = 0; i < list->cnt; ++i) {  // no part of a seek
    std::free(list->elems[i].metadata);
    list->elems[i].metadata = nullptr;
    list->elems[i].metadata_size = 0;
  }
  early_.clear();
  if (rd_kafka_error_t* error = rd_kafka_seek_partitions(handle_.get(), list.get(), client::as_int(within)))
    return std::unexpected(client::error_of(error, "seek"));
  for (int i = 0; i < list->cnt; ++i)
    if (const auto code = list->elems[i].err) {
      auto failure = client::error_of(code, std::string("seek in ") + list->elems[i].topic);
      failure.retriable = true;  // one that is not read yet, or no more
      return std::unexpected(std::move(failure));
    }
  return {};
}

rd_kafka_queue_t* Inputs::queue(const TopicPartition& partition) {
  auto& known = queues_[partition];
  if (!known) {
    known.reset(rd_kafka_queue_get_partition(handle_.get(), partition.topic.c_str(), partition.partition));
    rd_kafka_queue_forward(known.get(), nullptr);
    rd_kafka_queue_cb_event_enable(
        known.get(), [](rd_kafka_t*, void* self) { static_cast<Inputs*>(self)->signal_(); }, this);
  }
  return known.get();
}

void Inputs::forget_all() {
  for (const auto& [where, queue] : queues_) rd_kafka_queue_cb_event_enable(queue.get(), nullptr, nullptr);
  queues_.clear();
  early_.clear();
}

Inputs::Got Inputs::read(const TopicPartition& from, std::size_t most) {
  Got got;
  if (const auto early = early_.find(from); early != early_.end()) {
    for (auto& message : early->second) take(std::move(message), from, got);
    early_.erase(early);
    return got;
  }
  messages_.resize(most);
  const auto count = rd_kafka_consume_batch_queue(queue(from), 0, messages_.data(), most);
  got.records.reserve(count > 0 ? static_cast<std::size_t>(count) : 0);
  for (ssize_t i = 0; i < count; ++i) take(MessageHandle(messages_[static_cast<std::size_t>(i)]), from, got);
  return got;
}

void Inputs::take(MessageHandle message, const TopicPartition& from, Got& got) const {
  if (!message->err) {
    got.end.reset();
    got.records.push_back(raw_record(message.release(), handle_));
  } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    got.end = message->offset;
  } else {
    got.error = client::error_of(message->err, "read " + from.topic + "-" + std::to_string(from.partition));
  }
}

std::int64_t Inputs::end_of(const TopicPartition& partition) const {
  std::int64_t low = 0, high = 0;
  const auto code =
      rd_kafka_get_watermark_offsets(handle_.get(), partition.topic.c_str(), partition.partition, &low, &high);
  return code ? 0 : std::max<std::int64_t>(high, 0);
}

Result<> Inputs::commit(const Positions& offsets, milliseconds within) {
  auto list = list_of(offsets);
  // With a queue of its own: rd_kafka_commit would wait as long as the coordinator is away.
  client::QueueHandle answers(rd_kafka_queue_new(handle_.get()));
  if (const auto code = rd_kafka_commit_queue(handle_.get(), list.get(), answers.get(), nullptr, nullptr))
    return std::unexpected(client::error_of(code, "commit offsets"));
  rd_kafka_event_t* const event = rd_kafka_queue_poll(answers.get(), client::as_int(within));
  if (!event) return std::unexpected(client::error_of(RD_KAFKA_RESP_ERR__TIMED_OUT, "commit offsets"));
  auto code = rd_kafka_event_error(event);
  if (const auto* const each = rd_kafka_event_topic_partition_list(event))
    for (int i = 0; i < each->cnt && !code; ++i) code = each->elems[i].err;
  rd_kafka_event_destroy(event);
  if (code) return std::unexpected(client::error_of(code, "commit offsets"));
  return {};
}

void Inputs::close() {
  if (closed_) return;
  closed_ = true;
  forget_all();
  if (handle_) rd_kafka_consumer_close(handle_.get());
}

}  // namespace thalweg::streams::detail
