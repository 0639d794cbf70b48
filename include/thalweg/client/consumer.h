// A member of a consumer group that calls handlers. At least once: an offset is committed when its record and all
// before it were handled or written to the dead letters.
//
// Handlers run on `workers` threads; one partition (with InOrderOf::kKey: one key) never runs twice at once, and in the
// order of the log. A record whose handler fails is tried again by the RetryPolicy; its partition waits and is not
// read, no other is delayed. When the attempts are used up it goes to the dead letters; without such a queue run() ends
// with the handler's error, and the record is the first one read after the next start. Errors and exceptions of
// handlers are the same thing.
#pragma once

#include <stop_token>
#include <type_traits>

#include "thalweg/client/producer.h"

namespace thalweg::client {

enum class OffsetReset { kEarliest, kLatest, kFail };
enum class InOrderOf { kPartition, kKey };

struct ConsumerConfig {
  std::string brokers = "localhost:9092", group = {};  // a group is needed
  OffsetReset reset = OffsetReset::kEarliest;
  InOrderOf order = InOrderOf::kPartition;
  unsigned workers = 0;  // 0: one per core
  std::size_t in_hand =
      1000;  // records of a partition that are read and not handled; beyond it the partition is not read
  // How often what was handled is committed (0: after every round), and how long the group waits for a member that is
  // not heard of. Times beyond a year are a year.
  milliseconds commit_interval = 5s, session_timeout = 45s;
  // How long a stop or a rebalance waits for handlers that have begun. What they had not begun is left to the next
  // owner.
  milliseconds drain = 30s;
  std::optional<Metrics> metrics = {};
  ErrorHandler on_error = {};  // what ends nothing, as an unknown topic; left out: standard error
  Properties properties = {};
};

// How long a record waits before attempt n + 1: first * n when linear, else first * factor^(n-1); at most `most`, and
// then more or less by up to the share `jitter` (0 to 1).
struct THALWEG_EXPORT Backoff {
  milliseconds first = 1s, most = 1min;
  double factor = 1;
  bool linear = true;
  double jitter = 0.1;
  static Backoff fixed(milliseconds every);
  static Backoff growing(milliseconds step);  // step, 2 step, 3 step ...
  static Backoff exponential(milliseconds first, double factor, milliseconds most);
};

struct RetryPolicy {
  int attempts = 3;  // counts the first; below 1 is 1
  Backoff backoff = {};
  // Left out: what says it is retriable, as fail() and exceptions do. Bytes that cannot be decoded are never tried
  // again. On a worker's thread. When it throws, the record is tried again and on_error hears of it.
  std::function<bool(const Error&)> worth_it = {};
};

// Topic "dlq.<topic>", headers "__dlq.errors.*" (KIP-1191). Key, value and headers are kept; what the handler said is
// cut at 4 KiB. The topic must take records a little larger than those it is the queue of (max.message.bytes). Letters
// are written to the brokers that are read from, with the consumer's options for security.
struct THALWEG_EXPORT DeadLetterQueue {
  std::string prefix = "dlq.";
  std::optional<std::string> topic = {};  // one for all, instead of the prefix
  struct Replay {
    std::string queue = {};
    std::optional<std::string> to = {};  // left out: where each came from
    std::function<bool(const Record&)> where = {};
    std::size_t limit = SIZE_MAX;
    std::string group = "thalweg-dlq-replay";  // whose committed offsets say what was replayed before
  };
  // Reads what is in the queue now, sends it without the queue's headers, then commits: at least once. How many were
  // sent. Each has the headers thalweg-replay-of ("dlq.orders/3/4711": which letter it was) and thalweg-replay-count
  // ("1": how often it was sent back). What the console sent back letter by letter, behind what is committed, is sent
  // again.
  static Result<std::size_t> replay(const ProducerConfig&, Replay);
};

// What offsets_from() may answer beside an offset: the first record that there is, or what comes from now on.
inline constexpr std::int64_t kFromEarliest = -2, kFromLatest = -1;

class ConsumerCore;

class THALWEG_EXPORT Consumer {
 public:
  static Result<Consumer> open(ConsumerConfig);

