#include "client/consumer_core.h"

#include <algorithm>
#include <future>
#include <thread>

namespace thalweg::client {
namespace {

using std::chrono::steady_clock;

constexpr auto kLongestSleep = 200ms;  // however quiet it is: the safety net below the signals
constexpr auto kLagEvery = 1s;
constexpr std::size_t kReadMost = 1000;

// librdkafka 2.0, which Debian 12 has, never lets go of a client whose topic was deleted while it was read. Its threads
// are then left behind, asleep: whoever was told to stop must end all the same.
constexpr auto kDestroyWithin = 3s;
// How long leaving the group may take beside what revoke() waits for. Without a coordinator librdkafka would wait for
// every commit that is under way, each for a minute; the group learns of it by the session's timeout instead.
constexpr auto kLeaveWithin = 2s;

void destroy(rd_kafka_t* handle) {
  std::packaged_task<void()> task([handle] { rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE); });
  auto done = task.get_future();
  std::thread(std::move(task)).detach();
  done.wait_for(kDestroyWithin);
}

const char* name_of(OffsetReset reset) {
  return reset == OffsetReset::kEarliest ? "earliest" : reset == OffsetReset::kLatest ? "latest" : "error";
}

ConsumerConfig sane(ConsumerConfig config) {
  config.commit_interval = bounded(config.commit_interval);
  config.drain = bounded(config.drain);
  return config;
}

// Times beyond a year are a year: in nanoseconds a thousand of them would wrap around.
dispatch::Backoff machine_backoff(const Backoff& b) {
  return {
      .first = bounded(b.first), .most = bounded(b.most), .factor = b.factor, .linear = b.linear, .jitter = b.jitter};
}

}  // namespace

ConsumerCore::ConsumerCore(ConsumerConfig config)
    : config_(sane(std::move(config))), on_error_(or_standard_error(config_.on_error)) {
  signal_ = [this] { wake(); };
}

ConsumerCore::~ConsumerCore() {
  // It may never have run: librdkafka's threads live until the handle is gone, and would wake who is not there.
  if (client_queue_) rd_kafka_queue_cb_event_enable(client_queue_.get(), nullptr, nullptr);
  for (auto& worker : workers_) worker.detach();
}

Result<std::shared_ptr<ConsumerCore>> ConsumerCore::open(ConsumerConfig config) {
  std::shared_ptr<ConsumerCore> core(new ConsumerCore(std::move(config)));
  if (auto ok = core->configure(); !ok) return std::unexpected(ok.error());
  return core;
}

Result<> ConsumerCore::configure() {
  Conf conf;
  conf.set("bootstrap.servers", config_.brokers);
  if (config_.group.empty())
    conf.reject("a consumer needs a group");
  else
    conf.set("group.id", config_.group);
  if (config_.in_hand == 0) conf.reject("in_hand must be above 0");
  conf.set("auto.offset.reset", name_of(config_.reset));
  conf.set("session.timeout.ms", std::to_string(config_.session_timeout.count()));
  conf.set_all(config_.properties);
  conf.set("enable.auto.commit", "false");  // offsets are committed by what was handled, never by what was read
  conf.set("enable.auto.offset.store", "false");
  conf.set("enable.partition.eof",
           "true");  // the only sure word that nothing is left: markers of transactions are offsets too
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_rebalance_cb(
      conf.get(), [](rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* list, void* self) {
        static_cast<ConsumerCore*>(self)->rebalanced(code, list);
      });
  rd_kafka_conf_set_offset_commit_cb(
      conf.get(), [](rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* list, void* self) {
        static_cast<ConsumerCore*>(self)->committed(code, list);
      });
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t* handle, int code, const char* reason, void* self) {
    auto error = error_from_callback(handle, code, reason);
    auto& core = *static_cast<ConsumerCore*>(self);
    if (error.fatal)
      core.end_with(std::move(error));
    else
      core.report(error);
  });
  auto handle = conf.open(RD_KAFKA_CONSUMER);
  if (!handle) return std::unexpected(handle.error());
  // Records of the application may outlive us: the last one destroys the client. It was closed long before.
  handle_ = std::shared_ptr<rd_kafka_t>(handle->release(), destroy);
  rd_kafka_poll_set_consumer(handle_.get());
  client_queue_.reset(rd_kafka_queue_get_consumer(handle_.get()));
  rd_kafka_queue_cb_event_enable(
      client_queue_.get(), [](rd_kafka_t*, void* signal) { (*static_cast<std::function<void()>*>(signal))(); },
      &signal_);
  return {};
}

