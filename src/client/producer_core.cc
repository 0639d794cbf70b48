#include "client/producer_core.h"

#include <algorithm>
#include <cstdio>

namespace thalweg::client {

struct Topic {
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
      for (const auto* message : messages) answer(*message);
    }
    rd_kafka_event_destroy(event);
  }
}

struct Topic* ProducerCore::topic(const std::string& name) {
  {
    const std::shared_lock lock(topics_mutex_);
    if (const auto found = topics_.find(name); found != topics_.end()) return found->second.get();
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
  topic->handle = std::move(handle);
  if (config_.metrics) topic->cells.emplace(config_.metrics->cells(), name);
  return topic.get();
}

bool ProducerCore::take_room(std::size_t size, milliseconds within) {
  // A message that is larger than the whole bound may go alone.
  const auto fits = [&] {
    const std::size_t messages = messages_.fetch_add(1) + 1, bytes = bytes_.fetch_add(size) + size;
    if (messages <= config_.queue_messages && (bytes <= config_.queue_bytes || messages == 1)) return true;
    messages_.fetch_sub(1);
    bytes_.fetch_sub(size);
    return false;
  };
  if (fits()) return true;
  std::unique_lock lock(room_mutex_);
  waiting_.fetch_add(1);
  const auto ready = [&] { return closed_.load() || fits(); };
  bool got = true;
  if (within == milliseconds::max())
    room_.wait(lock, ready);
  else
    got = room_.wait_for(lock, within, ready);
  waiting_.fetch_sub(1);
  return got;
}

void ProducerCore::give_room(std::size_t size) {
  messages_.fetch_sub(1);
  bytes_.fetch_sub(size);
  if (waiting_.load() == 0) return;
  const std::lock_guard lock(room_mutex_);
  room_.notify_all();
}

Result<> ProducerCore::send(std::unique_ptr<Pending> pending, milliseconds room_within) {
  const auto closed = [] {
    return std::unexpected(Error{.code = RD_KAFKA_RESP_ERR__DESTROY, .message = "this producer is closed"});
  };
  if (closed_.load()) return closed();
  const Message& message = pending->message;
  Topic* const topic = this->topic(message.topic);
  if (!topic) return std::unexpected(error_of(RD_KAFKA_RESP_ERR__INVALID_ARG, "topic " + message.topic));
  pending->topic = topic;
  pending->size = (message.key ? message.key->size() : 0) + (message.value ? message.value->size() : 0) + 64;
  for (const auto& header : message.headers)
    pending->size += header.name.size() + (header.value ? header.value->size() : 0);
  const auto deadline =
      std::chrono::steady_clock::now() + std::min<milliseconds>(room_within, std::chrono::hours(24 * 365));
  const auto full = [&] {
    return std::unexpected(
        Error{.code = RD_KAFKA_RESP_ERR__QUEUE_FULL,
              .message = "no room for a message to " + message.topic + " within " +
                         std::to_string(room_within.count()) + " ms: " + std::to_string(messages_.load()) +
                         " wait for the broker; send slower, or raise queue_messages and queue_bytes",
              .retriable = true});
  };
  if (!take_room(pending->size, room_within)) return full();
  if (closed_.load()) {
    give_room(pending->size);
    return closed();
  }
  rd_kafka_headers_t* headers = message.headers.size() == 0 ? nullptr : rd_kafka_headers_new(message.headers.size());
  for (const auto& header : message.headers)
    rd_kafka_header_add(headers, header.name.c_str(), static_cast<ssize_t>(header.name.size()),
                        header.value ? header.value->data() : nullptr,
                        header.value ? static_cast<ssize_t>(header.value->size()) : 0);
  while (true) {
    std::array<rd_kafka_vu_t, 7> parts{};
    std::size_t count = 0;
    parts[count].vtype = RD_KAFKA_VTYPE_RKT;
    parts[count++].u.rkt = topic->handle.get();
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
    rd_kafka_error_t* const error = rd_kafka_produceva(handle_.get(), parts.data(), count);
    if (!error) {
      (void)pending.release();  // the answer takes it
      return {};
    }
    if (rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__QUEUE_FULL && std::chrono::steady_clock::now() < deadline &&
        !closed_.load()) {
      // Only if properties made librdkafka's bound smaller than ours: an answer makes room.
      rd_kafka_error_destroy(error);
      std::unique_lock lock(room_mutex_);
      waiting_.fetch_add(1);
      room_.wait_for(lock, 10ms);
      waiting_.fetch_sub(1);
      continue;
    }
    if (headers) rd_kafka_headers_destroy(headers);
    give_room(pending->size);
    if (rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      rd_kafka_error_destroy(error);
      return full();
    }
    const auto code = rd_kafka_error_code(error);
    Error ours = error_of(code, "message to " + message.topic);
    ours.fatal = ours.fatal || rd_kafka_error_is_fatal(error);
    rd_kafka_error_destroy(error);
    return std::unexpected(std::move(ours));
  }
}

void ProducerCore::answer(const rd_kafka_message_t& message) {
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
    pending->answer(result);
    return {};
  });
  give_room(pending->size);
  if (!told) on_error_(told.error());
}

Result<> ProducerCore::flush(milliseconds timeout) {
  if (closed_.load()) return {};
  if (const auto code = rd_kafka_flush(handle_.get(), static_cast<int>(timeout.count())); code)
    return std::unexpected(error_of(code, std::to_string(messages_.load()) + " messages are not answered after " +
                                              std::to_string(timeout.count()) + " ms"));
  return {};
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
  if (rd_kafka_flush(handle_.get(), static_cast<int>(timeout.count()))) {
    result = std::unexpected(Error{.code = RD_KAFKA_RESP_ERR__TIMED_OUT,
                                   .message = std::to_string(messages_.load()) +
                                              " messages were given up: the broker had not answered after " +
                                              std::to_string(timeout.count()) + " ms",
                                   .retriable = true});
    rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    (void)rd_kafka_flush(handle_.get(), 5000);  // every one of them is answered
  }
  events_.request_stop();
  if (events_.joinable()) events_.join();
  topics_.clear();
  handle_.reset();
  return result;
}

}  // namespace thalweg::client
