// The clients of the crash test `tests/system/kill9`, and of the test of fail-over, on librdkafka. They keep going
// while servers die and come back.
//
//   crash_client produce BOOTSTRAP TOPIC PARTITIONS RATE   commands on stdin: `mark`, `gaps`, `stop`
//   crash_client stock BOOTSTRAP TOPIC PARTITIONS RATE     the same with the library's own settings, at linger 0
//   crash_client patient BOOTSTRAP TOPIC PARTITIONS RATE   the same, with one request at a time and none given up
//   crash_client group BOOTSTRAP TOPIC GROUP MEMBERS       command on stdin: `until N0 N1 …`
//   crash_client committed BOOTSTRAP TOPIC GROUP PARTITIONS  prints `committed OFFSET0 OFFSET1 …`
//   crash_client read BOOTSTRAP TOPIC PARTITIONS           prints every record: `PARTITION OFFSET VALUE`
//   crash_client follow BOOTSTRAP TOPIC PARTITIONS         the same, as they come; command on stdin: `until N0 N1 …`
//
// A record's value is its number within its partition, 0, 1, 2, …; its partition is chosen by the program. The producer
// is idempotent with acks=all and never gives up on a record, so what it prints as acknowledged must be there once, in
// order. `gaps` asks how long each partition went without an acknowledgement, at most, since it was asked before.
#include <fmt/core.h>
#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using SteadyClock = std::chrono::steady_clock;
using Settings = std::initializer_list<std::pair<const char*, std::string>>;

struct DestroyClient {
  void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
};
struct DestroyMessage {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
struct DestroyPartitions {
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
};
using Client = std::unique_ptr<rd_kafka_t, DestroyClient>;
using Message = std::unique_ptr<rd_kafka_message_t, DestroyMessage>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, DestroyPartitions>;

[[noreturn]] void fail(std::string_view why) {
  fmt::print(stderr, "FAILED: {}\n", why);
  std::_Exit(1);
}

void set_all(rd_kafka_conf_t* conf, Settings settings) {
  char error[256];
  for (const auto& [name, value] : settings)
    if (rd_kafka_conf_set(conf, name, value.c_str(), error, sizeof error) != RD_KAFKA_CONF_OK) fail(error);
}

rd_kafka_conf_t* stock_conf(const std::string& bootstrap, Settings settings) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  set_all(conf, {{"bootstrap.servers", bootstrap}, {"broker.address.family", "v4"}, {"log_level", "0"}});
  set_all(conf, settings);
  return conf;
}

// Comes back at once: the pause after the restart should be the server's.
rd_kafka_conf_t* new_conf(const std::string& bootstrap, Settings settings) {
  rd_kafka_conf_t* conf = stock_conf(bootstrap, {{"reconnect.backoff.ms", "10"}, {"reconnect.backoff.max.ms", "100"}});
  set_all(conf, settings);
  return conf;
}

// Of producers that never give up. The first waits for nothing; the other is what people have who set nothing.
rd_kafka_conf_t* eager_producer(const std::string& bootstrap) {
  return new_conf(bootstrap, {{"enable.idempotence", "true"},
                              {"acks", "all"},
                              {"linger.ms", "2"},
                              {"retry.backoff.ms", "20"},
                              {"topic.metadata.refresh.interval.ms", "1000"},
                              {"socket.timeout.ms", "5000"},
                              {"message.timeout.ms", "0"}});
}
rd_kafka_conf_t* stock_producer(const std::string& bootstrap) {
  return stock_conf(bootstrap, {{"enable.idempotence", "true"},
                                {"acks", "all"},
                                {"linger.ms", "0"},
                                {"max.in.flight.requests.per.connection", "1"}});  // see patient_producer()
}

Client new_client(rd_kafka_type_t type, rd_kafka_conf_t* conf) {
  char error[256];
  Client client(rd_kafka_new(type, conf, error, sizeof error));
  if (!client) fail(error);
  if (type == RD_KAFKA_CONSUMER) rd_kafka_poll_set_consumer(client.get());
  return client;
}

std::int64_t parse(std::string_view text) {
  std::int64_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) fail("not a number");
  return value;
}

// A whole line from standard input if one is there; the driver writes one line at a time.
bool read_command(std::string& line) {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  if (poll(&input, 1, 0) != 1) return false;
  if (!std::getline(std::cin, line)) fail("the driver is gone");
  return true;
}

// Of `until 3 4 5`: 3, 4 and 5.
std::vector<std::int64_t> numbers_after_word(const std::string& line) {
  std::istringstream words(line);
  std::string word;
  words >> word;
  std::vector<std::int64_t> numbers;
  for (std::int64_t number; words >> number;) numbers.push_back(number);
  return numbers;
}

