#include "thalweg/client/producer.h"

#include "client/producer_core.h"

namespace thalweg::client {
namespace {

constexpr milliseconds kForAsLongAsItTakes = milliseconds::max();

struct FuturePending final : Pending {
  explicit FuturePending(Message message) : Pending(std::move(message)) {}
  void answer(const Result<Delivery>& result) override { promise.set_value(result); }
  std::promise<Result<Delivery>> promise;
};

std::future<Result<Delivery>> send_for_future(ProducerCore& core, Message message) {
  auto pending = std::make_unique<FuturePending>(std::move(message));
  auto future = pending->promise.get_future();
  if (auto accepted = core.send(std::move(pending), kForAsLongAsItTakes); !accepted) {
    std::promise<Result<Delivery>> refused;
    refused.set_value(std::unexpected(accepted.error()));
    return refused.get_future();
  }
  return future;
}

Error closed() { return {.code = RD_KAFKA_RESP_ERR__DESTROY, .message = "this producer was moved from"}; }

}  // namespace

Producer::Producer(std::unique_ptr<ProducerCore> core) : core_(std::move(core)) {}
Producer::Producer(Producer&&) noexcept = default;
Producer& Producer::operator=(Producer&&) noexcept = default;
Producer::~Producer() = default;

Result<Producer> Producer::open(ProducerConfig config) {
  const bool transactional = config.transactional_id.has_value();
  auto core = ProducerCore::open(std::move(config), 0ms);
  if (!core) return std::unexpected(core.error());
  if (transactional)
    if (auto ready = (*core)->init_transactions(30s); !ready) return std::unexpected(ready.error());
  return Producer(*std::move(core));
}

Result<Delivery> Producer::send(Message message) {
  if (!core_) return std::unexpected(closed());
  return send_for_future(*core_, std::move(message)).get();
}

std::vector<Result<Delivery>> Producer::send_all(std::span<const Message> messages) {
  std::vector<Result<Delivery>> results;
  if (!core_) return std::vector<Result<Delivery>>(messages.size(), std::unexpected(closed()));
  std::vector<std::future<Result<Delivery>>> futures;
  futures.reserve(messages.size());
  for (const auto& message : messages) futures.push_back(send_for_future(*core_, message));
  results.reserve(messages.size());
  for (auto& future : futures) results.push_back(future.get());
  return results;
}

Result<> Producer::run_transaction(const std::function<Result<>(Transaction&)>& body) {
  if (!core_) return std::unexpected(closed());
  if (auto begun = core_->begin_transaction(); !begun) return begun;
  Transaction transaction(*core_);
  Result<> result = guarded([&] { return body(transaction); });
  if (result) result = core_->commit_transaction();
  if (!result && !result.error().fatal)
    if (auto aborted = core_->abort_transaction(); !aborted) return aborted;
  return result;
}

Result<> Transaction::send(Message message) {
  // Whether it arrived is what the commit says: it fails when any of its messages has.
  return core_.send(std::move(message), [](const Message&, const Result<Delivery>&) {}, kForAsLongAsItTakes);
}

Result<> Producer::close(milliseconds timeout) { return core_ ? core_->close(timeout) : Result<>{}; }

AsyncProducer::AsyncProducer(std::unique_ptr<ProducerCore> core, DeliveryHandler handler)
    : core_(std::move(core)),
      handler_(handler ? std::make_shared<const DeliveryHandler>(std::move(handler)) : nullptr) {}
AsyncProducer::AsyncProducer(AsyncProducer&&) noexcept = default;
AsyncProducer& AsyncProducer::operator=(AsyncProducer&&) noexcept = default;
AsyncProducer::~AsyncProducer() = default;

Result<AsyncProducer> AsyncProducer::open(ProducerConfig config, DeliveryHandler handler) {
  auto core = ProducerCore::open(std::move(config), 5ms);
  if (!core) return std::unexpected(core.error());
  return AsyncProducer(*std::move(core), std::move(handler));
}

Result<> AsyncProducer::send(Message message, milliseconds room_within) {
  if (!core_) return std::unexpected(closed());
  const auto tell = [handler = handler_](const Message& m, const Result<Delivery>& r) {
    if (handler) (*handler)(m, r);
  };
  return core_->send(std::move(message), tell, room_within);
}

Result<> AsyncProducer::send(Message message, DeliveryHandler handler, milliseconds room_within) {
  if (!core_) return std::unexpected(closed());
  return core_->send(std::move(message), std::move(handler), room_within);
}

std::future<Result<Delivery>> AsyncProducer::send_future(Message message) {
  if (core_) return send_for_future(*core_, std::move(message));
  std::promise<Result<Delivery>> refused;
  refused.set_value(std::unexpected(closed()));
  return refused.get_future();
}

Result<> AsyncProducer::flush(milliseconds timeout) { return core_ ? core_->flush(timeout) : Result<>{}; }
Result<> AsyncProducer::close(milliseconds timeout) { return core_ ? core_->close(timeout) : Result<>{}; }

}  // namespace thalweg::client
