// librdkafka's cluster of brokers inside the test: sockets are real, brokers are not.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "client/rdkafka_handle.h"
#include "thalweg/client/consumer.h"
// clang-format off: it must come after librdkafka's own header
#include <librdkafka/rdkafka_mock.h>
// clang-format on

namespace thalweg::client {

class MockCluster {
 public:
  explicit MockCluster(int brokers = 1) {
    char why[256];
    host_ = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof why);
    cluster_ = rd_kafka_mock_cluster_new(host_, brokers);
  }
  ~MockCluster() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(host_);
  }
  void topic(const std::string& name, int partitions = 1) {
    rd_kafka_mock_topic_create(cluster_, name.c_str(), partitions, 1);
  }
  void down() { rd_kafka_mock_broker_set_down(cluster_, 1); }
  void up() { rd_kafka_mock_broker_set_up(cluster_, 1); }
  std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  rd_kafka_mock_cluster_t* get() { return cluster_; }

  ProducerConfig producer() const {
    return {.brokers = brokers(), .on_error = [](const Error&) {}};
  }
  ConsumerConfig consumer(const std::string& group = "g") const {
    return {.brokers = brokers(),
            .group = group,
            .workers = 4,
            .commit_interval = 100ms,
            .session_timeout = 10s,  // of those that a slow machine stops without a word, too
            .on_error = [](const Error&) {}};
  }
  void send(const std::string& topic, int from, int to, std::optional<std::int32_t> partition = {}) const {
    auto opened = Producer::open(producer());
    ASSERT_TRUE(opened) << opened.error().message;
    std::vector<Message> messages;
    for (int i = from; i < to; ++i)
      messages.push_back(
          {.topic = topic, .key = std::to_string(i), .value = std::to_string(i), .partition = partition});
    for (const auto& sent : opened->send_all(messages)) ASSERT_TRUE(sent) << sent.error().message;
  }

 private:
  rd_kafka_t* host_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

// What other threads count, and the test waits for.
class Seen {
 public:
  void add(std::string what) {
    const std::lock_guard lock(mutex_);
    list_.push_back(std::move(what));
    more_.notify_all();
  }
  std::vector<std::string> list() const {
    const std::lock_guard lock(mutex_);
    return list_;
  }
  // At most a minute: then the test fails by what it looks at next.
  bool wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    return more_.wait_for(lock, std::chrono::seconds(60), [&] { return list_.size() >= count; });
  }
  // The same for the first that has `text` in it: what else may be said, on a slow machine, comes before or after.
  bool wait(std::string_view text) {
    std::unique_lock lock(mutex_);
    return more_.wait_for(lock, std::chrono::seconds(60), [&] {
      return std::ranges::any_of(list_, [&](const auto& said) { return said.contains(text); });
    });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable more_;
  std::vector<std::string> list_;
};

// Runs a consumer on a thread of its own; stop() gives what run() said.
class Running {
 public:
  explicit Running(Consumer& consumer)
      : thread_([&consumer, this](std::stop_token stop) { result_ = consumer.run(stop); }) {}
  Result<> stop() {
    thread_.request_stop();
    return wait();
  }
  Result<> wait() {
    thread_.join();
    return result_;
  }

 private:
  Result<> result_;
  std::jthread thread_;
};

}  // namespace thalweg::client
