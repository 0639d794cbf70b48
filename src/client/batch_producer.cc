#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "client/producer_core.h"

namespace thalweg::client {

// The batch, and the thread that minds its age. One flush at a time; add() goes on while one is under way.
class BatchCore {
 public:
  BatchCore(std::unique_ptr<ProducerCore> producer, BatchLimits limits)
      : producer_(std::move(producer)), limits_(limits), clock_([this](std::stop_token stop) { mind_the_age(stop); }) {}
  ~BatchCore() { (void)close(); }

  Result<> add(Message message) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_)
        return std::unexpected(Error{.code = RD_KAFKA_RESP_ERR__DESTROY, .message = "this producer is closed"});
      if (batch_.size() >= 2 * limits_.count || bytes_ >= 2 * limits_.bytes)
        return std::unexpected(failed_.value_or(
            Error{.code = RD_KAFKA_RESP_ERR__QUEUE_FULL, .message = "the batch is full", .retriable = true}));
      if (batch_.empty()) oldest_ = std::chrono::steady_clock::now();
      bytes_ += size_of(message);
      batch_.push_back(std::move(message));
      if (batch_.size() < limits_.count && bytes_ < limits_.bytes) {
        if (batch_.size() == 1) aged_.notify_all();
        return {};
      }
    }
    // Full. What fails stays in the batch: that is the next flush's to say.
    (void)flush();
    return {};
  }

  Result<std::size_t> flush() {
    const std::lock_guard one_at_a_time(flushing_);
    std::deque<Message> sending;
    {
      const std::lock_guard lock(mutex_);
      sending.swap(batch_);
      bytes_ = 0;
    }
    const std::size_t total = sending.size();
    std::vector<std::pair<std::size_t, Error>> failures = send(sending);
    if (failures.empty()) {
      const std::lock_guard lock(mutex_);
      failed_.reset();
      return total;
    }
    Error error = failures.front().second;
    error.message = std::to_string(failures.size()) + " of " + std::to_string(total) +
                    " messages failed and stay in the batch; the first: " + error.message;
    const std::lock_guard lock(mutex_);
    failed_ = error;
    oldest_ = std::chrono::steady_clock::now();
    for (auto failure = failures.rbegin(); failure != failures.rend();
         ++failure) {  // in front of what has come since, in order
      bytes_ += size_of(sending[failure->first]);
      batch_.push_front(std::move(sending[failure->first]));
    }
    return std::unexpected(std::move(error));
  }

  Result<> close() {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return {};
      closed_ = true;
    }
    clock_.request_stop();
    clock_.join();
    auto flushed = flush();
    auto closed = producer_->close(5s);
    return flushed ? closed : status(flushed);
  }

  std::size_t waiting() {
    const std::lock_guard lock(mutex_);
    return batch_.size();
  }

 private:
  static std::size_t size_of(const Message& message) {
    return (message.key ? message.key->size() : 0) + (message.value ? message.value->size() : 0);
  }

  std::vector<std::pair<std::size_t, Error>> send(const std::deque<Message>& messages) {
    struct Tally {
      std::mutex mutex;
      std::condition_variable done;
      std::size_t open = 0;
      std::vector<std::pair<std::size_t, Error>> failures;
    };
    const auto tally = std::make_shared<Tally>();
    tally->open = messages.size();
    const auto answered = [tally](std::size_t i, const Result<>& result) {
      const std::lock_guard lock(tally->mutex);
      if (!result) tally->failures.emplace_back(i, result.error());
      if (--tally->open == 0) tally->done.notify_all();
    };
    for (std::size_t i = 0; i < messages.size(); ++i) {
      auto accepted = producer_->send(
          messages[i], [answered, i](const Message&, const Result<Delivery>& r) { answered(i, status(r)); },
          milliseconds::max());
      if (!accepted) answered(i, accepted);
    }
    (void)producer_->flush(0ms);  // begins to send what lingers
    std::unique_lock lock(tally->mutex);
    tally->done.wait(lock, [&] { return tally->open == 0; });
    std::sort(tally->failures.begin(), tally->failures.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    return std::move(tally->failures);
  }

  void mind_the_age(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    const auto due = [&] { return std::chrono::steady_clock::now() >= oldest_ + limits_.age; };
    while (!stop.stop_requested()) {
      if (batch_.empty()) {
        aged_.wait(lock, stop, [&] { return !batch_.empty(); });
      } else if (!due()) {
        aged_.wait_until(lock, stop, oldest_ + limits_.age, [&] { return batch_.empty(); });
      } else {
        lock.unlock();
        (void)flush();
        lock.lock();
      }
    }
  }

  const std::unique_ptr<ProducerCore> producer_;
  const BatchLimits limits_;
  std::mutex flushing_, mutex_;
  std::condition_variable_any aged_;
  std::deque<Message> batch_;
  std::size_t bytes_ = 0;
  std::chrono::steady_clock::time_point oldest_;
  std::optional<Error> failed_;
  bool closed_ = false;
  std::jthread clock_;
};

BatchProducer::BatchProducer(std::unique_ptr<BatchCore> core) : core_(std::move(core)) {}
BatchProducer::BatchProducer(BatchProducer&&) noexcept = default;
BatchProducer& BatchProducer::operator=(BatchProducer&&) noexcept = default;
BatchProducer::~BatchProducer() = default;

Result<BatchProducer> BatchProducer::open(ProducerConfig config, BatchLimits limits) {
  auto core = ProducerCore::open(std::move(config), 0ms);
  if (!core) return std::unexpected(core.error());
  limits.count = std::max<std::size_t>(limits.count, 1);
  limits.age = bounded(limits.age);
  return BatchProducer(std::make_unique<BatchCore>(*std::move(core), limits));
}

Result<> BatchProducer::add(Message message) {
  return core_ ? core_->add(std::move(message)) : std::unexpected(moved_from("producer"));
}
Result<std::size_t> BatchProducer::flush() { return core_ ? core_->flush() : std::unexpected(moved_from("producer")); }
std::size_t BatchProducer::waiting() const { return core_ ? core_->waiting() : 0; }
Result<> BatchProducer::close() { return core_ ? core_->close() : Result<>{}; }

}  // namespace thalweg::client
