#include "broker/transaction_verifier.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "base/log.h"

namespace thalweg::broker {
namespace {

using protocol::AddPartitionsToTxnRequest;
using protocol::AddPartitionsToTxnResponse;

std::size_t bytes_of(const TransactionQuestion& question) {
  std::size_t bytes = sizeof(question) + question.transactional_id.size();
  for (const auto& partition : question.partitions) bytes += sizeof(partition) + partition.topic.size();
  return bytes;
}

AddPartitionsToTxnRequest::AddPartitionsToTxnTransaction transaction_of(const TransactionQuestion& question) {
  AddPartitionsToTxnRequest::AddPartitionsToTxnTransaction transaction;
  transaction.transactional_id = question.transactional_id;
  transaction.producer_id = question.producer_id;
  transaction.producer_epoch = question.producer_epoch;
  transaction.verify_only = !question.adds;
  std::map<std::string, std::set<PartitionId>> topics;
  for (const auto& [topic, partition] : question.partitions) topics[topic].insert(partition);
  for (const auto& [name, partitions] : topics)
    transaction.topics.push_back({.name = name, .partitions = {partitions.begin(), partitions.end()}});
  return transaction;
}

// Clients are not told that this broker may not ask.
ErrorCode refusal_of_all(ErrorCode code) {
  return code == ErrorCode::kClusterAuthorizationFailed ? ErrorCode::kInvalidTxnState : code;
}

ErrorCode error_of_exchange(const TransactionQuestion& question, const Error& error) {
  // A release that does not verify: as in Kafka, that is no reason to refuse. It could not have added anything.
  if (error.code == ErrorCode::kUnsupportedVersion)
    return question.adds ? ErrorCode::kCoordinatorNotAvailable : ErrorCode::kNone;
  return ErrorCode::kNetworkException;
}

}  // namespace

AddPartitionsToTxnRequest request_of(const std::vector<const TransactionQuestion*>& questions) {
  AddPartitionsToTxnRequest request;
  for (const auto* question : questions) request.transactions.push_back(transaction_of(*question));
  return request;
}

TransactionAnswer refused(const TransactionQuestion& question, ErrorCode code) {
  return TransactionAnswer(question.partitions.size(), code);
}

TransactionAnswer answer_of(const TransactionQuestion& question, const Result<AddPartitionsToTxnResponse>& response) {
  if (!response) return refused(question, error_of_exchange(question, response.error()));
  if (response->error_code != ErrorCode::kNone) return refused(question, refusal_of_all(response->error_code));
  std::map<std::pair<std::string_view, PartitionId>, ErrorCode> said;
  for (const auto& result : response->results_by_transaction) {
    if (result.transactional_id != question.transactional_id) continue;
    for (const auto& topic : result.topic_results)
      for (const auto& partition : topic.results_by_partition)
        said[{topic.name, partition.partition_index}] = partition.partition_error_code;
  }
  TransactionAnswer answer;
  for (const auto& [topic, partition] : question.partitions) {
    const auto at = said.find({topic, partition});
    answer.push_back(at == said.end() ? ErrorCode::kNetworkException : at->second);
  }
  return answer;
}

// Outlives the verifier where an answer is due.
struct TransactionVerifier::State {
  struct Waiting {
    TransactionQuestion question;
    OneShot<TransactionAnswer> answer;
    std::size_t bytes;
  };
  struct Coordinator {
    std::deque<Waiting> waiting;
    bool is_asked = false;
  };

  const Shard& shard;
  const Send send;
  const Options options;
  std::map<BrokerId, Coordinator> coordinators = {};
  std::size_t questions = 0, bytes = 0;  // of all that wait
  bool stopped = false;

  std::vector<Waiting> take(Coordinator& from);
  void answer_all();
};

// In the order of asking; of one transactional id the first, as an answer has one place for it.
std::vector<TransactionVerifier::State::Waiting> TransactionVerifier::State::take(Coordinator& from) {
  std::vector<Waiting> taken;
  std::deque<Waiting> later;
  std::set<std::string_view> ids;  // of strings that stay where they are: the questions are moved with them
  taken.reserve(std::min(from.waiting.size(), options.together_max));
  while (!from.waiting.empty() && taken.size() < options.together_max) {
    Waiting next = std::move(from.waiting.front());
    from.waiting.pop_front();
    const bool is_over = next.answer.is_set();
    if (!is_over && ids.contains(next.question.transactional_id)) {
      later.push_back(std::move(next));
      continue;
    }
    --questions;
    bytes -= next.bytes;
    if (is_over) continue;
    taken.push_back(std::move(next));
    ids.insert(taken.back().question.transactional_id);
  }
  while (!later.empty()) {
    from.waiting.push_front(std::move(later.back()));
    later.pop_back();
  }
  return taken;
}

void TransactionVerifier::State::answer_all() {
  for (auto& [id, coordinator] : coordinators) {
    for (const auto& waiting : coordinator.waiting)
      waiting.answer.set(refused(waiting.question, ErrorCode::kCoordinatorNotAvailable));
    coordinator.waiting.clear();
  }
  questions = bytes = 0;
}

TransactionVerifier::TransactionVerifier(const Shard& shard, Send send, Options options)
    : state_(std::make_shared<State>(State{shard, std::move(send), options})) {}

TransactionVerifier::~TransactionVerifier() { stop(); }

void TransactionVerifier::stop() {
  state_->stopped = true;
  state_->answer_all();
}

Task<TransactionAnswer> TransactionVerifier::ask(BrokerId coordinator, TransactionQuestion question) {
  const auto state = state_;
  const std::size_t bytes = bytes_of(question);
  if (state->stopped || state->questions >= state->options.questions_max ||
      state->bytes + bytes > state->options.bytes_max)
    co_return refused(question, ErrorCode::kCoordinatorNotAvailable);
  const OneShot<TransactionAnswer> answer;
  const auto limit = state->shard.clock.call_at(
      later(state->shard.clock.now(), state->options.timeout),
      [answer, late = refused(question, ErrorCode::kNetworkException)] { answer.set(late); });
  auto& queue = state->coordinators[coordinator];
  queue.waiting.push_back({std::move(question), answer, bytes});
  ++state->questions;
  state->bytes += bytes;
  if (!std::exchange(queue.is_asked, true)) spawn(state->shard, send_all(state, coordinator));
  co_return co_await answer.wait();
}

// One request after another, until nobody waits.
Task<> TransactionVerifier::send_all(std::shared_ptr<State> state, BrokerId coordinator) {
  for (;;) {
    const auto taken = state->take(state->coordinators[coordinator]);
    if (taken.empty()) break;
    std::vector<const TransactionQuestion*> questions;
    for (const auto& waiting : taken) questions.push_back(&waiting.question);
    const Instant deadline = later(state->shard.clock.now(), state->options.timeout);
    const auto response = co_await state->send(coordinator, request_of(questions), deadline);
    if (!response)
      log::debug("the coordinator of transactions did not answer", field("broker", coordinator),
                 field("questions", taken.size()), field("error", response.error()));
    for (const auto& waiting : taken) waiting.answer.set(answer_of(waiting.question, response));
  }
  state->coordinators.erase(coordinator);
}

}  // namespace thalweg::broker
