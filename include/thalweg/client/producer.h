// Three ways to send. Producer waits for the broker, AsyncProducer calls back, BatchProducer gathers.
//
// Every message that was accepted gets exactly one answer: delivered, failed, or given up at close. Nothing must be
// polled: each producer has a thread of its own for answers. What is accepted and not yet answered is bounded by
// `queue_messages` and `queue_bytes`; whoever sends more waits for room. All three are thread-safe, move, do not copy,
// and close when destroyed.
#pragma once

#include <functional>
#include <future>
#include <span>

#include "thalweg/client/metrics.h"
#include "thalweg/client/serde.h"

namespace thalweg::client {

enum class Acks { kNone, kLeader, kAll };
enum class Compression { kNone, kGzip, kSnappy, kLz4, kZstd };

using ErrorHandler = std::function<void(const Error&)>;

struct ProducerConfig {
  std::string brokers = "localhost:9092";
  Acks acks = Acks::kAll;
  Compression compression = Compression::kNone;
  // How long a message waits for others to travel with. Left out: 0 for Producer, whose caller waits, else 5 ms.
  std::optional<milliseconds> linger = {};
  milliseconds delivery_timeout = 120s;  // after it a message that nobody acknowledged has failed; above linger
  // What is accepted and not answered: messages, and bytes of keys, values and headers and 64 for each message. Above
  // 0. A message that is larger than all of queue_bytes goes alone.
  std::size_t queue_messages = 100'000, queue_bytes = 64 << 20;
  std::optional<std::string> transactional_id =
      {};  // for Producer::transaction; open() then asks the broker, up to 30 s
  std::optional<Metrics> metrics = {};
  ErrorHandler on_error =
      {};  // what concerns no single message, as "no broker can be reached"; left out: standard error
  Properties properties = {};  // idempotence and Kafka's murmur2 partitioner are on unless these say otherwise
};

// Runs on the producer's own thread, in the order of the partition. It must not wait for this producer: close() says
// so, flush() and a send() without room would wait for themselves. It may destroy it. What it throws goes to on_error.
using DeliveryHandler = std::function<void(const Message&, const Result<Delivery>&)>;

// Key and value through their serdes; an empty std::optional is null. A serde that fails is an error before anything is
// sent.
template <class K, class V>
Result<Message> message(std::string topic, const K& key, const V& value, Headers headers = {},
                        const Serde<K>& key_serde = serde_of<K>(), const Serde<V>& value_serde = serde_of<V>());

class ProducerCore;
class BatchCore;

// A transaction that is being filled; see Producer::transaction.
class THALWEG_EXPORT Transaction {
 public:
  Result<> send(Message);
  template <class K, class V>
  Result<> send(std::string topic, const K& key, const V& value, Headers headers = {});

 private:
  friend class Producer;
  explicit Transaction(ProducerCore& core) : core_(core) {}
  ProducerCore& core_;
};

class THALWEG_EXPORT Producer {
 public:
  // Says all mistakes of the configuration at once. Needs no broker.
  static Result<Producer> open(ProducerConfig);

  // Waits until the broker has it, or it has failed: at most `delivery_timeout`.
  Result<Delivery> send(Message);
  template <class K, class V>
  Result<Delivery> send(std::string topic, const K& key, const V& value, Headers headers = {});
  // All at once, answers in their order; each waits for room as long as it takes.
  std::vector<Result<Delivery>> send_all(std::span<const Message>);

  // Begins a transaction, runs body(Transaction&) -> void or Result<>, commits; aborts when the body fails or throws.
  // Needs a transactional_id. One at a time. The error is the body's, or the commit's; an abort that fails replaces it.
  template <class F>
  Result<> transaction(F body);

  // Sends what is waiting, for at most `timeout`; what is late is given up (_PURGE_QUEUE, _PURGE_INFLIGHT), and the
  // error says how many. Also while other threads send: theirs is accepted and answered, or refused with _DESTROY. A
  // second time it does nothing.
  Result<> close(milliseconds timeout = 30s);
  Producer(Producer&&) noexcept;
  Producer& operator=(Producer&&) noexcept;
  ~Producer();

 private:
  explicit Producer(std::unique_ptr<ProducerCore>);
  Result<> run_transaction(const std::function<Result<>(Transaction&)>& body);
  std::unique_ptr<ProducerCore> core_;
};

class THALWEG_EXPORT AsyncProducer {
 public:
  static Result<AsyncProducer> open(ProducerConfig, DeliveryHandler = {});

  // Accepts the message, or says why not: _QUEUE_FULL when there was no room in time (retriable), MSG_SIZE_TOO_LARGE,
  // UNKNOWN_TOPIC_OR_PART, _DESTROY after close(). Only what was accepted is answered.
  Result<> send(Message, milliseconds room_within = 5s);
  Result<> send(Message, DeliveryHandler, milliseconds room_within = 5s);
  template <class K, class V>
  Result<> send(std::string topic, const K& key, const V& value, milliseconds room_within = 5s);
  // Waits for room as long as it takes; what cannot be accepted is in the future.
  std::future<Result<Delivery>> send_future(Message);

