#include "client/producer_core.h"

#include <algorithm>
#include <cstdio>

namespace thalweg::client {

struct Topic {
  std::string name;
  TopicHandle handle;
  std::optional<ProducedCells> cells;
};

namespace {

const char* name_of(Acks acks) { return acks == Acks::kAll ? "all" : acks == Acks::kLeader ? "1" : "0"; }

const char* name_of(Compression compression) {
  constexpr std::array kNames{"none", "gzip", "snappy", "lz4", "zstd"};
  return kNames[static_cast<std::size_t>(compression)];
}

void configure(Conf& conf, const ProducerConfig& config, milliseconds linger) {
  conf.set("bootstrap.servers", config.brokers);
  conf.set("acks", name_of(config.acks));
  conf.set("enable.idempotence", config.acks == Acks::kAll ? "true" : "false");
  conf.set("compression.type", name_of(config.compression));
  conf.set("linger.ms", std::to_string(config.linger.value_or(linger).count()));
  conf.set("delivery.timeout.ms", std::to_string(config.delivery_timeout.count()));
  conf.set("partitioner", "murmur2_random");  // as Java's; librdkafka's own spreads keys otherwise
  // The bound is ours, so that whoever waits for room sleeps; librdkafka's is out of the way.
  conf.set("queue.buffering.max.messages",
           std::to_string(std::min<std::size_t>(config.queue_messages * 2 + 10'000, 10'000'000)));
  conf.set("queue.buffering.max.kbytes",
           std::to_string(std::min<std::size_t>(config.queue_bytes / 1024 * 2 + 1024, 2147483647)));
  if (config.transactional_id) {
    conf.set("transactional.id", *config.transactional_id);
    // A message may not outlive its transaction, and Kafka's minute is less than our two.
    conf.set("transaction.timeout.ms", std::to_string(std::max<milliseconds>(config.delivery_timeout, 1min).count()));
  }
  if (config.queue_messages == 0 || config.queue_bytes == 0)
    conf.reject("queue_messages and queue_bytes must be above 0");
  conf.set_all(config.properties);
}

}  // namespace

ErrorHandler or_standard_error(ErrorHandler handler) {
  if (handler) return handler;
  return [](const Error& error) { std::fprintf(stderr, "thalweg-client: %s\n", error.message.c_str()); };
}

Result<> guarded(const std::function<Result<>()>& body) try { return body(); } catch (const std::exception& e) {
  return fail(e.what());
} catch (...) {
  return fail("something was thrown that is not a std::exception");
}

ProducerCore::ProducerCore(ProducerConfig config)
    : config_(std::move(config)), on_error_(or_standard_error(config_.on_error)) {}

Result<std::unique_ptr<ProducerCore>> ProducerCore::open(ProducerConfig config, milliseconds linger) {
  std::unique_ptr<ProducerCore> core(new ProducerCore(std::move(config)));
  Conf conf;
  configure(conf, core->config_, linger);
  rd_kafka_conf_set_opaque(conf.get(), core.get());
  // As events, not as callbacks: rd_kafka_flush() would run those on the thread that flushes, beside ours.
  rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_DR);
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t* handle, int code, const char* reason, void* self) {
    const auto& core = *static_cast<ProducerCore*>(self);
    (void)guarded([&]() -> Result<> {
      core.on_error_(error_from_callback(handle, code, reason));
      return {};
    });
  });
  auto handle = conf.open(RD_KAFKA_PRODUCER);
  if (!handle) return std::unexpected(handle.error());
  core->handle_ = *std::move(handle);
  core->events_ = std::jthread([core = core.get()](std::stop_token stop) { core->poll_until(stop); });
  return core;
}

ProducerCore::~ProducerCore() { (void)close(5s); }

void ProducerCore::poll_until(std::stop_token stop) {
  QueueHandle queue(rd_kafka_queue_get_main(handle_.get()));
  const std::stop_callback wake(stop, [&] { rd_kafka_queue_yield(queue.get()); });
  std::vector<const rd_kafka_message_t*> messages;
  while (!stop.stop_requested()) {
    rd_kafka_event_t* const event = rd_kafka_queue_poll(queue.get(), 1000);
    if (!event) continue;
    if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR) {
      messages.resize(rd_kafka_event_message_count(event));
      messages.resize(rd_kafka_event_message_array(event, messages.data(), messages.size()));
      answer_all(messages);
    }
    rd_kafka_event_destroy(event);
  }
}

struct Topic* ProducerCore::topic(const std::string& name) {
  // None is ever forgotten before the producer is closed.
  if (auto* const last = last_topic_.load(std::memory_order_acquire); last && last->name == name) return last;
  {
    const std::shared_lock lock(topics_mutex_);
    if (const auto found = topics_.find(name); found != topics_.end()) {
      last_topic_.store(found->second.get(), std::memory_order_release);
      return found->second.get();
    }
  }
  const std::unique_lock lock(topics_mutex_);
  auto& topic = topics_[name];
  if (topic) return topic.get();
  TopicHandle handle(rd_kafka_topic_new(handle_.get(), name.c_str(), nullptr));
  if (!handle) {
    topics_.erase(name);
    return nullptr;
  }
  topic = std::make_unique<Topic>();
  topic->name = name;
  topic->handle = std::move(handle);
  if (config_.metrics) topic->cells.emplace(config_.metrics->cells(), name);
  return topic.get();
}

