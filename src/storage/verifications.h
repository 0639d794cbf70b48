// Questions to transaction coordinators that are under way: whether a transaction includes this partition (KIP-890;
// Kafka's VerificationStateEntry and VerificationGuard). A leader begins one before it asks, and appends the first
// batch of the transaction with the guard that it got. Whatever ends a transaction here ends the question too, so an
// answer that is older than a marker begins no transaction that nobody would end.
//
// It also remembers the lowest sequence that was asked about: while the question about a producer's first batch fails,
// the batches that follow it on the same connection must not be taken for first ones.
//
// Pure; a part of ProducerStateManager. Nothing of it is on disk: after a restart producers ask again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "base/time.h"
#include "base/types.h"

namespace thalweg::storage {

// Never the same for two questions of one log, also after it was cut or moved.
using VerificationGuard = Strong<std::uint64_t, struct VerificationGuardTag>;
inline constexpr VerificationGuard kNoGuard{0};  // of a producer whose transaction is open here: nothing was asked

struct VerificationStart {
  ProducerId producer_id{kNoProducerId};
  ProducerEpoch epoch{kNoProducerEpoch};
  std::int32_t base_sequence = 0;
  bool adds = false;  // the question adds the partition (transaction.version 2): a producer begins with sequence 0
};

class Verifications {
 public:
  // Beyond, the oldest is forgotten: its batch is refused, and asked about again.
  static constexpr std::size_t kMax = 4096;

  struct Entry {
    VerificationGuard guard;
    ProducerEpoch epoch;
    std::int32_t lowest_sequence;
    bool adds;
    Timestamp since;
  };

  // Those of one producer and epoch share a guard; that of an earlier epoch is void.
  VerificationGuard begin(const VerificationStart& start, Timestamp now);
  const Entry* find(ProducerId id) const;
  // The producer's transaction has begun or ended here.
  void end(ProducerId id) {
    if (!entries_.empty()) entries_.erase(id);
  }
  void clear() { entries_.clear(); }
  // Those that began at `before` or earlier.
  void remove_older(Timestamp before);
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }

 private:
  void forget_oldest();

  std::map<ProducerId, Entry> entries_;
  std::uint64_t last_guard_ = 0;
};

}  // namespace thalweg::storage