void ConsumerCore::add(std::string topic, TopicHandler handler) {
  handlers_.insert_or_assign(std::move(topic), std::move(handler));
}

dispatch::Rules ConsumerCore::rules() const {
  return {.order = config_.order == InOrderOf::kKey ? dispatch::Order::kKey : dispatch::Order::kPartition,
          .in_hand = config_.in_hand,
          .attempts = std::max(retry.attempts, 1),
          .backoff = machine_backoff(retry.backoff),
          .dead_letters = dead_letters.has_value(),
          .dead_letter_backoff = machine_backoff(Backoff::exponential(1s, 2, 1min))};
}

void ConsumerCore::report(const Error& error) {
  (void)guarded([&]() -> Result<> {
    on_error_(error);
    return {};
  });
}

void ConsumerCore::end_with(Error error) {
  {
    const std::lock_guard lock(mutex_);
    if (!ended_by_) ended_by_ = std::move(error);
  }
  wake();
}

Result<> ConsumerCore::subscribe() {
  PartitionList topics = new_list();
  for (const auto& [topic, handler] : handlers_)
    rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  if (const auto code = rd_kafka_subscribe(handle_.get(), topics.get()); code)
    return std::unexpected(error_of(code, "subscribe"));
  return {};
}

Result<> ConsumerCore::run(std::stop_token stop) {
  if (std::exchange(ran_, true))
    return std::unexpected(Error{.code = RD_KAFKA_RESP_ERR__STATE, .message = "a consumer runs once; open another"});
  if (handlers_.empty())
    return std::unexpected(
        Error{.code = RD_KAFKA_RESP_ERR__INVALID_ARG, .message = "a consumer without handlers: call on() first"});
  if (dead_letters) {
    // The same cluster as it is read from. How large a letter may be is the broker's to say.
    Properties properties{{"message.max.bytes", "1000000000"}};
    properties.merge(connection_of(config_.properties));
    auto producer = ProducerCore::open({.brokers = config_.brokers,
                                        .delivery_timeout = 30s,
                                        .on_error = on_error_,
                                        .properties = std::move(properties)},
                                       5ms);
    if (!producer) return std::unexpected(producer.error());
    letters_ = *std::move(producer);
  }
  dispatcher_ = std::make_unique<dispatch::Dispatcher>(rules());
  start_workers();
  Result<> result = subscribe();
  if (result) {
    const std::stop_callback woken(stop, [this] { wake(); });
    loop(stop);
  }
  Result<> finished = finish();
  return result ? finished : result;
}

void ConsumerCore::loop(std::stop_token stop) {
  auto next_commit = steady_clock::now() + config_.commit_interval;
  auto next_lag = steady_clock::now();
  while (!stop.stop_requested()) {
    {
      const std::lock_guard lock(mutex_);
      if (ended_by_) return;
    }
    signal_set_ = false;
    serve_client_queue();
    const bool read = read_partitions();
    fire_timers();
    const auto now = steady_clock::now();
    if (now >= next_commit) {
      commit(false);
      next_commit = now + config_.commit_interval;
    }
    if (now >= next_lag) {
      measure_lag();
      next_lag = now + kLagEvery;
    }
    if (!read) wait_for_something();
  }
}

// Rebalances, errors and commits are answered by their callbacks; a record comes this way only in the moment of an
// assignment.
void ConsumerCore::serve_client_queue() {
  while (rd_kafka_message_t* message = rd_kafka_consumer_poll(handle_.get(), 0)) {
    if (message->err) {
      if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
        report(error_of(message->err,
                        message->rkt ? std::string("topic ") + rd_kafka_topic_name(message->rkt) : "consumer"));
      rd_kafka_message_destroy(message);
      continue;
    }
    const std::string topic = rd_kafka_topic_name(message->rkt);
    const TopicPartition where{topic, message->partition};
    std::vector<Record> one{record_of(message, std::make_shared<const Source>(handle_, topic))};
    std::unique_lock lock(mutex_);
    const auto slot = slot_of_.find(where);
    if (slot == slot_of_.end()) continue;
    const auto id = slot->second;
    lock.unlock();
    take_in(id, std::move(one));
  }
}

