// Consume, transform, produce. What a handler puts into its Outbox leaves when the handler has succeeded, and the
// input's offset is committed when the broker has all of it: at least once. Outputs that the broker refuses or does not
// take in time make the input fail, as if its handler had: it is tried again, then dead-lettered. So an output may come
// twice, and after outputs of later records, but none is missing.
//
// kExactlyOnce needs a broker with transactions and is not written yet: open() asks the broker and says what it said.
#pragma once

#include "thalweg/client/consumer.h"

namespace thalweg::client {

enum class Guarantee { kAtLeastOnce, kExactlyOnce };

class THALWEG_EXPORT Outbox {
 public:
  // Without a key it goes out under the key of the record that led to it.
  template <class V>
  Result<> send(std::string topic, const V& value);
  template <class K, class V>
  Result<> send(std::string topic, const K& key, const V& value, Headers headers = {});
  void send(Message message) { messages_.push_back(std::move(message)); }

  explicit Outbox(const Record& cause) : cause_(cause) {}
  std::vector<Message>& messages() { return messages_; }

 private:
  const Record& cause_;
  std::vector<Message> messages_;
};

struct ProcessorConfig {
  ConsumerConfig input = {};
  Guarantee guarantee = Guarantee::kAtLeastOnce;
  Properties output = {};  // of the producer; how to reach the cluster is taken from `input` unless it is said here
};

class ProcessorCore;

class THALWEG_EXPORT StreamProcessor {
 public:
  static Result<StreamProcessor> open(ProcessorConfig);
  // f takes const Record&, or const T&, or const T& and const Record&; then Outbox&. It returns void or Result<>.
  template <class F>
  StreamProcessor& on(std::string topic, F f);
  StreamProcessor& retry(RetryPolicy);
  StreamProcessor& dead_letters(DeadLetterQueue = {});
  Result<> run(std::stop_token);

  StreamProcessor(StreamProcessor&&) noexcept;
  StreamProcessor& operator=(StreamProcessor&&) noexcept;
  ~StreamProcessor();

 private:
  using Handler = std::function<Result<>(const Record&, Outbox&)>;
  explicit StreamProcessor(std::unique_ptr<ProcessorCore>);
  StreamProcessor& add(std::string topic, Handler);
  std::unique_ptr<ProcessorCore> core_;
};

template <class V>
Result<> Outbox::send(std::string topic, const V& value) {
  std::optional<std::string> key;
  if (cause_.key()) key = std::string(*cause_.key());
  return send(std::move(topic), key, value);
}
template <class K, class V>
Result<> Outbox::send(std::string topic, const K& key, const V& value, Headers headers) {
  auto made = detail::make(std::move(topic), key, value, std::move(headers));
  if (!made) return std::unexpected(made.error());
  send(*std::move(made));
  return {};
}
template <class F>
StreamProcessor& StreamProcessor::on(std::string topic, F f) {
  return add(std::move(topic),
             [f = std::move(f)](const Record& record, Outbox& out) mutable { return detail::handle(f, record, out); });
}

}  // namespace thalweg::client
