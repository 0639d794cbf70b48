// A transaction of a producer, as librdkafka does it.
#include "client/producer_core.h"

namespace thalweg::client {
namespace {

constexpr int kTransactionTimeoutMs = 30'000;

// Retriable errors mean: the same call again, which goes on where it was.
template <class F>
Result<> until_done(const std::string& what, F call) {
  const auto deadline = std::chrono::steady_clock::now() + milliseconds(kTransactionTimeoutMs);
  while (rd_kafka_error_t* error = call()) {
    Error ours = error_of(error, what);
    if (!ours.retriable || std::chrono::steady_clock::now() >= deadline) return std::unexpected(std::move(ours));
  }
  return {};
}

}  // namespace

Result<> ProducerCore::init_transactions(milliseconds timeout) {
  if (rd_kafka_error_t* error = rd_kafka_init_transactions(handle_.get(), as_int(timeout)))
    return std::unexpected(error_of(error, "the broker does not begin transactions"));
  return {};
}

Result<> ProducerCore::begin_transaction() {
  if (rd_kafka_error_t* error = rd_kafka_begin_transaction(handle_.get()))
    return std::unexpected(error_of(error, "begin transaction"));
  return {};
}

Result<> ProducerCore::commit_transaction() {
  return until_done("commit transaction",
                    [&] { return rd_kafka_commit_transaction(handle_.get(), kTransactionTimeoutMs); });
}

Result<> ProducerCore::abort_transaction() {
  return until_done("abort transaction",
                    [&] { return rd_kafka_abort_transaction(handle_.get(), kTransactionTimeoutMs); });
}

}  // namespace thalweg::client
