#include "streams/sender.h"

namespace thalweg::streams::detail {
namespace {

// A broker that is away fails everything that waits; more than this says nothing new.
constexpr std::size_t kUndeliveredMax = 1000;

std::optional<std::string> copy_of(const void* bytes, std::size_t size) {
  if (!bytes) return std::nullopt;
  return std::string(static_cast<const char*>(bytes), size);
}

Result<> as_result(rd_kafka_error_t* error, const char* what) {
  if (!error) return {};
  return std::unexpected(client::error_of(error, what));
}

rd_kafka_headers_t* headers_to_send(const Headers& headers) {
  if (headers.size() == 0) return nullptr;
  rd_kafka_headers_t* list = rd_kafka_headers_new(headers.size());
  for (const auto& header : headers)
    rd_kafka_header_add(list, header.name.data(), static_cast<ssize_t>(header.name.size()),
                        header.value ? header.value->data() : nullptr,
                        header.value ? static_cast<ssize_t>(header.value->size()) : 0);
  return list;
}

}  // namespace

Result<std::unique_ptr<Sender>> Sender::open(Properties properties, std::string transactional_id,
                                             std::optional<client::Metrics> metrics) {
  std::unique_ptr<Sender> sender(new Sender());
  sender->transactional_ = !transactional_id.empty();
  sender->metrics_ = std::move(metrics);
  client::Conf conf;
  if (sender->transactional_) properties["transactional.id"] = std::move(transactional_id);
  conf.set_all(properties);
  rd_kafka_conf_set_opaque(conf.get(), sender.get());
  rd_kafka_conf_set_dr_msg_cb(conf.get(), [](rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
    static_cast<Sender*>(self)->answered(*message);
  });
  // Errors of the connection heal or come back with a message or a commit.
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t*, int, const char*, void*) {});
  auto handle = conf.open(RD_KAFKA_PRODUCER);
  if (!handle) return std::unexpected(handle.error());
  sender->handle_ = *std::move(handle);
  sender->main_.reset(rd_kafka_queue_get_main(sender->handle_.get()));
  sender->events_ = std::jthread([self = sender.get()](const std::stop_token& stop) {
    while (!stop.stop_requested()) rd_kafka_poll(self->handle_.get(), 1000);
  });
  if (sender->transactional_)
    if (auto ready = as_result(rd_kafka_init_transactions(sender->handle_.get(), 10'000), "begin with transactions");
        !ready)
      return std::unexpected(ready.error());
  return sender;
}

Sender::~Sender() {
  if (!handle_) return;
  events_.request_stop();
  rd_kafka_queue_yield(main_.get());
  if (events_.joinable()) events_.join();
  rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
  while (rd_kafka_poll(handle_.get(), 0) > 0) continue;
  topics_.clear();
  main_.reset();
}

rd_kafka_topic_t* Sender::topic(const std::string& name) {
  auto& known = topics_[name];
  if (known.handle) return known.handle.get();
  if (metrics_) known.cells.emplace(metrics_->cells(), name);
  auto* const conf = rd_kafka_default_topic_conf_dup(handle_.get());
  rd_kafka_topic_conf_set_opaque(conf, known.cells ? &*known.cells : nullptr);
  known.handle.reset(rd_kafka_topic_new(handle_.get(), name.c_str(), conf));
  return known.handle.get();
}

Result<> Sender::begin() {
  if (!transactional_ || in_transaction_) return {};
  auto begun = as_result(rd_kafka_begin_transaction(handle_.get()), "begin a transaction");
  in_transaction_ = begun.has_value();
  return begun;
}

Result<> Sender::send(const client::Message& message, ChangelogEnd* end) {
  if (auto begun = begin(); !begun) return begun;
  rd_kafka_vu_t fields[8];
  std::size_t n = 0;
  fields[n].vtype = RD_KAFKA_VTYPE_RKT;
  fields[n++].u.rkt = topic(message.topic);
  fields[n].vtype = RD_KAFKA_VTYPE_PARTITION;
  fields[n++].u.i32 = message.partition.value_or(RD_KAFKA_PARTITION_UA);
  fields[n].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  fields[n++].u.i = RD_KAFKA_MSG_F_COPY;
  fields[n].vtype = RD_KAFKA_VTYPE_OPAQUE;
  fields[n++].u.ptr = end;
  const auto bytes = [&](rd_kafka_vtype_t type, const std::optional<std::string>& from) {
    if (!from) return;
    fields[n].vtype = type;
    fields[n].u.mem.ptr = const_cast<char*>(from->data());
    fields[n++].u.mem.size = from->size();
  };
  bytes(RD_KAFKA_VTYPE_KEY, message.key);
  bytes(RD_KAFKA_VTYPE_VALUE, message.value);
  if (message.timestamp) {
    fields[n].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
    fields[n++].u.i64 = message.timestamp->time_since_epoch().count();
  }
  rd_kafka_headers_t* const headers = headers_to_send(message.headers);
  if (headers) {
    fields[n].vtype = RD_KAFKA_VTYPE_HEADERS;
    fields[n++].u.headers = headers;
  }
  while (rd_kafka_error_t* error = rd_kafka_produceva(handle_.get(), fields, n)) {
    const bool full = rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__QUEUE_FULL;
    if (!full) {
      if (headers) rd_kafka_headers_destroy(headers);  // it is taken with the message only
      return std::unexpected(client::error_of(error, "send to " + message.topic));
    }
    rd_kafka_error_destroy(error);
    wait_for_room();
  }
  return {};
}

void Sender::wait_for_room() {
  std::unique_lock lock(mutex_);
  waits_ = true;
  room_.wait_for(lock, std::chrono::milliseconds(100));
  waits_ = false;
}

void Sender::answered(const rd_kafka_message_t& message) {
  if (waits_) room_.notify_all();
  if (auto* const cells = static_cast<client::ProducedCells*>(rd_kafka_topic_opaque(message.rkt)))
    (message.err ? cells->error : cells->success).fetch_add(1, std::memory_order_relaxed);
  if (message.err) {
    const std::lock_guard lock(mutex_);
    if (undelivered_.size() == kUndeliveredMax) return;
    undelivered_.push_back(
        {.message = {.topic = rd_kafka_topic_name(message.rkt),
                     .key = copy_of(message.key, message.key_len),
                     .value = copy_of(message.payload, message.len),
                     .headers = client::headers_of(message)},
         .error = client::error_of(message.err, std::string("send to ") + rd_kafka_topic_name(message.rkt))});
    return;
  }
  if (auto* const end = static_cast<ChangelogEnd*>(message._private)) {
    std::int64_t before = end->load();
    while (before < message.offset + 1 && !end->compare_exchange_weak(before, message.offset + 1)) continue;
  }
}

std::vector<Undelivered> Sender::take_undelivered() {
  const std::lock_guard lock(mutex_);
  return std::exchange(undelivered_, {});
}

Result<> Sender::flush(milliseconds within) {
  if (const auto code = rd_kafka_flush(handle_.get(), client::as_int(within)))
    return std::unexpected(client::error_of(code, "wait for deliveries"));
  return {};
}

Result<> Sender::send_offsets(const rd_kafka_topic_partition_list_t* offsets, rd_kafka_consumer_group_metadata_t* group,
                              milliseconds within) {
  if (auto begun = begin(); !begun) return begun;
  return as_result(rd_kafka_send_offsets_to_transaction(handle_.get(), offsets, group, client::as_int(within)),
                   "send offsets to the transaction");
}

Result<> Sender::commit(milliseconds within) {
  if (!in_transaction_) return {};
  auto result = as_result(rd_kafka_commit_transaction(handle_.get(), client::as_int(within)), "commit the transaction");
  if (result) in_transaction_ = false;
  return result;
}

Result<> Sender::abort(milliseconds within) {
  if (!in_transaction_) return {};
  auto result = as_result(rd_kafka_abort_transaction(handle_.get(), client::as_int(within)), "abort the transaction");
  if (result) in_transaction_ = false;
  return result;
}

}  // namespace thalweg::streams::detail
