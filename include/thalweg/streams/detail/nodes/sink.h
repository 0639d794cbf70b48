// Where records leave. (SinkNode, RecordCollectorImpl)
#pragma once

#include <utility>

#include "thalweg/streams/detail/serdes.h"
#include "thalweg/streams/detail/window_math.h"

namespace thalweg::streams::detail {

// By the key without its window, whose bytes end those of windowed serdes (windowed_serdes.h). Nothing: another serde
// wrote it, there is no key, or the partitions are not known. (WindowedStreamPartitioner)
std::optional<std::int32_t> windowed_partition(std::string_view serde, const std::optional<std::string>& key,
                                               std::int32_t partitions);

template <class K, class V>
struct SinkSettings {
  std::function<std::string(const Record<K, V>&)> topic = {};  // of the topology: without the application's prefix
  Serde<unwrap_t<K>> key;
  Serde<unwrap_t<V>> value;
  // Nothing, or it gives nothing: by the key's bytes.
  std::function<std::optional<std::int32_t>(const Record<K, V>&, const std::optional<std::string>& key_bytes,
                                            std::int32_t partitions)>
      partitioner = {};
};

template <class K, class V>
class SinkNode final : public NodeBase, public Receiver<K, V> {
 public:
  explicit SinkNode(SinkSettings<K, V> settings) : settings_(std::move(settings)) {}
  bool add_child(NodeBase&) override { return false; }

  void receive(Record<K, V>&& record) override {
    if (record.timestamp < Timestamp{})
      throw Failed({.code = kInvalidTimestamp,
                    .message = "a record cannot be sent with a timestamp below 0: its source needs another timestamp"});
    client::Message message{.topic = this->runtime().topic_name(settings_.topic(record)),
                            .timestamp = record.timestamp};
    message.headers = record.headers;
    message.key =
        encoded<K>(settings_.key, record.key, {.topic = message.topic, .is_key = true, .headers = &message.headers});
    message.value = encoded<V>(settings_.value, record.value, {.topic = message.topic, .headers = &message.headers});
    if (settings_.partitioner)
      message.partition = settings_.partitioner(record, message.key, this->runtime().partitions(message.topic));
    else if constexpr (kIsWindowed<unwrap_t<K>>)
      message.partition =
          windowed_partition(settings_.key.name(), message.key, this->runtime().partitions(message.topic));
    this->runtime().send({.message = std::move(message)});
  }

 private:
  SinkSettings<K, V> settings_;
};

}  // namespace thalweg::streams::detail