Error ProducerCore::closed() const {
  return {.code = RD_KAFKA_RESP_ERR__DESTROY, .message = "this producer is closed"};
}

void ProducerCore::report(const Error& error) const {
  (void)guarded([&]() -> Result<> {
    on_error_(error);
    return {};
  });
}

// A call that is inside: either it sees that the producer is closed, or close() sees it and waits.
class ProducerCore::Use {
 public:
  explicit Use(ProducerCore& core) : core_(core) { core_.uses_.fetch_add(1); }
  ~Use() {
    if (core_.uses_.fetch_sub(1) != 1 || !core_.closed_.load()) return;
    const std::lock_guard lock(core_.room_mutex_);
    core_.room_.notify_all();
  }
  explicit operator bool() const { return !core_.closed_.load(); }

 private:
  ProducerCore& core_;
};

Result<> ProducerCore::take_room(std::size_t size, const std::string& topic, milliseconds within) {
  // A message that is larger than the whole bound may go alone.
  const auto fits = [&] {
    const std::size_t messages = messages_.fetch_add(1) + 1, bytes = bytes_.fetch_add(size) + size;
    if (messages <= config_.queue_messages && (bytes <= config_.queue_bytes || messages == 1)) return true;
    messages_.fetch_sub(1);
    bytes_.fetch_sub(size);
    return false;
  };
  if (fits()) return {};
  std::unique_lock lock(room_mutex_);
  waiting_.fetch_add(1);
  bool got = false;
  room_.wait_for(lock, bounded(within), [&] { return closed_.load() || (got = fits()); });
  waiting_.fetch_sub(1);
  if (got) return {};
  if (closed_.load()) return std::unexpected(closed());
  return std::unexpected(no_room(topic, within));
}

Error ProducerCore::no_room(const std::string& topic, milliseconds within) const {
  return {.code = RD_KAFKA_RESP_ERR__QUEUE_FULL,
          .message = "no room for a message to " + topic + " within " + std::to_string(within.count()) +
                     " ms: " + std::to_string(messages_.load()) +
                     " wait for the broker; send slower, or raise queue_messages and queue_bytes",
          .retriable = true};
}

void ProducerCore::give_room(std::size_t messages, std::size_t bytes) {
  messages_.fetch_sub(messages);
  bytes_.fetch_sub(bytes);
  if (waiting_.load() == 0 && !closed_.load()) return;
  const std::lock_guard lock(room_mutex_);
  room_.notify_all();
}

Result<> ProducerCore::send(std::unique_ptr<Pending> pending, milliseconds room_within) {
  const Use use(*this);
  if (!use) return std::unexpected(closed());
  const Message& message = pending->message;
  pending->size = (message.key ? message.key->size() : 0) + (message.value ? message.value->size() : 0) + 64;
  for (const auto& header : message.headers)
    pending->size += header.name.size() + (header.value ? header.value->size() : 0);
  pending->topic = topic(message.topic);
  if (!pending->topic) return std::unexpected(error_of(RD_KAFKA_RESP_ERR__INVALID_ARG, "topic " + message.topic));
  if (auto room = take_room(pending->size, message.topic, room_within); !room) return room;
  const std::size_t size = pending->size;
  auto accepted = produce(std::move(pending), room_within);
  if (!accepted) give_room(1, size);
  return accepted;
}

// Hands it to librdkafka, which has room unless properties made its bound smaller than ours: then an answer makes room.
Result<> ProducerCore::produce(std::unique_ptr<Pending> pending, milliseconds room_within) {
  const Message& message = pending->message;
  rd_kafka_headers_t* headers = message.headers.size() == 0 ? nullptr : rd_kafka_headers_new(message.headers.size());
  for (const auto& header : message.headers)
    rd_kafka_header_add(headers, header.name.c_str(), static_cast<ssize_t>(header.name.size()),
                        header.value ? header.value->data() : nullptr,
                        header.value ? static_cast<ssize_t>(header.value->size()) : 0);
  std::array<rd_kafka_vu_t, 7> parts{};
  std::size_t count = 0;
  parts[count].vtype = RD_KAFKA_VTYPE_RKT;
  parts[count++].u.rkt = pending->topic->handle.get();
  parts[count].vtype = RD_KAFKA_VTYPE_PARTITION;
  parts[count++].u.i32 = message.partition.value_or(RD_KAFKA_PARTITION_UA);
  parts[count].vtype = RD_KAFKA_VTYPE_OPAQUE;
  parts[count++].u.ptr = pending.get();
  const auto bytes = [&](rd_kafka_vtype_t type, const std::string& text) {
    parts[count].vtype = type;
    parts[count].u.mem.ptr = const_cast<char*>(text.data());
    parts[count++].u.mem.size = text.size();
  };
  if (message.key) bytes(RD_KAFKA_VTYPE_KEY, *message.key);
  if (message.value) bytes(RD_KAFKA_VTYPE_VALUE, *message.value);
  if (message.timestamp) {
    parts[count].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
    parts[count++].u.i64 = message.timestamp->time_since_epoch().count();
  }
  if (headers) {
    parts[count].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[count++].u.headers = headers;
  }
  std::optional<std::chrono::steady_clock::time_point> deadline;
  while (rd_kafka_error_t* const error = rd_kafka_produceva(handle_.get(), parts.data(), count)) {
    const auto code = rd_kafka_error_code(error);
    const bool fatal = rd_kafka_error_is_fatal(error) != 0;
    rd_kafka_error_destroy(error);
    const auto now = std::chrono::steady_clock::now();
    if (!deadline) deadline = now + bounded(room_within);
    const bool full = code == RD_KAFKA_RESP_ERR__QUEUE_FULL;
    if (full && now < *deadline && !closed_.load()) {
      std::unique_lock lock(room_mutex_);
      waiting_.fetch_add(1);
      room_.wait_for(lock, 10ms);
      waiting_.fetch_sub(1);
      continue;
    }
    if (headers) rd_kafka_headers_destroy(headers);
    if (full) return std::unexpected(closed_.load() ? closed() : no_room(message.topic, room_within));
    Error ours = error_of(code, "message to " + message.topic);
    ours.fatal = ours.fatal || fatal;
    return std::unexpected(std::move(ours));
  }
  (void)pending.release();  // the answer takes it
  return {};
}

