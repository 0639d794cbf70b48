// The partitions that one shard owns, found by topic id. Owner: that shard; others reach it by shard.call().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "replica/fetchers.h"
#include "replica/isr_proposal.h"
#include "replica/partition.h"
#include "replica/partition_key.h"
#include "runtime/turn.h"

namespace thalweg::replica {

// What replication needs of the rest of the broker. All of it is called on this shard.
struct ReplicationLinks {
  FetchLinks fetch;
  FetcherOptions options;
  ReplicationTimes times;
  Replication::Eligible eligible;            // by this shard's image
  std::function<void(IsrProposal)> propose;  // answered by an image, or by Partitions::isr_refused()
  // What throttled replicas read of what is led here; nothing: they are not throttled.
  std::shared_ptr<ReplicationThrottle> leader_throttle = nullptr;
  // By this shard's image; nothing: consumers read at the leader (replica.selector.class).
  RackOf rack_of = nullptr;
};

class Partitions {
 public:
  Partitions(const Shard& shard, BrokerId self) : shard_(shard), self_(self) {}
  Partitions(const Partitions&) = delete;
  ~Partitions();

  // From here on partitions that others lead are fetched, and leaders ask for changes of their ISR. Before, and without
  // it, nothing of that happens. REQUIRES: no partition is hosted yet
  void start_replication(ReplicationLinks links);
  // Nothing of the partition is being truncated when it returns, so that its role may change: whoever leads must not
  // lose records in its own epoch. Waits for the disk at most.
  Task<> settled(PartitionKey key) const;
  // No controller has answered this broker for a while. What clients send to a partition that no other replica asks for
  // either is refused from then on: another one leads it by now, or will, and what was taken here would be cut.
  void set_isolated(bool isolated) { isolated_ = isolated; }
  // Until when nobody else can lead what is led here. Who is not sure any more judges no client by what it knows: one
  // that has gone on with the next leader, and comes back by old metadata, is ahead of this log, and is sent on instead
  // of being told that its sequence is broken or its offset out of range, after which it would give up, or begin again
  // elsewhere.
  void set_sure_until(Instant until) { sure_until_ = until; }
  void isr_refused(PartitionKey key, std::int32_t partition_epoch);

  // Takes a log into service, or tells a partition that is here already what the image says now.
  void host(PartitionKey key, storage::LogPtr log, metadata::Partition state);
  void update(PartitionKey key, metadata::Partition state);
  void set_config(PartitionKey key, storage::LogConfig config);
  // Partition::thaw(), and it is fetched again if it follows.
  void thaw(PartitionKey key, PartitionPtr partition, storage::LogPtr log);
  void remove(PartitionKey key);
  // Graceful stop: everybody who waits is answered.
  void stop_all();

  // Nullptr if it is not here.
  PartitionPtr find(const PartitionKey& key) const;
  std::size_t size() const { return partitions_.size(); }
  // How many there are in a state that somebody may want to be told of.
  struct Counts {
    std::size_t all = 0, led = 0, offline = 0;
    std::size_t under_replicated = 0, under_min_isr = 0, at_min_isr = 0;  // of those led
    std::uint64_t bytes = 0;                                              // of all logs
  };
  // In slices, with other work in between.
  Task<Counts> count() const;

  // What can be looked at in each of them.
  struct Figures {
    PartitionKey key;
    storage::LogOffsets offsets;
    std::uint64_t bytes = 0;
    std::uint32_t segments = 0;
    Timestamp newest = kNoTimestamp;  // the largest timestamp of what was written last
    bool leads = false, offline = false;
  };
  // The same way; a partition that comes or goes meanwhile is there or not.
  Task<std::vector<Figures>> figures() const;
  // Of these alone, in their order; nothing for one that is not here. Without a pause: a few hundred at a time.
  std::vector<std::optional<Figures>> figures_of(std::vector<PartitionKey> keys) const;

  // Stage one of Produce for all partitions of one request on this shard, in order.
  struct Append {
    PartitionKey key;
    AppendRequest request;
  };
  Task<std::vector<storage::AppendResult>> append(std::vector<Append> appends);
  // Before that, for batches of transactions; see Partition::begin_verification(). Without a pause.
  struct VerificationOf {
    PartitionKey key;
    storage::VerificationStart start;
  };
  std::vector<Result<Verification>> begin_verifications(std::vector<VerificationOf> starts) const;
  // Stage two: waits until the high watermark has passed `end` in all of them, each beside the others, or the deadline.
  // The deadline is that of other replicas, as in Kafka, where timeout.ms=0 works on one broker: our own disk has the
  // time that it needs, and ends the wait with an error if it fails. See Partition::committed() about leaderships.
  struct Wait {
    PartitionKey key;
    Offset end;
    LeaderEpoch epoch;  // in which it was appended
  };
  Task<std::vector<Result<>>> committed(std::vector<Wait> waits, Instant deadline);

  struct Read {
    PartitionKey key;
    ReadRequest request;
  };
  // A throttled replica is heard, and gets no records while the rate of such is exceeded. What leaves for it, whoever
  // sends it records.
  Task<std::vector<Result<ReadResult>>> read(std::vector<Read> reads);

  // What the leader knows of a producer that wrote to the partition, as DescribeProducers tells it.
  struct ActiveProducer {
    ProducerId id;
    ProducerEpoch epoch;
    std::int32_t last_sequence = record::kNoSequence, coordinator_epoch = -1;
    Timestamp last_timestamp = kNoTimestamp;
    Offset transaction_start = kNoOffset;  // kNoOffset: no transaction is open
  };
  // At most so many of those behind `after`, in order of id; fewer: there are no more. Without a pause.
  Result<std::vector<ActiveProducer>> active_producers(PartitionKey key, ProducerId after, std::size_t count_max) const;

  Task<Result<storage::TimestampAndOffset>> find_offset(PartitionKey key, OffsetQuery query);
  Task<Result<record::EpochEnd>> end_offset_for_epoch(PartitionKey key, LeaderEpoch current, LeaderEpoch asked);
  // The new log start, when all that are in sync have it. On disk it is with the next checkpoint of LogManager.
  Task<Result<Offset>> delete_records(PartitionKey key, Offset before, Instant deadline);

 private:
  // Calls for each, in slices; false when it has to begin again.
  template <class F>
  Task<bool> each_in_slices(F* call) const;
  struct Hash {
    std::size_t operator()(const PartitionKey& k) const noexcept {
      return std::hash<Uuid>()(k.topic_id) + std::size_t(k.partition.value) * 0x9e3779b97f4a7c15ULL;
    }
  };
  void follow(const PartitionKey& key, const PartitionPtr& partition);
  Result<PartitionPtr> get(const PartitionKey& key) const;
  Task<Result<ReadResult>> read_throttled(PartitionPtr partition, ReadRequest request) const;
  Task<Result<>> committed_in(Wait wait, Instant deadline);
  storage::AppendResult append_now(Append append);
  // The error as it is, or where another may lead the partition by now, that.
  Error verdict(const Partition& partition, Error error) const;
  Task<storage::AppendResult> append_packed(Append append);

  const Shard& shard_;
  const BrokerId self_;
  Turn packing_;
  std::optional<ReplicationLinks> links_;
  std::unique_ptr<Fetchers> fetchers_;
  std::unordered_map<PartitionKey, PartitionPtr, Hash> partitions_;  // looked up; iterated only to stop them all
  bool isolated_ = false;
  Instant sure_until_ = Instant::max();
};

}  // namespace thalweg::replica
