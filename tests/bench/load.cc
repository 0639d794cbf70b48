// The load generator of `tests/bench/run`, on librdkafka. One JSON object on standard output.
//
//   load produce BOOTSTRAP TOPIC SECONDS SIZE [key=value …]        as fast as it goes
//   load fill BOOTSTRAP TOPIC BYTES SIZE [key=value …]             orders as JSON, until so many bytes are there
//   load latency BOOTSTRAP TOPIC SECONDS SIZE RATE [key=value …]   paced, from the send to a tailing consumer
//   load consume BOOTSTRAP TOPIC PARTITIONS RECORDS [key=value …]  from the beginning
//
// key=value are librdkafka's settings. Payloads are random letters, or orders: a thousand different ones, taken in
// turn.
#include <fmt/core.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "order_text.h"

namespace {

using SteadyClock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

struct DestroyClient {
  void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
};
struct DestroyTopic {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};
struct DestroyQueue {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};
using Client = std::unique_ptr<rd_kafka_t, DestroyClient>;
using Topic = std::unique_ptr<rd_kafka_topic_t, DestroyTopic>;
using Queue = std::unique_ptr<rd_kafka_queue_t, DestroyQueue>;

[[noreturn]] void fail(std::string_view why) {
  fmt::print(stderr, "FAILED: {}\n", why);
  std::_Exit(1);
}

std::int64_t parse(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) fail(fmt::format("not a number: {}", text));
  return value;
}

double since(SteadyClock::time_point start) { return Seconds(SteadyClock::now() - start).count(); }

struct Target {
  std::string bootstrap;
  std::string topic;
  std::vector<std::string> settings;  // key=value
};

rd_kafka_conf_t* new_conf(const Target& target, std::initializer_list<std::string> own) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  auto set = [&](std::string_view setting) {
    const std::string name(setting.substr(0, setting.find('=')));
    const std::string value(setting.substr(std::min(name.size() + 1, setting.size())));
    char error[256];
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error, sizeof error) != RD_KAFKA_CONF_OK) fail(error);
  };
  set("bootstrap.servers=" + target.bootstrap);
  set("broker.address.family=v4");
  set("socket.nagle.disable=true");
  for (const std::string& setting : own) set(setting);
  for (const std::string& setting : target.settings) set(setting);
  return conf;
}

// What was delivered; lives as long as its producer, whose callback counts into it.
struct Deliveries {
  std::uint64_t acknowledged = 0;
  std::uint64_t failed = 0;
};

Client new_producer(const Target& target, Deliveries& deliveries) {
  rd_kafka_conf_t* conf =
      new_conf(target, {"acks=all", "queue.buffering.max.messages=500000", "queue.buffering.max.kbytes=131072"});
  rd_kafka_conf_set_opaque(conf, &deliveries);
  rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void* counted) {
    auto& d = *static_cast<Deliveries*>(counted);
    if (message->err && d.failed == 0) fmt::print(stderr, "delivery: {}\n", rd_kafka_err2str(message->err));
    ++(message->err ? d.failed : d.acknowledged);
  });
  char error[256];
  Client client(rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error));
  if (!client) fail(error);
  return client;
}

Client new_consumer(const Target& target, int partitions, std::int64_t offset) {
  char error[256];
  rd_kafka_conf_t* conf = new_conf(target, {"group.id=load", "enable.auto.commit=false", "fetch.wait.max.ms=500"});
  Client client(rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error));
  if (!client) fail(error);
  rd_kafka_poll_set_consumer(client.get());
  rd_kafka_topic_partition_list_t* assignment = rd_kafka_topic_partition_list_new(partitions);
  for (int p = 0; p < partitions; ++p)
    rd_kafka_topic_partition_list_add(assignment, target.topic.c_str(), p)->offset = offset;
  rd_kafka_assign(client.get(), assignment);
  rd_kafka_topic_partition_list_destroy(assignment);
  return client;
}

class Payloads {
 public:
  explicit Payloads(std::size_t size) : size_(size), letters_(kCount * size) {
    std::minstd_rand random(1);
    for (char& c : letters_) c = static_cast<char>('A' + random() % 26);
  }
  std::span<char> at(std::uint64_t i) { return {letters_.data() + (i % kCount) * size_, size_}; }

 private:
  static constexpr std::size_t kCount = 1024;
  const std::size_t size_;
  std::vector<char> letters_;
};