  Result<> flush(milliseconds timeout = 30s);  // until everything accepted so far has been answered
  Result<> close(
      milliseconds timeout = 30s);  // every handler has run when it returns; what is late is given up, and said
  AsyncProducer(AsyncProducer&&) noexcept;
  AsyncProducer& operator=(AsyncProducer&&) noexcept;
  ~AsyncProducer();

 private:
  AsyncProducer(std::unique_ptr<ProducerCore>, DeliveryHandler);
  std::unique_ptr<ProducerCore> core_;
  std::shared_ptr<const DeliveryHandler> handler_;
};

// Sends when there are `count` messages or `bytes` of them, or the oldest is `age` old, also if nobody calls add() any
// more.
struct BatchLimits {
  std::size_t count = 100, bytes = 1 << 20;  // count 0 is 1; bytes are of keys and values
  milliseconds age = 1s;                     // of the oldest; at most a year
};

class THALWEG_EXPORT BatchProducer {
 public:
  static Result<BatchProducer> open(ProducerConfig, BatchLimits = {});

  // Sends the batch when it is full, and then waits for it. A batch that failed is kept, tried again with the next, and
  // is what add() answers with once it has grown to twice its limits: then nothing more is accepted. That is so too
  // when what fails will always fail, as a record that is too large: look at what flush() says.
  Result<> add(Message);
  template <class K, class V>
  Result<> add(std::string topic, const K& key, const V& value, Headers headers = {});
  Result<std::size_t> flush();  // how many were delivered; what failed stays in the batch, and the error says how many
  std::size_t waiting() const;
  Result<> close();  // flushes
  BatchProducer(BatchProducer&&) noexcept;
  BatchProducer& operator=(BatchProducer&&) noexcept;
  ~BatchProducer();

 private:
  explicit BatchProducer(std::unique_ptr<BatchCore>);
  std::unique_ptr<BatchCore> core_;
};

namespace detail {
template <class T>
Result<> serialize(const T& value, const Serde<T>& serde, std::optional<std::string>& out,
                   const SerdeContext& context) {
  if constexpr (kIsOptional<T>) {
    if (!value) {
      out.reset();
      return {};
    }
  }
  return serde.write(value, out.emplace(), context);
}
// A literal is a string.
template <class T>
using Stored = std::conditional_t<std::is_convertible_v<const T&, std::string_view>, std::string, T>;
template <class T>
decltype(auto) stored(const T& value) {
  if constexpr (std::same_as<Stored<T>, T>)
    return (value);
  else
    return std::string(std::string_view(value));
}
template <class F, class... A>
Result<> call(F& f, A&&... arguments) {
  if constexpr (std::is_void_v<std::invoke_result_t<F&, A...>>) {
    f(std::forward<A>(arguments)...);
    return {};
  } else {
    return f(std::forward<A>(arguments)...);
  }
}
template <class K, class V>
Result<Message> make(std::string topic, const K& key, const V& value, Headers headers) {
  return message<Stored<K>, Stored<V>>(std::move(topic), stored(key), stored(value), std::move(headers));
}
}  // namespace detail

template <class K, class V>
Result<Message> message(std::string topic, const K& key, const V& value, Headers headers, const Serde<K>& key_serde,
                        const Serde<V>& value_serde) {
  Message message{.topic = std::move(topic), .headers = std::move(headers)};
  SerdeContext context{.topic = message.topic, .is_key = true, .headers = &message.headers};
  if (auto ok = detail::serialize(key, key_serde, message.key, context); !ok) return std::unexpected(ok.error());
  context.is_key = false;
  if (auto ok = detail::serialize(value, value_serde, message.value, context); !ok) return std::unexpected(ok.error());
  return message;
}

template <class K, class V>
Result<Delivery> Producer::send(std::string topic, const K& key, const V& value, Headers headers) {
  auto made = detail::make(std::move(topic), key, value, std::move(headers));
  if (!made) return std::unexpected(made.error());
  return send(*std::move(made));
}
template <class F>
Result<> Producer::transaction(F body) {
  return run_transaction([&](Transaction& transaction) -> Result<> { return detail::call(body, transaction); });
}
template <class K, class V>
Result<> Transaction::send(std::string topic, const K& key, const V& value, Headers headers) {
  auto made = detail::make(std::move(topic), key, value, std::move(headers));
  if (!made) return std::unexpected(made.error());
  return send(*std::move(made));
}
template <class K, class V>
Result<> AsyncProducer::send(std::string topic, const K& key, const V& value, milliseconds room_within) {
  auto made = detail::make(std::move(topic), key, value, {});
  if (!made) return std::unexpected(made.error());
  return send(*std::move(made), room_within);
}
template <class K, class V>
Result<> BatchProducer::add(std::string topic, const K& key, const V& value, Headers headers) {
  auto made = detail::make(std::move(topic), key, value, std::move(headers));
  if (!made) return std::unexpected(made.error());
  return add(*std::move(made));
}

}  // namespace thalweg::client
