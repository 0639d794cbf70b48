#include "client/partition_reader.h"

namespace thalweg::client {

Record record_of(rd_kafka_message_t* message, const std::shared_ptr<const Source>& source) {
  auto data = std::make_shared<RecordData>();
  data->owner = {
      message, [](const void* p) { rd_kafka_message_destroy(static_cast<rd_kafka_message_t*>(const_cast<void*>(p))); }};
  data->topic = std::shared_ptr<const std::string>(source, &source->topic);
  data->partition = message->partition;
  data->offset = message->offset;
  data->timestamp = timestamp_of(*message);
  if (message->key) data->key = std::string_view(static_cast<const char*>(message->key), message->key_len);
  if (message->payload) data->value = std::string_view(static_cast<const char*>(message->payload), message->len);
  data->headers = headers_of(*message);
  return Record(std::move(data));
}

PartitionReader::PartitionReader(std::shared_ptr<rd_kafka_t> handle, TopicPartition where,
                                 std::function<void()>& signal)
    : source_(std::make_shared<const Source>(handle, where.topic)),
      where_(std::move(where)),
      queue_(rd_kafka_queue_get_partition(handle.get(), where_.topic.c_str(), where_.partition)) {
  rd_kafka_queue_forward(queue_.get(), nullptr);
  rd_kafka_queue_cb_event_enable(
      queue_.get(), [](rd_kafka_t*, void* signal) { (*static_cast<std::function<void()>*>(signal))(); }, &signal);
}

PartitionReader::~PartitionReader() { rd_kafka_queue_cb_event_enable(queue_.get(), nullptr, nullptr); }

PartitionReader::Got PartitionReader::read(std::size_t most) {
  Got got;
  messages_.resize(most);
  const auto count = rd_kafka_consume_batch_queue(queue_.get(), 0, messages_.data(), most);
  got.records.reserve(count > 0 ? static_cast<std::size_t>(count) : 0);
  for (ssize_t i = 0; i < count; ++i) {
    rd_kafka_message_t* const message = messages_[static_cast<std::size_t>(i)];
    if (!message->err) {
      got.records.push_back(record_of(message, source_));
      continue;
    }
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
      got.end = message->offset;
    else
      got.errors.push_back(error_of(message->err, where_.topic + "-" + std::to_string(where_.partition)));
    rd_kafka_message_destroy(message);
  }
  return got;
}

}  // namespace thalweg::client
