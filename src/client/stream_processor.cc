#include <condition_variable>
#include <mutex>

#include "client/consumer_core.h"
#include "thalweg/client/processor.h"

namespace thalweg::client {

class ProcessorCore {
 public:
  ProcessorCore(std::shared_ptr<ConsumerCore> input, std::unique_ptr<ProducerCore> output)
      : consumer(std::move(input)), producer(std::move(output)) {}
  const std::shared_ptr<ConsumerCore> consumer;
  const std::shared_ptr<ProducerCore> producer;
};

namespace {

// What is under way of one run: how much, and the first record whose output failed.
struct Deliveries {
  std::mutex mutex;
  std::condition_variable done;
  std::size_t open = 0, failed_at = SIZE_MAX;
  Error error;

  void answered(std::size_t record, const Result<>& result) {
    const std::lock_guard lock(mutex);
    if (!result && record < failed_at) {
      failed_at = record;
      error = result.error();
    }
    if (--open == 0) done.notify_all();
  }
};

// Outputs of a run travel together; the run is handled up to the first record whose output the broker does not have.
class RunOfOutputs {
 public:
  explicit RunOfOutputs(ProducerCore& producer) : producer_(producer) {}

  void send(std::size_t record, std::vector<Message> messages) {
    for (auto& message : messages) {
      {
        const std::lock_guard lock(deliveries_->mutex);
        ++deliveries_->open;
      }
      const auto answer = [deliveries = deliveries_, record](const Message&, const Result<Delivery>& r) {
        deliveries->answered(record, status(r));
      };
      if (auto accepted = producer_.send(std::move(message), answer, milliseconds::max()); !accepted)
        deliveries_->answered(record, accepted);
    }
  }

  void finish(Handled& handled) {
    std::unique_lock lock(deliveries_->mutex);
    deliveries_->done.wait(lock, [&] { return deliveries_->open == 0; });
    if (deliveries_->failed_at >= handled.count) return;
    handled.count = deliveries_->failed_at;
    handled.error = deliveries_->error;
  }

 private:
  ProducerCore& producer_;
  const std::shared_ptr<Deliveries> deliveries_ = std::make_shared<Deliveries>();
};

RunHandler processing(std::function<Result<>(const Record&, Outbox&)> handler, std::shared_ptr<ProducerCore> producer) {
  return [handler = std::move(handler), producer = std::move(producer)](
             std::span<const Record> records, const std::function<bool()>& stop, ConsumedCells* cells) {
    RunOfOutputs outputs(*producer);
    const auto handle = one_by_one([&, next = std::size_t{0}](const Record& record) mutable -> Result<> {
      Outbox outbox(record);
      if (auto ok = handler(record, outbox); !ok) return ok;
      outputs.send(next++, std::move(outbox.messages()));
      return {};
    });
    Handled handled = handle(records, stop, cells);
    outputs.finish(handled);
    return handled;
  };
}

// The cluster is the input's; what `output` says wins.
Properties output_of(const ProcessorConfig& config) {
  Properties properties = config.output;
  properties.merge(connection_of(config.input.properties));
  return properties;
}

// One attempt with a transactional producer: what the broker says to it.
Result<> ask_for_transactions(const ProcessorConfig& config) {
  auto producer = ProducerCore::open({.brokers = config.input.brokers,
                                      .transactional_id = config.input.group + "-processor",
                                      .on_error = [](const Error&) {},
                                      .properties = output_of(config)},
                                     0ms);
  if (!producer) return std::unexpected(producer.error());
  if (auto ready = (*producer)->init_transactions(10s); !ready) return ready;
  return std::unexpected(Error{
      .code = RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED,
      .message = "the broker has transactions, but this version of the toolkit does not process exactly once yet; "
                 "use Guarantee::kAtLeastOnce, or Producer::transaction"});
}

}  // namespace

StreamProcessor::StreamProcessor(std::unique_ptr<ProcessorCore> core) : core_(std::move(core)) {}
StreamProcessor::StreamProcessor(StreamProcessor&&) noexcept = default;
StreamProcessor& StreamProcessor::operator=(StreamProcessor&&) noexcept = default;
StreamProcessor::~StreamProcessor() = default;

Result<StreamProcessor> StreamProcessor::open(ProcessorConfig config) {
  if (config.guarantee == Guarantee::kExactlyOnce) return std::unexpected(ask_for_transactions(config).error());
  ProducerConfig output{.brokers = config.input.brokers,
                        .metrics = config.input.metrics,
                        .on_error = config.input.on_error,
                        .properties = output_of(config)};
  auto producer = ProducerCore::open(std::move(output), 5ms);
  if (!producer) return std::unexpected(producer.error());
  auto consumer = ConsumerCore::open(std::move(config.input));
  if (!consumer) return std::unexpected(consumer.error());
  return StreamProcessor(std::make_unique<ProcessorCore>(*std::move(consumer), *std::move(producer)));
}

StreamProcessor& StreamProcessor::add(std::string topic, Handler handler) {
  if (core_) core_->consumer->add(std::move(topic), {.run = processing(std::move(handler), core_->producer)});
  return *this;
}

StreamProcessor& StreamProcessor::retry(RetryPolicy policy) {
  if (core_) core_->consumer->retry = std::move(policy);
  return *this;
}

StreamProcessor& StreamProcessor::dead_letters(DeadLetterQueue queue) {
  if (core_) core_->consumer->dead_letters = std::move(queue);
  return *this;
}

Result<> StreamProcessor::run(std::stop_token stop) {
  if (!core_) return std::unexpected(moved_from("processor"));
  const auto consumer = core_->consumer;  // a handler may destroy us
  const auto producer = core_->producer;
  auto result = consumer->run(stop);
  auto closed = producer->close(5s);
  return result ? closed : result;
}

}  // namespace thalweg::client