void flush(rd_kafka_t* producer) {
  if (rd_kafka_flush(producer, 120'000) != RD_KAFKA_RESP_ERR_NO_ERROR)
    fail("records are unacknowledged two minutes after the last");
}

// ---- produce

// `payload(i)` is the ith one's bytes, which outlive the producer, so librdkafka need not copy them; sends for as long
// as `goes_on(bytes sent)`.
template <class Payload, class GoesOn>
void send(const Target& target, Payload payload, GoesOn goes_on) {
  Deliveries deliveries;
  Client producer = new_producer(target, deliveries);
  Topic topic(rd_kafka_topic_new(producer.get(), target.topic.c_str(), nullptr));
  std::uint64_t bytes = 0, records = 0;
  const auto start = SteadyClock::now();
  for (; goes_on(bytes); ++records) {
    const std::span<char> next = payload(records);
    while (rd_kafka_produce(topic.get(), RD_KAFKA_PARTITION_UA, 0, next.data(), next.size(), nullptr, 0, nullptr) != 0)
      rd_kafka_poll(producer.get(), 10);
    bytes += next.size();
    if (records % 64 == 0) rd_kafka_poll(producer.get(), 0);
  }
  flush(producer.get());
  const double took = since(start);
  const auto count = static_cast<double>(deliveries.acknowledged);
  const double each = static_cast<double>(bytes) / static_cast<double>(std::max<std::uint64_t>(records, 1));
  fmt::print(
      R"({{"acknowledged": {}, "failed": {}, "seconds": {:.3f}, "records_per_second": {:.0f}, "mb_per_second": {:.1f}}})"
      "\n",
      deliveries.acknowledged, deliveries.failed, took, count / took, count * each / took / 1e6);
}

void produce(const Target& target, double seconds, std::size_t size) {
  Payloads payloads(size);
  const auto start = SteadyClock::now();
  send(target, [&](std::uint64_t i) { return payloads.at(i); }, [&](std::uint64_t) { return since(start) < seconds; });
}

void fill(const Target& target, std::uint64_t wanted, std::size_t size) {
  std::vector<std::string> orders;
  for (std::uint64_t i = 0; i < 1000; ++i) orders.push_back(thalweg::order_text(i, size));
  send(
      target, [&](std::uint64_t i) -> std::span<char> { return orders[i % orders.size()]; },
      [&](std::uint64_t bytes) { return bytes < wanted; });
}

// ---- latency

// Reads the tail of partition 0. A record begins with the moment at which it was due, in nanoseconds of the steady
// clock.
class Tail {
 public:
  explicit Tail(const Target& target)
      : client_(new_consumer(target, 1, RD_KAFKA_OFFSET_END)), thread_([this] { run(); }) {}

  std::vector<double> stop() {
    stopping_ = true;
    thread_.join();
    return std::move(milliseconds_);
  }

 private:
  void run() {
    while (!stopping_) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(client_.get(), 10);
      if (message == nullptr) continue;
      if (!message->err && message->len >= sizeof(std::int64_t)) {
        std::int64_t due = 0;
        std::memcpy(&due, message->payload, sizeof due);
        const std::int64_t now = SteadyClock::now().time_since_epoch().count();
        if (due > 0) milliseconds_.push_back(static_cast<double>(now - due) / 1e6);
      }
      rd_kafka_message_destroy(message);
    }
  }

  Client client_;
  std::atomic<bool> stopping_ = false;
  std::vector<double> milliseconds_;
  std::thread thread_;
};

double quantile(const std::vector<double>& sorted, double q) {
  if (sorted.empty()) return NAN;
  return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(q * static_cast<double>(sorted.size())))];
}

