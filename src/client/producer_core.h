// What all three producers stand on: one librdkafka producer, one thread that collects its answers, and a bound on what
// is between send and answer. A message is not copied: it lives in its Pending until the answer.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <thread>

#include "client/metric_cells.h"
#include "client/rdkafka_handle.h"
#include "thalweg/client/producer.h"

namespace thalweg::client {

// A message that was accepted, and who wants to know. answer() is called once, on the event thread.
struct Pending {
  explicit Pending(Message m) : message(std::move(m)) {}
  virtual ~Pending() = default;
  virtual void answer(Result<Delivery>&& result) = 0;
  Message message;
  std::size_t size = 0;
  struct Topic* topic = nullptr;
};

class ProducerCore {
 public:
  static Result<std::unique_ptr<ProducerCore>> open(ProducerConfig config, milliseconds linger);
  ~ProducerCore();

  // Waits for room until then. Without a result the message was not accepted, and is gone with `pending`.
  Result<> send(std::unique_ptr<Pending> pending, milliseconds room_within);
  template <class F>
  Result<> send(Message message, F&& answer, milliseconds room_within);
  Result<> flush(milliseconds timeout);
  Result<> close(milliseconds timeout);
  // Destroys it; for one that was let go by a delivery handler of its own, on another thread, as soon as that returns.
  static void retire(std::unique_ptr<ProducerCore> core);

  Result<> init_transactions(milliseconds timeout);
  Result<> begin_transaction();
  Result<> commit_transaction();
  Result<> abort_transaction();

 private:
  friend struct Topic;
  explicit ProducerCore(ProducerConfig config);
  struct Topic* topic(const std::string& name);
  class Use;
  Error closed() const;
  void report(const Error& error) const;
  Error no_room(const std::string& topic, milliseconds within) const;
  Result<> take_room(std::size_t size, const std::string& topic, milliseconds within);
  Result<> produce(std::unique_ptr<Pending> pending, milliseconds room_within);
  void give_room(std::size_t messages, std::size_t bytes);
  void answer_all(std::span<const rd_kafka_message_t* const> messages);
  std::size_t answer(const rd_kafka_message_t& message);
  bool answered_within(milliseconds timeout);
  void poll_until(std::stop_token stop);

  const ProducerConfig config_;
  ErrorHandler on_error_;
  Handle handle_;
  std::shared_mutex topics_mutex_;
  std::map<std::string, std::unique_ptr<struct Topic>, std::less<>> topics_;
  std::atomic<struct Topic*> last_topic_{nullptr};  // one topic is what most programs send to
  // Touched for every message by who sends and by the event thread: away from what is only read.
  alignas(64) std::atomic<std::size_t> messages_{0};
  std::atomic<std::size_t> bytes_{0};
  std::atomic<int> waiting_{0};
  std::atomic<int> uses_{0};  // calls that are inside: close() leaves librdkafka's client alone until there are none
  std::mutex room_mutex_;
  std::condition_variable room_;
  std::atomic<bool> closed_{false};
  std::jthread events_;
};

template <class F>
struct CallPending final : Pending {
  CallPending(Message m, F f) : Pending(std::move(m)), call(std::move(f)) {}
  void answer(Result<Delivery>&& result) override { call(message, result); }
  F call;
};

template <class F>
Result<> ProducerCore::send(Message message, F&& answer, milliseconds room_within) {
  return send(std::make_unique<CallPending<std::decay_t<F>>>(std::move(message), std::forward<F>(answer)), room_within);
}

// What a client says that was moved from.
inline Error moved_from(const std::string& what) {
  return {.code = RD_KAFKA_RESP_ERR__DESTROY, .message = "this " + what + " was moved from"};
}

// Who was given no handler for errors hears of them here.
ErrorHandler or_standard_error(ErrorHandler handler);
// Runs the application's code; an exception of its is an error.
Result<> guarded(const std::function<Result<>()>& body);

}  // namespace thalweg::client