// Room is given for many at once: it is counted where those who send count too.
void ProducerCore::answer_all(std::span<const rd_kafka_message_t* const> messages) {
  constexpr std::size_t kAtOnce = 64;
  for (; !messages.empty(); messages = messages.subspan(std::min(kAtOnce, messages.size()))) {
    const auto some = messages.first(std::min(kAtOnce, messages.size()));
    std::size_t bytes = 0;
    for (const auto* message : some) bytes += answer(*message);
    give_room(some.size(), bytes);
  }
}

// How much room the message took.
std::size_t ProducerCore::answer(const rd_kafka_message_t& message) {
  const std::unique_ptr<Pending> pending(static_cast<Pending*>(message._private));
  auto& cells = pending->topic->cells;
  if (cells) {
    (message.err ? cells->error : cells->success).fetch_add(1, std::memory_order_relaxed);
    const std::int64_t micros = rd_kafka_message_latency(&message);
    if (micros >= 0) cells->duration.observe(std::chrono::microseconds(micros));
  }
  Result<Delivery> result;
  if (message.err) {
    result = std::unexpected(error_of(message.err, "message to " + pending->message.topic));
  } else {
    result = Delivery{{pending->message.topic, message.partition}, message.offset, timestamp_of(message)};
  }
  auto told = guarded([&]() -> Result<> {
    pending->answer(std::move(result));
    return {};
  });
  if (!told) report(told.error());
  return pending->size;
}

Result<> ProducerCore::flush(milliseconds timeout) {
  const Use use(*this);
  if (!use) return {};
  if (const auto code = rd_kafka_flush(handle_.get(), as_int(timeout)); code)
    return std::unexpected(error_of(code, std::to_string(messages_.load()) + " messages are not answered after " +
                                              std::to_string(timeout.count()) + " ms"));
  return {};
}

// Until nothing is left to answer and nobody is inside: who was accepted may not have come to librdkafka yet.
bool ProducerCore::answered_within(milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + bounded(timeout);
  while (true) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
    rd_kafka_flush(handle_.get(), as_int(left));
    std::unique_lock lock(room_mutex_);
    const auto done = [&] { return uses_.load() == 0 && messages_.load() == 0; };
    if (room_.wait_for(lock, std::min<milliseconds>(bounded(left), 10ms), done)) return true;
    if (left <= 0ms) return false;
  }
}

Result<> ProducerCore::close(milliseconds timeout) {
  if (std::this_thread::get_id() == events_.get_id())
    return std::unexpected(Error{.code = RD_KAFKA_RESP_ERR__IN_PROGRESS,
                                 .message = "a producer cannot be closed by its own delivery handler"});
  if (closed_.exchange(true)) return {};
  {
    const std::lock_guard lock(room_mutex_);
    room_.notify_all();
  }
  Result<> result;
  if (!handle_) return result;
  if (!answered_within(timeout)) {
    result = std::unexpected(Error{.code = RD_KAFKA_RESP_ERR__TIMED_OUT,
                                   .message = std::to_string(messages_.load()) +
                                              " messages were given up: the broker had not answered after " +
                                              std::to_string(timeout.count()) + " ms",
                                   .retriable = true});
    do {  // every one of them is answered
      rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    } while (!answered_within(1s));
  }
  events_.request_stop();
  if (events_.joinable()) events_.join();
  topics_.clear();
  handle_.reset();
  return result;
}

void ProducerCore::retire(std::unique_ptr<ProducerCore> core) {
  if (!core || std::this_thread::get_id() != core->events_.get_id()) return;
  std::thread([core = std::move(core)]() mutable { core.reset(); }).detach();
}

}  // namespace thalweg::client
