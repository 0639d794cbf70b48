#include "broker/transaction_markers.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/log.h"

namespace thalweg::broker {

using protocol::WriteTxnMarkersRequest;
using protocol::WriteTxnMarkersResponse;
using transaction::Partitions;

struct TransactionMarkers::Transaction {
  MarkerSessionPtr session;
  std::string id;
  transaction::MetadataPtr metadata;
  std::size_t left = 0;  // partitions without a marker

  bool is_of_interest() const { return !session->over && left > 0; }
};

// Those of its partitions that go together: to one broker, or again after a pause.
struct TransactionMarkers::Part {
  TransactionPtr transaction;
  std::vector<TopicPartition> partitions;
  Instant pause = kBackoffFirst;         // before the next attempt, if this one fails
  std::optional<Instant> unknown_since;  // when they are not in the image
};

struct TransactionMarkers::Queue {
  std::deque<Part> parts;
  bool draining = false;
};

struct TransactionMarkers::State {
  const Shard& shard;
  const MarkerLinks links;
  bool stopped = false;
  std::map<BrokerId, Queue> queues;
  std::map<std::pair<PartitionId, std::string>, TransactionPtr> under_way;
};

namespace {

// What the partition says of it.
enum class MarkerFate : std::uint8_t { kWritten, kAgain };

MarkerFate fate_of(ErrorCode error, const transaction::TransactionMetadata& metadata) {
  switch (error) {
    case ErrorCode::kNone:
    // The partition cannot have been written to in a transaction.
    case ErrorCode::kUnsupportedForMessageFormat:
      return MarkerFate::kWritten;
    // Where each transaction has its own epoch, a marker is refused that is there already (KIP-1228).
    case ErrorCode::kInvalidProducerEpoch:
      return metadata.client_version >= transaction::kEpochBumpFrom ? MarkerFate::kWritten : MarkerFate::kAgain;
    // Also kTransactionCoordinatorFenced: whoever it is that coordinates by now, this one will hear of it.
    default:
      return MarkerFate::kAgain;
  }
}

WriteTxnMarkersRequest::WritableTxnMarker marker_of(const transaction::TransactionMetadata& metadata, LeaderEpoch epoch,
                                                    const std::vector<TopicPartition>& partitions) {
  WriteTxnMarkersRequest::WritableTxnMarker marker;
  marker.producer_id = metadata.producer_id;
  marker.producer_epoch = metadata.producer_epoch;
  marker.transaction_result = metadata.commits();
  marker.coordinator_epoch = epoch.value;
  marker.transaction_version = static_cast<std::int8_t>(metadata.client_version);
  for (const auto& [topic, partition] : partitions) {
    if (marker.topics.empty() || marker.topics.back().name != topic) marker.topics.push_back({topic, {}});
    marker.topics.back().partition_indexes.push_back(partition);
  }
  return marker;
}

// By producer and partition, as answers come: a request names a producer once.
using Answers = std::map<std::tuple<ProducerId, std::string, PartitionId>, ErrorCode>;
Answers answers_of(const Result<WriteTxnMarkersResponse>& response) {
  Answers answers;
  if (!response) return answers;
  for (const auto& marker : response->markers)
    for (const auto& topic : marker.topics)
      for (const auto& partition : topic.partitions)
        answers[{marker.producer_id, topic.name, partition.partition_index}] = partition.error_code;
  return answers;
}

}  // namespace

TransactionMarkers::TransactionMarkers(const Shard& shard, MarkerLinks links)
    : state_(std::make_shared<State>(shard, std::move(links))) {}

TransactionMarkers::~TransactionMarkers() { state_->stopped = true; }

std::size_t TransactionMarkers::under_way() const { return state_->under_way.size(); }

void TransactionMarkers::write(const MarkerSessionPtr& session, const std::string& transactional_id,
                               transaction::MetadataPtr metadata) {
  auto& known = state_->under_way[{session->partition, transactional_id}];
  if (known && known->session == session && known->metadata->last_update == metadata->last_update) return;
  known = std::make_shared<Transaction>(session, transactional_id, metadata);
  std::vector<TopicPartition> partitions;
  for (const auto& [topic, some] : metadata->partitions)
    for (const auto partition : some) partitions.push_back({topic, partition});
  const auto transaction = known;
  transaction->left = partitions.size();
  if (partitions.empty()) return done(*state_, transaction, 0);
  route(state_, {Part{.transaction = transaction, .partitions = std::move(partitions)}});
}

void TransactionMarkers::confirmed(const MarkerSessionPtr& session, const std::string& transactional_id,
                                   Timestamp prepared_at) {
  const auto at = state_->under_way.find({session->partition, transactional_id});
  if (at == state_->under_way.end()) return;
  const Transaction& known = *at->second;
  if (known.session == session && known.metadata->last_update == prepared_at) state_->under_way.erase(at);
}

void TransactionMarkers::end(const MarkerSessionPtr& session) {
  session->over = true;
  auto& all = state_->under_way;
  auto at = all.lower_bound({session->partition, {}});
  while (at != all.end() && at->first.first == session->partition)
    at = at->second->session == session ? all.erase(at) : std::next(at);
}

// To the queues of those who lead; what nobody leads waits, and what is gone needs no marker.
void TransactionMarkers::route(const StatePtr& state, std::vector<Part> parts) {
  const Instant now = state->shard.clock.now();
  for (auto& part : parts) {
    if (!part.transaction->is_of_interest()) continue;
    std::map<BrokerId, std::vector<TopicPartition>> led;
    std::vector<TopicPartition> unknown, leaderless;
    for (auto& partition : part.partitions) {
      const auto leader = state->links.leader(partition.topic, partition.partition);
      if (leader.where == MarkerLinks::Where::kLed)
        led[leader.broker].push_back(std::move(partition));
      else
        (leader.where == MarkerLinks::Where::kGone ? unknown : leaderless).push_back(std::move(partition));
    }
    for (auto& [broker, partitions] : led) {
      auto& queue = state->queues[broker];
      queue.parts.push_back({part.transaction, std::move(partitions), part.pause});
      if (!std::exchange(queue.draining, true)) spawn(state->shard, drain(state, broker));
    }
    const Instant next = std::min<Instant>(2 * part.pause, kBackoffLast);
    if (!leaderless.empty())
      spawn(state->shard, again(state, {Part{part.transaction, std::move(leaderless), next}}, part.pause));
    if (unknown.empty()) continue;
    const Instant since = part.unknown_since.value_or(now);
    if (now - since >= kGoneAfter)
      done(*state, part.transaction, unknown.size());
    else
      spawn(state->shard, again(state, {Part{part.transaction, std::move(unknown), next, since}}, part.pause));
  }
}

std::vector<TransactionMarkers::Part> TransactionMarkers::take(Queue& queue) {
  std::vector<Part> taken;
  std::set<ProducerId> named;
  std::size_t partitions = 0;
  while (!queue.parts.empty()) {
    Part& next = queue.parts.front();
    if (next.transaction->is_of_interest()) {
      if (!taken.empty() && partitions + next.partitions.size() > kPartitionsAtOnce) break;
      // Two parts of one transaction: its second one goes with the next request.
      if (!named.insert(next.transaction->metadata->producer_id).second) break;
      partitions += next.partitions.size();
      taken.push_back(std::move(next));
    }
    queue.parts.pop_front();
  }
  return taken;
}

Task<> TransactionMarkers::drain(StatePtr state, BrokerId broker) {
  for (;;) {
    auto parts = state->stopped ? std::vector<Part>() : take(state->queues[broker]);
    if (parts.empty()) break;
    WriteTxnMarkersRequest request;
    for (const auto& part : parts)
      request.markers.push_back(
          marker_of(*part.transaction->metadata, part.transaction->session->epoch(), part.partitions));
    const auto answer = co_await state->links.write(broker, std::move(request));
    if (state->stopped) co_return;
    settle(state, std::move(parts), answer);
  }
  state->queues.erase(broker);
}

void TransactionMarkers::settle(const StatePtr& state, std::vector<Part> parts,
                                const Result<WriteTxnMarkersResponse>& answer) {
  const auto answers = answers_of(answer);
  std::map<Instant, std::vector<Part>> failed;  // by how long they wait
  for (auto& part : parts) {
    const auto& metadata = *part.transaction->metadata;
    std::vector<TopicPartition> left;
    ErrorCode why = answer ? ErrorCode::kUnknownServerError : answer.error().code;
    for (auto& partition : part.partitions) {
      const auto at = answers.find({metadata.producer_id, partition.topic, partition.partition});
      if (at != answers.end() && fate_of(at->second, metadata) == MarkerFate::kWritten) continue;
      if (at != answers.end()) why = at->second;
      left.push_back(std::move(partition));
    }
    const std::size_t written = part.partitions.size() - left.size();
    if (!left.empty()) {
      if (part.pause >= kBackoffLast)
        log::warn("markers of a transaction cannot be written yet", field("transactional_id", part.transaction->id),
                  field("partitions", left.size()), field("first", to_string(left.front())),
                  field("error", std::string(name(why))));
      failed[part.pause].push_back(
          {part.transaction, std::move(left), std::min<Instant>(2 * part.pause, kBackoffLast)});
    }
    if (written > 0) done(*state, part.transaction, written);
  }
  for (auto& [pause, some] : failed) spawn(state->shard, again(state, std::move(some), pause));
}

Task<> TransactionMarkers::again(StatePtr state, std::vector<Part> parts, Instant pause) {
  co_await state->shard.clock.sleep_for(pause);
  if (!state->stopped) route(state, std::move(parts));
}

void TransactionMarkers::done(const State& state, const TransactionPtr& transaction, std::size_t partitions) {
  transaction->left -= partitions;
  if (transaction->left == 0 && !transaction->session->over)
    state.links.written(transaction->session, transaction->id, transaction->metadata);
}

}  // namespace thalweg::broker
