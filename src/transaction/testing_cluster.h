// A model of what stands around a coordinator, for tests: partitions as their leaders keep them, a log that may lose
// what is not committed, coordinators that fail, messages that are late, lost and repeated. It knows which transaction
// every record belongs to, and so whether the markers tell the truth.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/types.h"

namespace thalweg::transaction {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  int below(int n) { return static_cast<int>(random_() % std::uint64_t(n)); }
  bool one_in(int n) { return below(n) == 0; }

 private:
  std::mt19937_64 random_;
};

// What the application thinks of as one transaction.
using TransactionNumber = int;
enum class Outcome { kOpen, kCommitted, kAborted };

struct Marker {
  ProducerId producer;
  ProducerEpoch epoch;
  bool commit = false;
  std::int16_t version = 0;
  int coordinator_epoch = 0;
};

// One partition's leader: Kafka's ProducerStateManager and VerificationGuard, as much of them as decides.
class ModelPartition {
 public:
  // What was verified with the coordinator may be written until a marker comes. A token of the moment of asking.
  int guard(ProducerId producer) { return producers_[producer].markers; }

  // Whether the record is in the log now.
  bool append(ProducerId producer, ProducerEpoch epoch, TransactionNumber transaction, int guard) {
    auto& state = producers_[producer];
    if (epoch < state.epoch || guard != state.markers) return false;
    if (!state.open.empty() && epoch != state.epoch) return false;  // a new epoch begins with a marker
    state.epoch = epoch;
    state.open.insert(transaction);
    return true;
  }
  // False when the coordinator has been replaced. From a coordinator that has not, a marker that is refused is a fault.
  bool write(const Marker& marker, std::map<TransactionNumber, Outcome>& outcomes) {
    auto& state = producers_[marker.producer];
    if (marker.coordinator_epoch < state.coordinator_epoch) return false;
    const bool again = state.open.empty() && marker.epoch == state.epoch;
    const bool is_next = marker.version >= 2 ? marker.epoch > state.epoch : marker.epoch >= state.epoch;
    EXPECT_TRUE(again || is_next) << "a marker of epoch " << marker.epoch.value << " behind one of "
                                  << state.epoch.value << ", of producer " << marker.producer.value;
    state.coordinator_epoch = marker.coordinator_epoch;
    state.epoch = marker.epoch;
    ++state.markers;
    for (const auto transaction : state.open) settle(transaction, marker.commit, outcomes);
    state.open.clear();
    return true;
  }
  bool has_open() const {
    for (const auto& [producer, state] : producers_)
      if (!state.open.empty()) return true;
    return false;
  }

 private:
  struct State {
    ProducerEpoch epoch = kNoProducerEpoch;
    int coordinator_epoch = 0;
    int markers = 0;
    std::set<TransactionNumber> open;
  };
  static void settle(TransactionNumber transaction, bool commit, std::map<TransactionNumber, Outcome>& outcomes) {
    auto& outcome = outcomes[transaction];
    const Outcome now = commit ? Outcome::kCommitted : Outcome::kAborted;
    EXPECT_TRUE(outcome == Outcome::kOpen || outcome == now)
        << "transaction " << transaction << " is committed in one partition and aborted in another";
    outcome = now;
  }

  std::map<ProducerId, State> producers_;
};

}  // namespace thalweg::transaction