// ---- produce

// Idempotent, one request at a time, none given up: librdkafka before 2.3 takes what it gave up, or lost the connection
// of, for written, and ends when it was not and more was under way.
rd_kafka_conf_t* patient_producer(const std::string& bootstrap) {
  return new_conf(bootstrap, {{"enable.idempotence", "true"},
                              {"acks", "all"},
                              {"linger.ms", "2"},
                              {"retry.backoff.ms", "20"},
                              {"max.in.flight.requests.per.connection", "1"},
                              {"topic.metadata.refresh.interval.ms", "1000"},
                              {"message.timeout.ms", "0"}});
}

using MakeProducer = rd_kafka_conf_t* (*)(const std::string& bootstrap);
const std::map<std::string, MakeProducer>& producers() {
  static const std::map<std::string, MakeProducer> all{
      {"produce", eager_producer}, {"stock", stock_producer}, {"patient", patient_producer}};
  return all;
}

class Producer {
 public:
  Producer(rd_kafka_conf_t* conf, std::string topic, int partitions, int rate)
      : topic_(std::move(topic)),
        rate_(rate),
        sent_(partitions),
        acknowledged_(partitions),
        waits_(partitions, Wait{SteadyClock::now(), {}}) {
    rd_kafka_conf_set_opaque(conf, this);
    rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
      static_cast<Producer*>(self)->delivered(*message);
    });
    client_ = new_client(RD_KAFKA_PRODUCER, conf);
  }

  void run() {
    const auto started = SteadyClock::now();
    std::string command;
    for (std::int64_t total = 0;; ++total) {
      while (SteadyClock::now() < started + std::chrono::microseconds(total * 1'000'000 / rate_)) {
        rd_kafka_poll(client_.get(), 1);
      }
      send(static_cast<int>(total % static_cast<std::int64_t>(sent_.size())));
      rd_kafka_poll(client_.get(), 0);
      if (!read_command(command)) continue;
      if (command == "stop") break;
      if (command == "gaps") {
        print_gaps();
        continue;
      }
      marked_ = SteadyClock::now();
      waiting_for_ack_ = true;
    }
    finish();
  }

 private:
  void send(int partition) {
    const std::string value = std::to_string(sent_[partition]);
    for (;;) {
      const auto error =
          rd_kafka_producev(client_.get(), RD_KAFKA_V_TOPIC(topic_.c_str()), RD_KAFKA_V_PARTITION(partition),
                            RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) break;
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) fail(fmt::format("produce: {}", rd_kafka_err2str(error)));
      rd_kafka_poll(client_.get(), 10);
    }
    ++sent_[partition];
  }

  void delivered(const rd_kafka_message_t& message) {
    if (message.err) fail(fmt::format("a record was given up: {}: {}", rd_kafka_err2name(message.err), fatal_error()));
    const std::int64_t number = parse({static_cast<const char*>(message.payload), message.len});
    std::int64_t& next = acknowledged_[message.partition];
    if (number != next)
      fail(fmt::format("partition {}: {} acknowledged, expected {}", message.partition, number, next));
    ++next;
    waits_[message.partition].acknowledged(SteadyClock::now());
    if (!waiting_for_ack_) return;
    waiting_for_ack_ = false;
    const auto waited = std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - marked_);
    fmt::print("first_ack_us {}\n", waited.count());
    std::fflush(stdout);
  }

  void print_gaps() {
    const auto now = SteadyClock::now();
    fmt::print("gaps_us");
    for (Wait& wait : waits_) {
      fmt::print(" {}", std::chrono::duration_cast<std::chrono::microseconds>(wait.longest_until(now)).count());
      wait.longest = {};
    }
    fmt::print("\n");
    std::fflush(stdout);
  }

  std::string fatal_error() const {
    char text[256] = "not fatal";
    rd_kafka_fatal_error(client_.get(), text, sizeof text);
    return text;
  }

  void finish() {
    if (rd_kafka_flush(client_.get(), 60'000) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      fail(
          fmt::format("{} records are still unacknowledged a minute after the last", rd_kafka_outq_len(client_.get())));
    }
    fmt::print("acknowledged");
    for (std::int64_t count : acknowledged_) fmt::print(" {}", count);
    fmt::print("\n");
    std::fflush(stdout);
  }

  // Between two acknowledgements of a partition.
  struct Wait {
    SteadyClock::time_point last;
    SteadyClock::duration longest;
    SteadyClock::duration longest_until(SteadyClock::time_point now) const { return std::max(longest, now - last); }
    void acknowledged(SteadyClock::time_point now) {
      longest = longest_until(now);
      last = now;
    }
  };

  const std::string topic_;
  const int rate_;
  std::vector<std::int64_t> sent_;          // next number of each partition
  std::vector<std::int64_t> acknowledged_;  // numbers below are acknowledged
  std::vector<Wait> waits_;
  SteadyClock::time_point marked_;
  bool waiting_for_ack_ = false;
  Client client_;
};

