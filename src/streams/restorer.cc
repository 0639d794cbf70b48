#include "streams/restorer.h"

namespace thalweg::streams::detail {

Result<std::unique_ptr<Restorer>> Restorer::open(const Properties& properties) {
  std::unique_ptr<Restorer> restorer(new Restorer());
  client::Conf conf;
  conf.set_all(properties);
  conf.set("auto.offset.reset", "error");
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t*, int, const char*, void*) {});
  auto handle = conf.open(RD_KAFKA_CONSUMER);
  if (!handle) return std::unexpected(handle.error());
  restorer->handle_ = std::shared_ptr<rd_kafka_t>(handle->release(), [](rd_kafka_t* p) { rd_kafka_destroy(p); });
  return restorer;
}

Restorer::~Restorer() {
  for (const auto& [where, topic] : open_) rd_kafka_consume_stop(topic.get(), where.partition);
}

Result<> Restorer::start(const TopicPartition& partition, std::optional<std::int64_t> offset) {
  client::TopicHandle topic(rd_kafka_topic_new(handle_.get(), partition.topic.c_str(), nullptr));
  if (rd_kafka_consume_start(topic.get(), partition.partition, offset.value_or(RD_KAFKA_OFFSET_BEGINNING)) != 0)
    return std::unexpected(client::error_of(rd_kafka_last_error(), "restore from " + partition.topic));
  open_[partition] = std::move(topic);
  return {};
}

void Restorer::stop(const TopicPartition& partition) {
  const auto found = open_.find(partition);
  if (found == open_.end()) return;
  rd_kafka_consume_stop(found->second.get(), partition.partition);
  open_.erase(found);
}

Restorer::Got Restorer::read(const TopicPartition& partition, std::size_t most, milliseconds within) {
  Got got;
  const auto found = open_.find(partition);
  if (found == open_.end()) return got;
  rd_kafka_poll(handle_.get(), 0);  // errors of the connection, which heal
  messages_.resize(most);
  const auto count =
      rd_kafka_consume_batch(found->second.get(), partition.partition, client::as_int(within), messages_.data(), most);
  for (ssize_t i = 0; i < count; ++i) {
    rd_kafka_message_t* const message = messages_[static_cast<std::size_t>(i)];
    if (!message->err) {
      got.end.reset();
      got.records.push_back(raw_record(message, handle_));
      continue;
    }
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
      got.end = message->offset;
    else if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
             message->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
      got.gone = true;
    else
      got.error = client::error_of(message->err, "restore from " + partition.topic);
    rd_kafka_message_destroy(message);
  }
  return got;
}

}  // namespace thalweg::streams::detail
