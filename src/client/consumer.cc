#include "client/consumer_core.h"

namespace thalweg::client {

Backoff Backoff::fixed(milliseconds every) { return {.first = every, .most = every, .factor = 1, .linear = false}; }
Backoff Backoff::growing(milliseconds step) { return {.first = step, .linear = true}; }
Backoff Backoff::exponential(milliseconds first, double factor, milliseconds most) {
  return {.first = first, .most = most, .factor = factor, .linear = false};
}

Consumer::Consumer(std::shared_ptr<ConsumerCore> core) : core_(std::move(core)) {}
Consumer::Consumer(Consumer&&) noexcept = default;
Consumer& Consumer::operator=(Consumer&&) noexcept = default;
Consumer::~Consumer() = default;

Result<Consumer> Consumer::open(ConsumerConfig config) {
  auto core = ConsumerCore::open(std::move(config));
  if (!core) return std::unexpected(core.error());
  return Consumer(*std::move(core));
}

Consumer& Consumer::add(std::string topic, Handler handler) {
  if (core_) core_->add(std::move(topic), {.run = one_by_one(std::move(handler))});
  return *this;
}

Consumer& Consumer::add_batch(std::string topic, BatchHandler handler, BatchLimits limits) {
  if (core_) core_->add(std::move(topic), {.run = as_batch(std::move(handler)), .batching = limits});
  return *this;
}

Consumer& Consumer::retry(RetryPolicy policy) {
  if (core_) core_->retry = std::move(policy);
  return *this;
}

Consumer& Consumer::dead_letters(DeadLetterQueue queue) {
  if (core_) core_->dead_letters = std::move(queue);
  return *this;
}

Consumer& Consumer::on_assigned(Partitions call) {
  if (core_) core_->on_assigned = std::move(call);
  return *this;
}

Consumer& Consumer::on_revoked(Partitions call) {
  if (core_) core_->on_revoked = std::move(call);
  return *this;
}

Consumer& Consumer::offsets_from(std::function<std::optional<std::int64_t>(const TopicPartition&)> where) {
  if (core_) core_->offsets_from = std::move(where);
  return *this;
}

Result<> Consumer::run(std::stop_token stop) {
  if (!core_) return std::unexpected(moved_from("consumer"));
  const auto core = core_;  // a handler may destroy us
  return core->run(stop);
}

}  // namespace thalweg::client