// Latency counts from the moment at which a record was due, not from when it could be sent: a stall is charged to every
// record that it delayed.
void latency(const Target& target, double seconds, std::size_t size, double rate) {
  constexpr double kWarmUpSeconds = 2;
  Payloads payloads(std::max(size, sizeof(std::int64_t)));
  Deliveries deliveries;
  Client producer = new_producer(target, deliveries);
  Topic topic(rd_kafka_topic_new(producer.get(), target.topic.c_str(), nullptr));
  Tail tail(target);
  std::this_thread::sleep_for(std::chrono::seconds(2));  // the consumer finds its place
  const auto start = SteadyClock::now();
  const auto count = static_cast<std::uint64_t>((seconds + kWarmUpSeconds) * rate);
  for (std::uint64_t i = 0; i < count; ++i) {
    const Seconds offset(static_cast<double>(i) / rate);
    const auto due = start + std::chrono::duration_cast<SteadyClock::duration>(offset);
    while (SteadyClock::now() < due) {
      std::this_thread::sleep_for(
          std::min<SteadyClock::duration>(due - SteadyClock::now(), std::chrono::milliseconds(1)));
      rd_kafka_poll(producer.get(), 0);
    }
    const std::int64_t stamp = offset.count() < kWarmUpSeconds ? 0 : due.time_since_epoch().count();
    const std::span<char> payload = payloads.at(i);
    std::memcpy(payload.data(), &stamp, sizeof stamp);
    while (rd_kafka_produce(topic.get(), 0, RD_KAFKA_MSG_F_COPY, payload.data(), payload.size(), nullptr, 0, nullptr) !=
           0) {
      rd_kafka_poll(producer.get(), 1);
    }
    rd_kafka_poll(producer.get(), 0);
  }
  flush(producer.get());
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  std::vector<double> ms = tail.stop();
  std::ranges::sort(ms);
  fmt::print(R"({{"sent": {}, "acknowledged": {}, "failed": {}, "received": {}, "p50_ms": {:.3f}, "p99_ms": {:.3f}, )"
             R"("p999_ms": {:.3f}, "max_ms": {:.1f}}})"
             "\n",
             count, deliveries.acknowledged, deliveries.failed, ms.size(), quantile(ms, 0.5), quantile(ms, 0.99),
             quantile(ms, 0.999), quantile(ms, 1));
}

// ---- consume

void consume(const Target& target, int partitions, std::uint64_t wanted) {
  Client consumer = new_consumer(target, partitions, RD_KAFKA_OFFSET_BEGINNING);
  Queue queue(rd_kafka_queue_get_consumer(consumer.get()));
  std::vector<rd_kafka_message_t*> batch(4000);
  std::uint64_t records = 0, bytes = 0;
  auto first = SteadyClock::now(), last = first;
  while (records < wanted && since(last) < 15) {
    const ssize_t count = rd_kafka_consume_batch_queue(queue.get(), 10, batch.data(), batch.size());
    if (count <= 0) continue;
    last = SteadyClock::now();
    if (records == 0) first = last;
    for (rd_kafka_message_t* message : std::span(batch).first(static_cast<std::size_t>(count))) {
      if (!message->err) {
        ++records;
        bytes += message->len;
      }
      rd_kafka_message_destroy(message);
    }
  }
  const double took = Seconds(last - first).count();
  fmt::print(R"({{"records": {}, "seconds": {:.3f}, "records_per_second": {:.0f}, "mb_per_second": {:.1f}}})"
             "\n",
             records, took, static_cast<double>(records) / took, static_cast<double>(bytes) / took / 1e6);
  if (records < wanted) fail(fmt::format("{} of {} records came", records, wanted));
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> positional, settings;
  for (std::string_view arg : std::span(argv + 1, static_cast<std::size_t>(argc - 1))) {
    (arg.find('=') == arg.npos ? positional : settings).emplace_back(arg);
  }
  auto is = [&](std::string_view mode, std::size_t count) {
    return positional.size() == count && positional[0] == mode;
  };
  if (is("produce", 5)) {
    produce({positional[1], positional[2], settings}, static_cast<double>(parse(positional[3])),
            static_cast<std::size_t>(parse(positional[4])));
  } else if (is("fill", 5)) {
    fill({positional[1], positional[2], settings}, static_cast<std::uint64_t>(parse(positional[3])),
         static_cast<std::size_t>(parse(positional[4])));
  } else if (is("latency", 6)) {
    latency({positional[1], positional[2], settings}, static_cast<double>(parse(positional[3])),
            static_cast<std::size_t>(parse(positional[4])), static_cast<double>(parse(positional[5])));
  } else if (is("consume", 5)) {
    consume({positional[1], positional[2], settings}, static_cast<int>(parse(positional[3])),
            static_cast<std::uint64_t>(parse(positional[4])));
  } else {
    fmt::print(stderr, "usage: load produce|fill|latency|consume …, see the head of load.cc\n");
    return 2;
  }
  return 0;
}
