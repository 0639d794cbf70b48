// Writes the markers of transactions that are decided: a queue for each broker that leads some of their partitions,
// from which as much as there is goes in one WriteTxnMarkers request, one request at a time. What fails is asked again,
// of whoever leads by then, until every partition has the marker or is gone. A broker that does not answer keeps only
// its own queue waiting.
//
// What waits is bounded by what is decided: a transaction is here once, and its partitions are those of the machine's.
// Requests hold kPartitionsAtOnce partitions, or one transaction that has more.
//
// Owner: one shard. Source: Kafka's TransactionMarkerChannelManager.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "protocol/write_txn_markers_request.h"
#include "protocol/write_txn_markers_response.h"
#include "runtime/shard.h"
#include "transaction/transaction_metadata.h"

namespace thalweg::broker {

// One leadership of a partition of __transaction_state. Whoever holds it sees in `over` that it has ended.
struct MarkerSession {
  PartitionId partition;
  std::function<LeaderEpoch()> epoch;  // the coordinator epoch of markers
  bool over = false;
};
using MarkerSessionPtr = std::shared_ptr<MarkerSession>;

struct MarkerLinks {
  enum class Where : std::uint8_t { kLed, kNoLeader, kGone };
  struct Leader {
    Where where = Where::kNoLeader;
    BrokerId broker = kNoBroker;
  };
  std::function<Leader(const std::string& topic, PartitionId partition)> leader;
  std::function<Task<Result<protocol::WriteTxnMarkersResponse>>(BrokerId broker,
                                                                protocol::WriteTxnMarkersRequest request)>
      write;
  // All markers are written. Called once for each, unless the session is over; then confirmed() is to be called.
  std::function<void(MarkerSessionPtr session, std::string transactional_id, transaction::MetadataPtr metadata)>
      written;
};

class TransactionMarkers {
 public:
  static constexpr std::size_t kPartitionsAtOnce = 1000;
  static constexpr Instant kBackoffFirst = std::chrono::milliseconds(20), kBackoffLast = std::chrono::seconds(1);
  // A partition that nobody knows is gone when it is unknown for so long: this shard may know less than who added it.
  static constexpr Instant kGoneAfter = std::chrono::seconds(1);

  TransactionMarkers(const Shard& shard, MarkerLinks links);
  ~TransactionMarkers();
  TransactionMarkers(const TransactionMarkers&) = delete;

  // One that is known is not begun again: until the coordinator knows that its markers are written it may hand it out
  // once more, and a marker that is written twice could end the next transaction. REQUIRES: it is prepared
  void write(const MarkerSessionPtr& session, const std::string& transactional_id, transaction::MetadataPtr metadata);
  // The coordinator knows that the markers of what was prepared then are written.
  void confirmed(const MarkerSessionPtr& session, const std::string& transactional_id, Timestamp prepared_at);
  // The session is over: what it has under way is let go.
  void end(const MarkerSessionPtr& session);
  // Transactions that are not confirmed yet.
  std::size_t under_way() const;

 private:
  // The destination may be gone while one of them is awaited.
  struct Transaction;
  struct Part;
  struct Queue;
  struct State;
  using TransactionPtr = std::shared_ptr<Transaction>;
  using StatePtr = std::shared_ptr<State>;

  static void route(const StatePtr& state, std::vector<Part> parts);
  static Task<> drain(StatePtr state, BrokerId broker);
  static std::vector<Part> take(Queue& queue);
  static void settle(const StatePtr& state, std::vector<Part> parts,
                     const Result<protocol::WriteTxnMarkersResponse>& answer);
  static Task<> again(StatePtr state, std::vector<Part> parts, Instant pause);
  static void done(const State& state, const TransactionPtr& transaction, std::size_t partitions);

  const StatePtr state_;
};

}  // namespace thalweg::broker
