// Dead letters back to where they came from. The committed offsets of the replay's group say what was done before.
#include <condition_variable>
#include <mutex>
#include <set>

#include "client/consumer_core.h"

namespace thalweg::client {
namespace {

using std::chrono::steady_clock;
constexpr int kAskMs = 10'000;
constexpr auto kQuietMost = 30s;  // nothing comes, and the end has not either

struct Reader {
  std::shared_ptr<rd_kafka_t> handle;
  PartitionList partitions;
  std::map<std::int32_t, std::int64_t> ends;  // the queue as it is now; what comes later is for another time
};

Result<Reader> open_reader(const ProducerConfig& config, const DeadLetterQueue::Replay& replay) {
  Conf conf;
  conf.set("bootstrap.servers", config.brokers);
  conf.set("group.id", replay.group);
  conf.set("enable.auto.commit", "false");
  conf.set("auto.offset.reset", "earliest");
  conf.set("enable.partition.eof", "true");
  conf.set_all(connection_of(config.properties));
  auto handle = conf.open(RD_KAFKA_CONSUMER);
  if (!handle) return std::unexpected(handle.error());
  Reader reader{.handle = std::shared_ptr<rd_kafka_t>(handle->release(), rd_kafka_destroy), .partitions = new_list()};
  rd_kafka_poll_set_consumer(reader.handle.get());

  const rd_kafka_metadata_t* raw = nullptr;
  if (const auto code = rd_kafka_metadata(reader.handle.get(), 1, nullptr, &raw, kAskMs); code)
    return std::unexpected(error_of(code, "replay of " + replay.queue));
  const std::unique_ptr<const rd_kafka_metadata_t, void (*)(const rd_kafka_metadata_t*)> metadata(
      raw, rd_kafka_metadata_destroy);
  for (int i = 0; i < metadata->topic_cnt; ++i)
    if (replay.queue == metadata->topics[i].topic)
      for (int p = 0; p < metadata->topics[i].partition_cnt; ++p)
        rd_kafka_topic_partition_list_add(reader.partitions.get(), replay.queue.c_str(),
                                          metadata->topics[i].partitions[p].id);
  if (reader.partitions->cnt == 0)
    return std::unexpected(Error{.code = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                                 .message = "there is no queue of dead letters " + replay.queue});
  if (const auto code = rd_kafka_committed(reader.handle.get(), reader.partitions.get(), kAskMs); code)
    return std::unexpected(error_of(code, "what was replayed before"));
  for (int i = 0; i < reader.partitions->cnt; ++i) {
    auto& element = reader.partitions->elems[i];
    std::int64_t low = 0, high = 0;
    if (const auto code = rd_kafka_query_watermark_offsets(reader.handle.get(), element.topic, element.partition, &low,
                                                           &high, kAskMs);
        code)
      return std::unexpected(error_of(code, "the end of " + replay.queue));
    if (element.offset < low) element.offset = low;
    if (element.offset < high) reader.ends[element.partition] = high;
  }
  if (const auto code = rd_kafka_assign(reader.handle.get(), reader.partitions.get()); code)
    return std::unexpected(error_of(code, "replay"));
  return reader;
}

Result<> commit(const Reader& reader, const std::string& queue, const std::map<std::int32_t, std::int64_t>& positions) {
  PartitionList offsets = new_list();
  for (const auto& [partition, position] : positions)
    rd_kafka_topic_partition_list_add(offsets.get(), queue.c_str(), partition)->offset = position;
  if (offsets->cnt == 0) return {};
  if (const auto code = rd_kafka_commit(reader.handle.get(), offsets.get(), 0); code)
    return std::unexpected(error_of(code, "commit of the replay"));
  return {};
}

}  // namespace

Result<std::size_t> DeadLetterQueue::replay(const ProducerConfig& config, Replay replay) {
  auto reader = open_reader(config, replay);
  if (!reader) return std::unexpected(reader.error());
  auto producer = Producer::open(config);
  if (!producer) return std::unexpected(producer.error());
  const auto source = std::make_shared<const Source>(reader->handle, replay.queue);
  std::map<std::int32_t, std::int64_t> positions;
  std::size_t sent = 0;
  Result<> result;
  auto last_news = steady_clock::now();
  while (result && !reader->ends.empty() && sent < replay.limit) {
    rd_kafka_message_t* const message = rd_kafka_consumer_poll(reader->handle.get(), 100);
    if (!message) {
      if (steady_clock::now() - last_news > kQuietMost)
        result = std::unexpected(Error{.code = RD_KAFKA_RESP_ERR__TIMED_OUT,
                                       .message = "nothing came of " + replay.queue + " for 30 s",
                                       .retriable = true});
      continue;
    }
    last_news = steady_clock::now();
    if (message->err) {
      if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
        reader->ends.erase(message->partition);
      else
        result = std::unexpected(error_of(message->err, "replay of " + replay.queue));
      rd_kafka_message_destroy(message);
      continue;
    }
    const Record letter = record_of(message, source);
    const auto end = reader->ends.find(letter.partition());
    if (end == reader->ends.end() || letter.offset() >= end->second) continue;
    bool wanted = true;
    result = guarded([&]() -> Result<> {
      wanted = !replay.where || replay.where(letter);
      return {};
    });
    if (!result) break;
    if (wanted) {
      Message original = original_of(letter);
      if (replay.to) original.topic = *replay.to;
      if (original.topic.empty()) {
        result = std::unexpected(
            Error{.code = kBadBytes, .message = letter.where() + " does not say where it came from; name a topic"});
        break;
      }
      auto delivered = producer->send(std::move(original));
      if (!delivered) {
        result = status(delivered);
        break;
      }
      ++sent;
    }
    positions[letter.partition()] = letter.offset() + 1;
    if (letter.offset() + 1 >= end->second) reader->ends.erase(end);
  }
  auto committed = commit(*reader, replay.queue, positions);
  rd_kafka_consumer_close(reader->handle.get());
  if (!result) return std::unexpected(result.error());
  if (!committed) return std::unexpected(committed.error());
  return sent;
}

}  // namespace thalweg::client
