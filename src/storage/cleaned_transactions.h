// What the cleaner has to know of transactions as it goes through a log from its first batch on: Kafka's
// CleanedTransactionMetadata. Records of an aborted transaction go at once; its marker, and its entry in the
// transaction index, stay as long as a batch of it is there. The marker of a committed one stays as long. Pure.
//
// Batches are given in order, each once, data to on_batch() and markers to on_marker().
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "base/result.h"
#include "record/batch.h"
#include "storage/transaction_index.h"

namespace thalweg::storage {

class CleanedTransactions {
 public:
  // Those that overlap what is read next; one that is known already may come again.
  void add_aborted(std::span<const AbortedTransaction> transactions);

  // Whether the batch belongs to an aborted transaction.
  bool on_batch(const record::BatchView& batch);
  struct Marker {
    bool is_needless = false;                   // no batch of its transaction is left
    std::optional<AbortedTransaction> aborted;  // what the index of its segment has to say as long as it is needed
  };
  // REQUIRES: batch.is_control()
  Result<Marker> on_marker(const record::BatchView& batch);

  // Of what it holds; for bounds.
  std::size_t size() const { return coming_.size() + aborted_.size() + committed_.size(); }

 private:
  struct Aborted {
    AbortedTransaction transaction;
    bool observed = false;  // a batch of it was seen
  };
  void begin_up_to(Offset offset);

  std::map<std::pair<Offset, ProducerId>, AbortedTransaction> coming_;  // by where they begin
  std::map<ProducerId, Aborted> aborted_;                               // begun, and their markers are to come
  std::set<ProducerId> committed_;                                      // the same, of those that were not aborted
};

}  // namespace thalweg::storage