// ---- group

// What the members of the group have seen together, and what they were told is committed. A group may see a record
// again after a crash, since a commit may be lost with the server, but never miss one: no commit may run ahead of what
// was read.
class Seen {
 public:
  explicit Seen(int partitions) : next_(partitions), committed_(partitions) {}

  void take(int partition, std::int64_t number) {
    std::int64_t next = next_[partition].load();
    if (number > next) fail(fmt::format("group: partition {} jumps from {} to {}", partition, next, number));
    if (number < next) {
      ++repeated_;
    } else {
      next_[partition].store(next + 1);
    }
  }
  void committed(int partition, std::int64_t offset) {
    if (offset > next_[partition].load())
      fail(fmt::format("group: partition {} is committed to {}", partition, offset));
    committed_[partition].store(offset);
  }
  bool reached(const std::vector<std::int64_t>& ends) const {
    for (std::size_t p = 0; p < ends.size(); ++p) {
      if (next_[p].load() < ends[p] || committed_[p].load() < ends[p]) return false;
    }
    return true;
  }
  std::string progress() const {
    std::string text;
    for (std::size_t p = 0; p < next_.size(); ++p)
      if (next_[p].load() > 0) text += fmt::format(" {} ({} committed)", next_[p].load(), committed_[p].load());
    return text;
  }
  std::int64_t repeated() const { return repeated_.load(); }

 private:
  std::vector<std::atomic<std::int64_t>> next_, committed_;
  std::atomic<std::int64_t> repeated_ = 0;
};

// On the thread of the member that polls.
void on_commit(rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* offsets, void* seen) {
  for (int i = 0; !error && i < offsets->cnt; ++i) {
    const auto& one = offsets->elems[i];
    if (!one.err && one.offset >= 0) static_cast<Seen*>(seen)->committed(one.partition, one.offset);
  }
}

