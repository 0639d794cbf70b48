// A topology without a broker: the very task code of App, topics in memory, and a clock that is moved by hand. All of a
// topology runs as one task of partition 0, each record to its end before pipe() returns, with a commit after each.
// What goes to a topic that the topology reads (repartition topics, too) comes back in. (TopologyTestDriver)
//
// What fails throws TestFailure: a topology that cannot start, and a record that fails where no handler of AppConfig
// says otherwise. Of AppConfig count: application_id, the handlers, dead_letter_topic, and of the properties
// max.task.idle.ms.
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/streams/app_config.h"
#include "thalweg/streams/topology.h"

namespace thalweg::streams {

struct THALWEG_EXPORT TestFailure : std::runtime_error {
  explicit TestFailure(Error e) : std::runtime_error(e.message), error(std::move(e)) {}
  Error error;
};

template <class K, class V>
class TestInput;
template <class K, class V>
class TestOutput;

class THALWEG_EXPORT TestDriver {
 public:
  explicit TestDriver(const Topology& topology, AppConfig config = {.application_id = "test"}, Timestamp start = {});
  ~TestDriver();  // closes the processors
  TestDriver(TestDriver&&) noexcept;

  // A topic that the topology reads, by its name in a cluster: "app-counts-repartition". They live as long as the
  // driver.
  template <class K, class V>
  TestInput<K, V> input(std::string topic, Consumed<K, V> consumed = {});
  // Any topic; empty as long as nothing was written to it.
  template <class K, class V>
  TestOutput<K, V> output(std::string topic, Produced<K, V> produced = {});

  // Runs what becomes due, once for all of it.
  void advance_wall_clock(milliseconds by);
  // Throws std::invalid_argument when there is none of this name and type. Writing is allowed; it goes to the changelog
  // with the next record.
  template <class Store>
  Store& store(std::string_view name);

  std::vector<std::string> produced_topics() const;  // sorted; all since the beginning
  // Everything produced since the last call, changelogs too, in that order; read() is not affected. Changelog records
  // follow what a record led to, one per key.
  std::vector<client::Message> drain_raw();
  // The message's topic, key, value, headers and timestamp (nothing: 0). Throws std::invalid_argument when nobody reads
  // the topic.
  void pipe_raw(const client::Message& message);
  // The oldest that read_raw() has not taken from this topic yet.
  std::optional<client::Message> read_raw(const std::string& topic);
  bool has_output(const std::string& topic) const;
  std::uint64_t dropped_records() const;

 private:
  detail::StoreBase& any_store(std::string_view name);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

template <class K, class V>
class TestInput {
 public:
  TestInput(TestDriver& driver, std::string topic, const Consumed<K, V>& consumed)
      : driver_(driver),
        topic_(std::move(topic)),
        key_(detail::bare_serde(consumed.key)),
        value_(detail::bare_serde(consumed.value)) {}
  void pipe(const K& key, const V& value, Timestamp timestamp = {}) { pipe(Record<K, V>{key, value, timestamp}); }
  void pipe(const Record<K, V>& record) {
    client::Message message{.topic = topic_, .headers = record.headers, .timestamp = record.timestamp};
    message.key = detail::encoded<K>(key_, record.key, {.topic = topic_, .is_key = true, .headers = &message.headers});
    message.value = detail::encoded<V>(value_, record.value, {.topic = topic_, .headers = &message.headers});
    driver_.pipe_raw(message);
  }

 private:
  TestDriver& driver_;
  std::string topic_;
  Serde<unwrap_t<K>> key_;
  Serde<unwrap_t<V>> value_;
};

template <class K, class V>
class TestOutput {
 public:
  TestOutput(TestDriver& driver, std::string topic, const Produced<K, V>& produced)
      : driver_(driver),
        topic_(std::move(topic)),
        key_(detail::bare_serde(produced.key)),
        value_(detail::bare_serde(produced.value)) {}
  bool empty() const { return !driver_.has_output(topic_); }
  // Throws std::out_of_range when there is nothing, TestFailure when it cannot be decoded.
  Record<K, V> read() {
    auto message = driver_.read_raw(topic_);
    if (!message) throw std::out_of_range("nothing more was written to " + topic_);
    return {part<K>(key_, message->key, *message, true), part<V>(value_, message->value, *message, false),
            message->timestamp.value_or(Timestamp{}), std::move(message->headers)};
  }
  std::vector<std::pair<K, V>> read_all() {
    std::vector<std::pair<K, V>> all;
    while (!empty()) {
      auto record = read();
      all.emplace_back(std::move(record.key), std::move(record.value));
    }
    return all;
  }

 private:
  template <class T>
  T part(const Serde<unwrap_t<T>>& serde, const std::optional<std::string>& bytes, const client::Message& message,
         bool is_key) const {
    auto value = detail::decoded(serde, bytes, {.topic = topic_, .is_key = is_key, .read_headers = &message.headers});
    if (!value) throw TestFailure(value.error());
    if constexpr (detail::kIsOptional<T>) {
      return *std::move(value);
    } else {
      if (!*value)
        throw TestFailure({.message = topic_ + ": a null where none was expected; read it as std::optional"});
      return **std::move(value);
    }
  }

  TestDriver& driver_;
  std::string topic_;
  Serde<unwrap_t<K>> key_;
  Serde<unwrap_t<V>> value_;
};

template <class K, class V>
TestInput<K, V> TestDriver::input(std::string topic, Consumed<K, V> consumed) {
  return {*this, std::move(topic), consumed};
}
template <class K, class V>
TestOutput<K, V> TestDriver::output(std::string topic, Produced<K, V> produced) {
  return {*this, std::move(topic), produced};
}
template <class Store>
Store& TestDriver::store(std::string_view name) {
  auto* found = dynamic_cast<Store*>(&any_store(name));
  if (!found) throw std::invalid_argument("the store " + std::string(name) + " is of another type");
  return *found;
}

}  // namespace thalweg::streams