  // f takes const Record&, or const T& (decoded), or const T& and const Record&; it returns void or Result<>.
  template <class F>
  Consumer& on(std::string topic, F f);
  // f takes std::span<const Record>, of one partition. A batch succeeds or fails as one.
  template <class F>
  Consumer& on_batch(std::string topic, F f, BatchLimits limits = {});
  Consumer& retry(RetryPolicy);
  Consumer& dead_letters(DeadLetterQueue = {});
  using Partitions = std::function<void(std::span<const TopicPartition>)>;
  Consumer& on_assigned(Partitions);
  Consumer& on_revoked(Partitions);  // after its handlers have finished
  // Begin where one's own database says; nothing: where the group says. Asked at every assignment, on the thread of
  // run(); what it throws ends run(), since to begin elsewhere would be worse.
  Consumer& offsets_from(std::function<std::optional<std::int64_t>(const TopicPartition&)>);

  // Handles until stopped; then waits for handlers that have begun, commits, leaves the group. Once: a second call says
  // _STATE. The error is what ended it: a record that cannot be handled, a fatal error of the client, a handler that
  // did not return within `drain` (_TIMED_OUT). No broker is no end: it goes on trying, and on_error hears of it. With
  // no broker the end itself takes ten seconds at most, beside `drain`: 5 for the commit, 2 to leave, 3 for
  // librdkafka's threads; then the error is _TIMED_OUT as well. A handler may request the stop, and may destroy the
  // Consumer.
  Result<> run(std::stop_token);

  Consumer(Consumer&&) noexcept;
  Consumer& operator=(Consumer&&) noexcept;
  ~Consumer();

 private:
  using Handler = std::function<Result<>(const Record&)>;
  using BatchHandler = std::function<Result<>(std::span<const Record>)>;
  explicit Consumer(std::shared_ptr<ConsumerCore>);
  Consumer& add(std::string topic, Handler);
  Consumer& add_batch(std::string topic, BatchHandler, BatchLimits);
  std::shared_ptr<ConsumerCore> core_;
};

namespace detail {
// The T of a handler that takes const T&.
template <class F>
struct HandlerArgument : HandlerArgument<decltype(&F::operator())> {};
template <class R, class T, class... A>
struct HandlerArgument<R (*)(const T&, A...)> {
  using type = T;
};
template <class C, class R, class T, class... A>
struct HandlerArgument<R (C::*)(const T&, A...) const> {
  using type = T;
};
template <class C, class R, class T, class... A>
struct HandlerArgument<R (C::*)(const T&, A...)> {
  using type = T;
};

// Calls f with the record as it wants it; `more` are further arguments, as an Outbox.
template <class F, class... More>
Result<> handle(F& f, const Record& record, More&... more) {
  if constexpr (std::is_invocable_v<F&, const Record&, More&...>) {
    return call(f, record, more...);
  } else {
    using T = typename HandlerArgument<F>::type;
    auto value = record.as<T>();
    if (!value) return std::unexpected(value.error());
    if constexpr (std::is_invocable_v<F&, const T&, const Record&, More&...>) {
      return call(f, std::as_const(*value), record, more...);
    } else {
      static_assert(std::is_invocable_v<F&, const T&, More&...>,
                    "a handler takes const Record&, or const T&, or const T& and const Record&");
      return call(f, std::as_const(*value), more...);
    }
  }
}
}  // namespace detail

template <class F>
Consumer& Consumer::on(std::string topic, F f) {
  return add(std::move(topic), [f = std::move(f)](const Record& record) mutable { return detail::handle(f, record); });
}
template <class F>
Consumer& Consumer::on_batch(std::string topic, F f, BatchLimits limits) {
  static_assert(std::is_invocable_v<F&, std::span<const Record>>, "a batch handler takes std::span<const Record>");
  return add_batch(
      std::move(topic),
      [f = std::move(f)](std::span<const Record> batch) mutable -> Result<> { return detail::call(f, batch); }, limits);
}

}  // namespace thalweg::client