void consume_as_member(std::string bootstrap, std::string topic, std::string group, Seen& seen,
                       const std::atomic<bool>& stop) {
  rd_kafka_conf_t* conf = new_conf(bootstrap, {{"group.id", group},
                                               {"auto.offset.reset", "earliest"},
                                               {"auto.commit.interval.ms", "200"},
                                               {"session.timeout.ms", "6000"},
                                               {"heartbeat.interval.ms", "300"},
                                               {"fetch.wait.max.ms", "100"},
                                               {"fetch.error.backoff.ms", "20"}});
  rd_kafka_conf_set_opaque(conf, &seen);
  rd_kafka_conf_set_offset_commit_cb(conf, on_commit);
  Client client = new_client(RD_KAFKA_CONSUMER, conf);
  Partitions subscription(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(subscription.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  if (rd_kafka_subscribe(client.get(), subscription.get())) fail("subscribe");
  while (!stop) {
    Message message(rd_kafka_consumer_poll(client.get(), 50));
    if (!message) continue;
    if (!message->err) {
      seen.take(message->partition, parse({static_cast<const char*>(message->payload), message->len}));
    } else if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
               message->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
      fail(fmt::format("group: {}", rd_kafka_message_errstr(message.get())));
    }
  }
  rd_kafka_consumer_close(client.get());
}

void run_group(const std::string& bootstrap, const std::string& topic, const std::string& group, int members) {
  constexpr int kPartitionsMax = 64;
  Seen seen(kPartitionsMax);
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < members; ++i) {
    threads.emplace_back(consume_as_member, bootstrap, topic, group, std::ref(seen), std::cref(stop));
  }
  std::string line;
  if (!std::getline(std::cin, line)) fail("the driver is gone");
  const std::vector<std::int64_t> ends = numbers_after_word(line);
  const auto limit = SteadyClock::now() + std::chrono::seconds(60);
  while (!seen.reached(ends)) {
    if (SteadyClock::now() > limit)
      fail(fmt::format("group: a minute after the last record the group is at{}", seen.progress()));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  stop = true;
  for (std::thread& t : threads) t.join();
  fmt::print("repeated {}\n", seen.repeated());
}

// ---- committed

void print_committed(const std::string& bootstrap, const std::string& topic, const std::string& group, int partitions) {
  Client client = new_client(RD_KAFKA_CONSUMER, new_conf(bootstrap, {{"group.id", group}}));
  Partitions asked(rd_kafka_topic_partition_list_new(partitions));
  for (int p = 0; p < partitions; ++p) rd_kafka_topic_partition_list_add(asked.get(), topic.c_str(), p);
  const auto limit = SteadyClock::now() + std::chrono::seconds(20);
  // The coordinator may still be loading.
  while (const auto error = rd_kafka_committed(client.get(), asked.get(), 5'000)) {
    if (SteadyClock::now() > limit) fail(fmt::format("committed: {}", rd_kafka_err2str(error)));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  fmt::print("committed");
  for (int p = 0; p < partitions; ++p) fmt::print(" {}", asked->elems[p].offset);
  fmt::print("\n");
}

// ---- read, follow

class Reader {
 public:
  Reader(const std::string& bootstrap, const std::string& topic, int partitions) : next_(partitions) {
    client_ = new_client(RD_KAFKA_CONSUMER, new_conf(bootstrap, {{"group.id", "crash-read"},
                                                                 {"enable.auto.commit", "false"},
                                                                 {"enable.partition.eof", "true"},
                                                                 {"auto.offset.reset", "error"},
                                                                 {"check.crcs", "true"},
                                                                 {"topic.metadata.refresh.interval.ms", "1000"},
                                                                 {"fetch.error.backoff.ms", "20"},
                                                                 {"fetch.wait.max.ms", "50"}}));
    Partitions assignment(rd_kafka_topic_partition_list_new(partitions));
    for (int p = 0; p < partitions; ++p) {
      rd_kafka_topic_partition_list_add(assignment.get(), topic.c_str(), p)->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_assign(client_.get(), assignment.get());
  }
  ~Reader() { rd_kafka_consumer_close(client_.get()); }

  // Every record up to the end that the log has now.
  void read_all() {
    for (std::size_t ended = 0; ended < next_.size();) {
      Message message(rd_kafka_consumer_poll(client_.get(), 20'000));
      if (!message) fail("no record and no end within 20 s");
      if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        ++ended;
      } else if (message->err) {
        fail(rd_kafka_message_errstr(message.get()));
      } else {
        print(*message);
      }
    }
  }

  // Servers may come and go meanwhile. That the log no longer reaches to where it was read is no such thing.
  void follow() {
    std::vector<std::int64_t> ends;
    std::string command;
    auto limit = SteadyClock::time_point::max();
    while (ends.empty() || !reached(ends)) {
      Message message(rd_kafka_consumer_poll(client_.get(), 50));
      if (message && !message->err) print(*message);
      if (message && (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
                      message->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)) {
        fail(fmt::format("partition {}, read up to {}: {}", message->partition, next_[message->partition],
                         rd_kafka_message_errstr(message.get())));
      }
      if (ends.empty() && read_command(command)) {
        ends = numbers_after_word(command);
        limit = SteadyClock::now() + std::chrono::seconds(60);
      }
      if (SteadyClock::now() > limit)
        fail(fmt::format("a minute after the last record the reader is at{}", progress()));
    }
  }

 private:
  void print(const rd_kafka_message_t& message) {
    fmt::print("{} {} {}\n", message.partition, message.offset,
               std::string_view(static_cast<const char*>(message.payload), message.len));
    next_[message.partition] = message.offset + 1;
  }
  bool reached(const std::vector<std::int64_t>& ends) const {
    for (std::size_t p = 0; p < ends.size(); ++p)
      if (next_[p] < ends[p]) return false;
    return true;
  }
  std::string progress() const {
    std::string text;
    for (const std::int64_t next : next_) text += fmt::format(" {}", next);
    return text;
  }

  std::vector<std::int64_t> next_;
  Client client_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() == 5 && producers().contains(args[0])) {
    Producer(producers().at(args[0])(args[1]), args[2], static_cast<int>(parse(args[3])),
             static_cast<int>(parse(args[4])))
        .run();
  } else if (args.size() == 5 && args[0] == "group") {
    run_group(args[1], args[2], args[3], static_cast<int>(parse(args[4])));
  } else if (args.size() == 5 && args[0] == "committed") {
    print_committed(args[1], args[2], args[3], static_cast<int>(parse(args[4])));
  } else if (args.size() == 4 && args[0] == "read") {
    Reader(args[1], args[2], static_cast<int>(parse(args[3]))).read_all();
  } else if (args.size() == 4 && args[0] == "follow") {
    Reader(args[1], args[2], static_cast<int>(parse(args[3]))).follow();
  } else {
    fmt::print(
        stderr,
        "usage: crash_client produce|stock|patient|group|committed|read|follow …, see the head of crash_client.cc\n");
    return 2;
  }
  return 0;
}
