// The coordinator of all transactional ids that belong to one partition of __transaction_state: who may produce under
// an id, which partitions its transaction holds, and how that ends (KIP-98, KIP-360, KIP-890, KIP-664). A machine in
// the sense of replicated::Host: values in, Effects out.
//
// Hard state is rebuilt by apply() alone: the metadata of every transactional id. Soft state is who waits for work, and
// which of it has not been handed out yet; a new leadership hands out all that is prepared once more. So a transaction
// that is decided ends, whoever coordinates it.
//
// An end is two records: Prepare, with which it is decided and which the client's answer waits for, and Complete when
// all markers are written. Work leaves with the answer to TakeWork, which the host holds until what it has seen is
// committed: no marker is ever written for a decision that could be lost.
//
// Source: Kafka's TransactionCoordinator, TransactionStateManager. Differences are in README.md.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "protocol/list_transactions_request.h"
#include "transaction/effects.h"
#include "transaction/transaction_metadata.h"

namespace thalweg::transaction {

class TransactionMachine {
 public:
  using Record = TransactionRecord;
  using Reply = transaction::Reply;
  using RequestId = transaction::RequestId;
  using TimerKey = transaction::TimerKey;
  using Context = RequestContext;
  using Effects = transaction::Effects;

  // `cluster_version` is the level of transaction.version that is in force.
  TransactionMachine(TransactionConfig config, std::function<std::int16_t()> cluster_version)
      : config_(config), cluster_version_(std::move(cluster_version)) {}

  Effects on(const InitProducer&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const AddPartitions&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const EndTransaction&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const DescribeTransaction&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const protocol::ListTransactionsRequest&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const TakeWork&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const MarkersWritten&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const AbortTimedOut&, const RequestContext&, RequestId, Instant now, Timestamp wall);

  Effects on_timer(const TimerKey& key, Instant now, Timestamp wall);
  Effects on_loaded(Instant now, Timestamp wall);
  void apply(const TransactionRecord& record);
  // The step just made was refused by the journal: it never happened.
  void undo();

  // For those who look on.
  std::size_t size() const { return known_.size(); }

 private:
  // Null when the id is not known.
  const TransactionMetadata* find(const std::string& transactional_id) const;
  void begin_step() { before_.reset(); }
  void append(Effects& effects, const std::string& transactional_id, TransactionMetadata then) const;
  TransactionRecord record_of(const std::string& transactional_id, TransactionMetadata then) const;
  // Decided: the record, and its markers for who writes them.
  void end(Effects& effects, const std::string& transactional_id, const TransactionMetadata& now, const Ending& ending,
           Timestamp wall);
  void init_known(Effects& effects, const InitProducer& request, const RequestContext& context, RequestId id,
                  const TransactionMetadata& now, Timestamp wall);
  // True when there was something to do, which is as much as one step does.
  bool abort_if_timed_out(Effects& effects, const std::string& transactional_id, const TransactionMetadata& now,
                          Timestamp wall);
  bool has_expired(const TransactionMetadata& metadata, Timestamp wall) const;
  Ending fence() const { return {.commit = false, .client_version = cluster_version_(), .fence = true}; }

  const TransactionConfig config_;
  const std::function<std::int16_t()> cluster_version_;
  std::map<std::string, MetadataPtr> known_;
  std::set<std::string> prepared_;  // those of them that are

  std::optional<RequestId> worker_;    // waits for work
  std::set<std::string> to_hand_out_;  // prepared, and the worker does not know it yet
  std::set<std::string> timed_out_;    // wait for a producer id, and the worker does not know it yet
  std::optional<RequestId> before_;    // the worker that the step under way has answered
};

}  // namespace thalweg::transaction
