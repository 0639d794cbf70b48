// A topology: sources, processors, stores and sinks by name, and what is connected. Written line by line here, or by
// StreamsBuilder::build(). A value: copies share what they have in common. (org.apache.kafka.streams.Topology)
//
// The calls cannot fail: mistakes are kept, and check() tells them all.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/streams/detail/nodes/sink.h"
#include "thalweg/streams/detail/nodes/source.h"
#include "thalweg/streams/processor.h"
#include "thalweg/streams/stores.h"

namespace thalweg::streams {

class THALWEG_EXPORT Topology {
 public:
  Topology();
  explicit Topology(std::shared_ptr<const detail::TopologyGraph> graph);

  template <class K, class V>
  Topology& add_source(std::string name, std::vector<std::string> topics, Consumed<K, V> consumed = {});
  // make() -> std::unique_ptr of a class that derives from Processor; it is called once per task.
  template <class Make>
  Topology& add_processor(std::string name, Make make, std::vector<std::string> parents) {
    return add(
        {.name = std::move(name), .parents = std::move(parents), .make = detail::processor_maker(std::move(make))});
  }
  // Only the processors named may use it; they are added before.
  template <class Store>
  Topology& add_state_store(StoreSpec<Store> spec, std::vector<std::string> processors = {}) {
    return add(detail::spec_data(spec), processors);
  }
  template <class K, class V>
  Topology& add_sink(std::string name, std::string topic, std::vector<std::string> parents,
                     Produced<K, V> produced = {});

  // Every mistake at once, one per line.
  Result<> check() const;
  // The text of Kafka Streams, letter by letter.
  std::string describe() const;
  // For Graphviz.
  std::string dot() const;

  // For App and TestDriver.
  std::shared_ptr<const detail::TopologyGraph> graph() const { return graph_; }

 private:
  Topology& add(detail::NodeSpec node);
  Topology& add(detail::StoreSpecData store, const std::vector<std::string>& processors);
  detail::TopologyGraph& own();

  std::shared_ptr<const detail::TopologyGraph> graph_;
};

namespace detail {

template <class T>
Serde<unwrap_t<T>> bare_serde(const MaybeSerde<T>& given) {
  return serde_or(bare(given));
}

template <class K, class V>
SourceSettings<unwrap_t<K>, unwrap_t<V>> source_settings(const Consumed<K, V>& consumed) {
  SourceSettings<unwrap_t<K>, unwrap_t<V>> settings{.key = bare_serde(consumed.key),
                                                    .value = bare_serde(consumed.value),
                                                    .needs_key = !kIsOptional<K>,
                                                    .needs_value = !kIsOptional<V>,
                                                    .timestamp = {}};
  if (consumed.timestamp)
    settings.timestamp = [extract = consumed.timestamp](const auto& loose, std::int64_t partition_time) {
      const auto part = []<class T>(const std::optional<unwrap_t<T>>& from, std::type_identity<T>) -> T {
        if constexpr (kIsOptional<T>)
          return from;
        else
          return *from;  // needed, hence there
      };
      return extract(Record<K, V>{part(loose.key, std::type_identity<K>{}), part(loose.value, std::type_identity<V>{}),
                                  loose.timestamp, loose.headers},
                     partition_time);
    };
  return settings;
}

template <class K, class V>
SinkSettings<K, V> sink_settings(const Produced<K, V>& produced, std::string topic) {
  SinkSettings<K, V> settings{.topic = [topic = std::move(topic)](const Record<K, V>&) { return topic; },
                              .key = bare_serde(produced.key),
                              .value = bare_serde(produced.value),
                              .partitioner = {}};
  if (produced.partitioner)
    settings.partitioner = [choose = produced.partitioner](const Record<K, V>& record,
                                                           const std::optional<std::string>&, std::int32_t partitions) {
      return choose(record.key, record.value, partitions);
    };
  return settings;
}

}  // namespace detail

template <class K, class V>
Topology& Topology::add_source(std::string name, std::vector<std::string> topics, Consumed<K, V> consumed) {
  using Source = detail::SourceNode<unwrap_t<K>, unwrap_t<V>>;
  return add({.kind = detail::NodeSpec::Kind::kSource,
              .name = std::move(name),
              .topics = std::move(topics),
              .make = [settings = detail::source_settings(consumed)] { return std::make_unique<Source>(settings); },
              .reset = consumed.reset});
}

template <class K, class V>
Topology& Topology::add_sink(std::string name, std::string topic, std::vector<std::string> parents,
                             Produced<K, V> produced) {
  return add({.kind = detail::NodeSpec::Kind::kSink,
              .name = std::move(name),
              .parents = std::move(parents),
              .topics = {topic},
              .make = [settings = detail::sink_settings(produced, topic)] {
                return std::make_unique<detail::SinkNode<K, V>>(settings);
              }});
}

}  // namespace thalweg::streams
