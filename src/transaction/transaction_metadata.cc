#include "transaction/transaction_metadata.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace thalweg::transaction {
namespace {

constexpr ProducerEpoch kLargestEpoch{std::numeric_limits<std::int16_t>::max()};

constexpr std::array<std::string_view, 8> kStateNames{"Empty",        "Ongoing",          "PrepareCommit",
                                                      "PrepareAbort", "CompleteCommit",   "CompleteAbort",
                                                      "Dead",         "PrepareEpochFence"};

ProducerEpoch next(ProducerEpoch epoch) {
  CHECK(epoch < kLargestEpoch);
  return {static_cast<std::int16_t>(epoch.value + 1)};
}

// What every change carries over, and says of the one before.
TransactionMetadata after(const TransactionMetadata& now, TransactionState state, Timestamp wall) {
  TransactionMetadata then = now;
  then.previous_producer_id = now.producer_id;
  then.state = state;
  // Rises with every change, also where two of them share a millisecond or the clocks of two coordinators differ.
  then.last_update = std::max(now.last_update + 1, wall);
  return then;
}

}  // namespace

std::string_view name(TransactionState state) { return kStateNames.at(static_cast<std::size_t>(state)); }

std::optional<TransactionState> state_named(std::string_view name) {
  const auto* const at = std::ranges::find(kStateNames, name);
  if (at == kStateNames.end()) return std::nullopt;
  return static_cast<TransactionState>(at - kStateNames.begin());
}

std::optional<TransactionState> state_numbered(std::int8_t number) {
  if (number < 0 || std::size_t(number) >= kStateNames.size()) return std::nullopt;
  return static_cast<TransactionState>(number);
}

bool TransactionMetadata::has(const std::string& topic, PartitionId partition) const {
  const auto at = partitions.find(topic);
  return at != partitions.end() && at->second.contains(partition);
}

bool TransactionMetadata::has_all(const Partitions& others) const {
  return std::ranges::all_of(others, [&](const auto& topic) {
    const auto at = partitions.find(topic.first);
    return at != partitions.end() && std::ranges::includes(at->second, topic.second);
  });
}

TransactionMetadata with_next_epoch(const TransactionMetadata& now, std::int32_t timeout_ms, bool continues,
                                    Timestamp wall) {
  CHECK(!is_exhausted(now.producer_epoch) && !now.is_ongoing() && !now.is_prepared());
  TransactionMetadata then = after(now, TransactionState::kEmpty, wall);
  then.producer_epoch = next(now.producer_epoch);
  then.previous_producer_epoch = continues ? now.producer_epoch : kNoProducerEpoch;
  then.timeout_ms = timeout_ms;
  then.partitions.clear();
  then.start = kNoTimestamp;
  return then;
}

TransactionMetadata with_producer_id(const TransactionMetadata& now, ProducerId id, std::int32_t timeout_ms,
                                     bool continues, Timestamp wall) {
  CHECK(!now.is_ongoing() && !now.is_prepared());
  TransactionMetadata then = after(now, TransactionState::kEmpty, wall);
  then.producer_id = id;
  then.producer_epoch = ProducerEpoch{0};
  then.previous_producer_epoch = continues ? now.producer_epoch : kNoProducerEpoch;
  then.timeout_ms = timeout_ms;
  then.partitions.clear();
  then.start = kNoTimestamp;
  return then;
}

TransactionMetadata with_partitions(const TransactionMetadata& now, const Partitions& added,
                                    std::int16_t client_version, Timestamp wall) {
  CHECK(!now.is_prepared());
  TransactionMetadata then = after(now, TransactionState::kOngoing, wall);
  if (!now.is_ongoing()) then.start = wall;
  for (const auto& [topic, partitions] : added) then.partitions[topic].insert(partitions.begin(), partitions.end());
  then.client_version = client_version;
  return then;
}

bool uses_up_epochs(const TransactionMetadata& now, const Ending& ending) {
  return ending.client_version >= kEpochBumpFrom && is_exhausted(now.producer_epoch);
}

TransactionMetadata prepared(const TransactionMetadata& now, const Ending& ending, Timestamp wall) {
  TransactionMetadata then =
      after(now, ending.commit ? TransactionState::kPrepareCommit : TransactionState::kPrepareAbort, wall);
  const bool bumps = ending.fence || ending.client_version >= kEpochBumpFrom;
  // The largest epoch is where a fence of the last one has led to. It is nobody's, and there is none behind it.
  if (bumps && now.producer_epoch < kLargestEpoch) then.producer_epoch = next(now.producer_epoch);
  if (ending.client_version >= kEpochBumpFrom)
    then.previous_producer_epoch = now.producer_epoch;
  else if (ending.fence)
    then.previous_producer_epoch = kNoProducerEpoch;
  if (!now.is_ongoing()) then.start = wall;
  then.next_producer_id = ending.next_producer_id;
  then.client_version = ending.client_version;
  return then;
}

TransactionMetadata completed(const TransactionMetadata& now, Timestamp wall) {
  CHECK(now.is_prepared());
  TransactionMetadata then =
      after(now, now.commits() ? TransactionState::kCompleteCommit : TransactionState::kCompleteAbort, wall);
  if (now.next_producer_id != kNoProducerId) {
    then.producer_id = now.next_producer_id;
    then.producer_epoch = ProducerEpoch{0};
  }
  then.next_producer_id = kNoProducerId;
  then.partitions.clear();
  return then;
}

}  // namespace thalweg::transaction