bool ConsumerCore::read_partitions() {
  bool read = false;
  std::vector<std::tuple<dispatch::Slot, PartitionReader*, std::size_t>> wanted;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [slot, assigned] : assigned_)
      if (const std::size_t room = assigned.reader ? dispatcher_->room(slot) : 0; room > 0)
        wanted.emplace_back(slot, assigned.reader.get(), std::min(room, kReadMost));
  }
  for (const auto& [slot, reader, most] : wanted) {
    auto got = reader->read(most);
    for (const auto& error : got.errors) report(error);
    if (got.end) {
      const std::lock_guard lock(mutex_);
      assigned_.at(slot).seen_end = got.end;
    }
    read = read || !got.records.empty();
    if (!got.records.empty()) take_in(slot, std::move(got.records));
  }
  return read;
}

void ConsumerCore::take_in(dispatch::Slot slot, std::vector<Record> records) {
  const auto now = now_of_machine();
  const std::lock_guard lock(mutex_);
  Assigned& assigned = assigned_.at(slot);
  for (auto& record : records) {
    const std::uint64_t key =
        config_.order == InOrderOf::kKey ? std::hash<std::string_view>()(record.key().value_or("")) : 0;
    const auto size = static_cast<std::uint32_t>((record.key() ? record.key()->size() : 0) +
                                                 (record.value() ? record.value()->size() : 0));
    dispatcher_->add(slot, Offset{record.offset()}, key, size, now);
    assigned.records.push_back(std::move(record));
  }
  if (dispatcher_->ready_lanes() > 1)
    work_there_.notify_all();
  else if (dispatcher_->has_ready())
    work_there_.notify_one();
}

void ConsumerCore::fire_timers() {
  std::unique_lock lock(mutex_);
  auto step = dispatcher_->on_timer(now_of_machine());
  if (dispatcher_->has_ready()) work_there_.notify_all();
  obey(std::move(step), lock);
}

void ConsumerCore::wait_for_something() {
  auto until = steady_clock::now() + kLongestSleep;
  {
    const std::lock_guard lock(mutex_);
    if (const auto timer = dispatcher_->next_timer()) until = std::min(until, steady_clock::time_point(*timer));
  }
  std::unique_lock lock(signal_mutex_);
  signaled_.wait_until(lock, until, [&] { return signal_set_.load(); });
}

// Called from threads of librdkafka while it holds locks of its own: it must not call back into it, nor wait for who
// does.
void ConsumerCore::wake() {
  if (signal_set_.exchange(true)) return;
  {
    const std::lock_guard lock(signal_mutex_);
  }  // whoever checks and then sleeps either sleeps by now, or will see it
  signaled_.notify_one();
}

Result<> ConsumerCore::finish() {
  // Leaving revokes everything: revoke() waits for handlers and commits.
  rd_kafka_queue_cb_event_enable(client_queue_.get(), nullptr, nullptr);
  const auto left = leave();
  if (letters_) (void)letters_->close(5s);
  bool all_returned = false;
  {
    std::unique_lock lock(mutex_);
    workers_stop_ = true;
    work_there_.notify_all();
    all_returned =
        idle_.wait_for(lock, 100ms, [&] { return workers_out_ == 0 || !stuck_.empty(); }) && workers_out_ == 0;
  }
  if (all_returned) {
    for (auto& worker : workers_) worker.join();
    workers_.clear();
  }
  client_queue_.reset();
  const std::lock_guard lock(mutex_);
  if (ended_by_) return std::unexpected(*ended_by_);
  if (!stuck_.empty()) {
    std::string who;
    for (const auto& name : stuck_) who += (who.empty() ? "" : ", ") + name;
    return std::unexpected(Error{.code = RD_KAFKA_RESP_ERR__TIMED_OUT,
                                 .message = "a handler has not returned within " +
                                            std::to_string(config_.drain.count()) + " ms: " + who +
                                            "; what it was handling is not committed"});
  }
  return left;
}

Result<> ConsumerCore::leave() {
  const QueueHandle queue(rd_kafka_queue_new(handle_.get()));
  if (auto* error = rd_kafka_consumer_close_queue(handle_.get(), queue.get()))
    return std::unexpected(error_of(error, "leaving the group"));
  revoked_at_ = steady_clock::now();
  while (!rd_kafka_consumer_closed(handle_.get())) {
    rd_kafka_queue_poll_callback(queue.get(), 50);
    if (steady_clock::now() - revoked_at_ > kLeaveWithin)
      return std::unexpected(Error{.code = RD_KAFKA_RESP_ERR__TIMED_OUT,
                                   .message = "leaving the group: its coordinator does not answer; the group goes on "
                                              "without this member when the session has timed out",
                                   .retriable = true});
  }
  return {};
}

}  // namespace thalweg::client
