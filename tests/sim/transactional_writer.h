// One who writes transactions for ever: records in several partitions of kTransfers and the offset of a group, all or
// nothing. What became of a transaction whose end was not answered tells the committed offset, as in programs that
// process exactly once.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "leader_route.h"
#include "transactions.h"

namespace thalweg::simulation {

class TransactionalWriter {
 public:
  // How its client speaks: one before KIP-890 adds partitions itself and keeps its epoch.
  enum class Style { kOlder, kNewer };

  TransactionalWriter(const Shard& shard, History& history, Transactions& transactions, int number, int count)
      : shard_(shard),
        history_(history),
        transactions_(transactions),
        route_(shard, kTransfers),
        number_(number),
        count_(count),
        style_(number % 2 ? Style::kOlder : Style::kNewer),
        name_("writer-" + std::to_string(number)) {}

  Task<> run();
  bool done() const { return done_; }
  const std::string& last_error() const { return last_error_; }

 private:
  using Channel = std::shared_ptr<network::Channel>;
  using Step = std::function<Task<Result<>>()>;
  enum class Kind : std::int8_t { kGroup = 0, kTransaction = 1 };
  struct Identity {
    ProducerId id = kNoProducerId;
    ProducerEpoch epoch = kNoProducerEpoch;
    std::map<PartitionId, std::int32_t> sequences;  // of the next record
  };

  // Gets an epoch of its own, which ends what is open, and learns what became of that.
  Task<Result<>> begin_anew();
  Task<Result<>> init();
  Task<Result<>> resolve();
  Task<Result<>> transact();
  // As somebody who was replaced and does not know it.
  Task<> haunt(Identity former);

  Task<Result<>> add_partitions(Identity as, std::set<PartitionId> partitions);
  Task<Result<>> add_offsets();
  Task<Result<>> write(PartitionId partition, int number);
  Task<Result<>> produce(Identity as, PartitionId partition, std::string value);
  Task<Result<>> commit_offset(int number);
  Task<Result<>> end(Identity as, bool commit);
  Task<Result<std::int64_t>> committed_offset();

  // The step, again for a while where that may help.
  Task<Result<>> insist(Step step);
  Task<Result<Channel>> to_coordinator(Kind kind);
  // Sends it there; whoever does not answer is looked for anew.
  template <class Response, class Request>
  Task<Result<Response>> ask_coordinator(Kind kind, Request request, std::int16_t version);
  Result<> judged(ErrorCode code, const char* what);
  bool older() const { return style_ == Style::kOlder; }

  const Shard& shard_;
  History& history_;
  Transactions& transactions_;
  ToTheLeader route_;
  const int number_, count_;
  const Style style_;
  const std::string name_;  // transactional id and group

  Identity self_;
  bool ready_ = false;
  int next_ = 0;             // number of the next transaction
  std::optional<int> open_;  // whose end is not known
  int last_committed_ = -1;
  std::map<Kind, BrokerId> coordinators_;
  bool done_ = false;
  std::string last_error_;
};

}  // namespace thalweg::simulation
