#include "replica/partitions.h"

#include "base/check.h"
#include "runtime/gather.h"
#include "runtime/yielding.h"
#include "storage/repack_in_slices.h"

namespace thalweg::replica {

Partitions::~Partitions() {
  for (const auto& [key, partition] : partitions_) partition->abandon();
}

void Partitions::start_replication(ReplicationLinks links) {
  CHECK(partitions_.empty());
  links_ = std::move(links);
  fetchers_ = std::make_unique<Fetchers>(shard_, links_->fetch, links_->options);
}

Task<> Partitions::settled(PartitionKey key) const {
  if (const auto partition = find(key)) co_await partition->settled();
}

void Partitions::host(PartitionKey key, storage::LogPtr log, metadata::Partition state) {
  auto& partition = partitions_[key];
  if (!partition) {
    partition = std::make_shared<Partition>(shard_, self_, std::move(log), links_ ? links_->times : ReplicationTimes());
    if (links_) {
      const auto propose = [this, key](Replication::Wanted wanted) { links_->propose({key, std::move(wanted)}); };
      partition->set_isr_changes({.eligible = links_->eligible, .propose = propose});
      partition->set_racks(links_->rack_of);
    }
  }
  partition->update(state);
  follow(key, partition);
}

void Partitions::update(PartitionKey key, metadata::Partition state) {
  const auto partition = find(key);
  if (!partition) return;
  partition->update(state);
  follow(key, partition);
}

// Who leads now is fetched from, whoever it was before.
void Partitions::follow(const PartitionKey& key, const PartitionPtr& partition) {
  if (fetchers_) fetchers_->follow(key, partition);
}

void Partitions::isr_refused(PartitionKey key, std::int32_t partition_epoch) {
  if (const auto partition = find(key)) partition->isr_refused(partition_epoch);
}

void Partitions::set_config(PartitionKey key, storage::LogConfig config) {
  const auto partition = find(key);
  if (!partition) return;
  const bool throttled = partition->is_throttled_follower();
  partition->set_config(std::move(config));
  if (partition->is_throttled_follower() != throttled) follow(key, partition);
}

void Partitions::thaw(PartitionKey key, PartitionPtr partition, storage::LogPtr log) {
  partition->thaw(std::move(log));
  if (find(key) == partition) follow(key, partition);
}

void Partitions::remove(PartitionKey key) {
  if (fetchers_) fetchers_->leave(key);
  if (auto node = partitions_.extract(key)) node.mapped()->stop();
}

void Partitions::stop_all() {
  if (fetchers_) fetchers_->stop();
  for (auto& [key, partition] : partitions_) partition->stop();
}

PartitionPtr Partitions::find(const PartitionKey& key) const {
  const auto it = partitions_.find(key);
  return it == partitions_.end() ? nullptr : it->second;
}

namespace {
constexpr std::size_t kBucketsAtOnce = 2000;

void add_to(Partitions::Counts& counts, Partition& partition) {
  ++counts.all;
  counts.bytes += partition.log().size_bytes();
  if (partition.log().is_offline()) ++counts.offline;
  const auto in_sync = partition.in_sync();
  if (!in_sync) return;
  ++counts.led;
  if (in_sync->now < in_sync->replicas) ++counts.under_replicated;
  if (in_sync->now < in_sync->needed) ++counts.under_min_isr;
  if (in_sync->now == in_sync->needed) ++counts.at_min_isr;
}
}  // namespace

// Bucket by bucket, which needs no copy of anything; not to the end when the buckets were laid out anew meanwhile.
template <class F>
Task<bool> Partitions::each_in_slices(F* call) const {
  Pace pace(kBucketsAtOnce);
  const std::size_t buckets = partitions_.bucket_count();
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    for (auto at = partitions_.begin(bucket); at != partitions_.end(bucket); ++at) (*call)(at->first, *at->second);
    if (!pace.due()) continue;
    co_await give_way();
    if (partitions_.bucket_count() != buckets) co_return false;
  }
  co_return true;
}

Task<Partitions::Counts> Partitions::count() const {
  Counts counts;
  const auto add = [&](const PartitionKey&, Partition& partition) { add_to(counts, partition); };
  while (!co_await each_in_slices(&add)) counts = {};
  co_return counts;
}

namespace {
Partitions::Figures figures_of_one(const PartitionKey& key, Partition& partition) {
  const auto& log = partition.log();
  return {.key = key,
          .offsets = log.offsets(),
          .bytes = log.size_bytes(),
          .segments = std::uint32_t(log.segment_count()),
          .newest = log.newest_timestamp(),
          .leads = partition.is_leader(),
          .offline = log.is_offline()};
}
}  // namespace

Task<std::vector<Partitions::Figures>> Partitions::figures() const {
  std::vector<Figures> all;
  const auto add = [&](const PartitionKey& key, Partition& partition) {
    all.push_back(figures_of_one(key, partition));
  };
  while (!co_await each_in_slices(&add)) all.clear();
  co_return all;
}

std::vector<std::optional<Partitions::Figures>> Partitions::figures_of(std::vector<PartitionKey> keys) const {
  std::vector<std::optional<Figures>> all;
  all.reserve(keys.size());
  for (const auto& key : keys) {
    const auto partition = find(key);
    all.push_back(partition ? std::optional(figures_of_one(key, *partition)) : std::nullopt);
  }
  return all;
}

Result<PartitionPtr> Partitions::get(const PartitionKey& key) const {
  if (auto partition = find(key)) return partition;
  // The image knows it, or the caller would not ask here; this broker has not opened it yet, or not any more.
  return fail(ErrorCode::kNotLeaderOrFollower, "this broker does not host the partition (yet)");
}

// Nearly always without a suspension.
Task<std::vector<storage::AppendResult>> Partitions::append(std::vector<Append> appends) {
  std::vector<storage::AppendResult> results;
  results.reserve(appends.size());
  for (auto& append : appends) {
    const auto partition = find(append.key);
    if (partition && partition->is_frozen()) co_await partition->settled();
    const bool is_long =
        partition && partition->is_leader() &&
        storage::is_long_to_pack(partition->log().config(), append.request.records, append.request.walked);
    results.push_back(is_long ? co_await append_packed(std::move(append)) : append_now(std::move(append)));
  }
  co_return results;
}

std::vector<Result<Verification>> Partitions::begin_verifications(std::vector<VerificationOf> starts) const {
  std::vector<Result<Verification>> all;
  all.reserve(starts.size());
  for (const auto& [key, start] : starts) {
    const auto partition = get(key);
    all.push_back(partition ? (*partition)->begin_verification(start) : std::unexpected(partition.error()));
  }
  return all;
}

Result<std::vector<Partitions::ActiveProducer>> Partitions::active_producers(PartitionKey key, ProducerId after,
                                                                             std::size_t count_max) const {
  TRY(const auto partition, get(key));
  TRY_VOID(partition->check_leader(kNoLeaderEpoch));
  std::vector<ActiveProducer> found;
  const auto& all = partition->log().producers().producers();
  for (auto at = all.upper_bound(after); at != all.end() && found.size() < count_max; ++at) {
    const auto& [id, entry] = *at;
    found.push_back({.id = id,
                     .epoch = entry.epoch,
                     .last_sequence = entry.last_sequence(),
                     .coordinator_epoch = entry.coordinator_epoch,
                     .last_timestamp = entry.last_timestamp,
                     .transaction_start = entry.transaction_first_offset.value_or(kNoOffset)});
  }
  return found;
}

storage::AppendResult Partitions::append_now(Append append) {
  const auto partition = get(append.key);
  if (!partition) return std::unexpected(storage::AppendError(partition.error()));
  if (isolated_ && (*partition)->is_forsaken())
    return std::unexpected(storage::AppendError(
        Error{ErrorCode::kNotLeaderOrFollower, "this broker reaches neither a controller nor another replica"}));
  auto appended = (*partition)->append_as_leader(std::move(append.request));
  if (!appended) appended.error().error = verdict(**partition, std::move(appended.error().error));
  return appended;
}

Error Partitions::verdict(const Partition& partition, Error error) const {
  const bool by_what_is_here =
      error.code == ErrorCode::kOutOfOrderSequenceNumber || error.code == ErrorCode::kOffsetOutOfRange;
  if (!by_what_is_here || shard_.clock.now() < sure_until_ || !partition.has_followers()) return error;
  return {ErrorCode::kNotLeaderOrFollower, "another broker may lead the partition by now: " + error.message};
}

Task<storage::AppendResult> Partitions::append_packed(Append append) {
  auto packed = co_await storage::repack_in_slices(find(append.key)->log().config(), append.request.records,
                                                   append.request.walked, packing_);
  if (!packed) {
    if (const auto partition = find(append.key))
      partition->counts().append_failed(packed.error().code, append.request.records.size());
    co_return std::unexpected(storage::AppendError(std::move(packed.error())));
  }
  append.request.records = *std::move(packed);
  co_return append_now(std::move(append));
}

Task<Result<>> Partitions::committed_in(Wait wait, Instant deadline) {
  const auto partition = find(wait.key);
  if (!partition) co_return fail(ErrorCode::kNotLeaderOrFollower, "the partition left this broker");
  co_return co_await partition->committed(wait.end, wait.epoch, deadline);
}

// One after another, the later ones would not hear of a leadership that ends, nor of time that is over.
Task<std::vector<Result<>>> Partitions::committed(std::vector<Wait> waits, Instant deadline) {
  std::vector<Task<Result<>>> all;
  all.reserve(waits.size());
  for (const auto& wait : waits) all.push_back(committed_in(wait, deadline));
  co_return co_await gather(std::move(all));
}

Task<std::vector<Result<ReadResult>>> Partitions::read(std::vector<Read> reads) {
  std::vector<Result<ReadResult>> results;
  results.reserve(reads.size());
  for (auto& read : reads) {
    auto partition = get(read.key);
    if (!partition) {
      results.push_back(std::unexpected(partition.error()));
      continue;
    }
    const BrokerId replica = read.request.replica;
    const bool throttled =
        replica != kNoBroker && links_ && links_->leader_throttle && (*partition)->throttles(replica);
    auto& result = results.emplace_back(throttled ? co_await read_throttled(*partition, read.request)
                                                  : co_await (*partition)->read(read.request));
    if (!result) result = std::unexpected(verdict(**partition, std::move(result.error())));
    (*partition)->counts().read(result ? ErrorCode::kNone : result.error().code);
  }
  co_return results;
}

Task<Result<ReadResult>> Partitions::read_throttled(PartitionPtr partition, ReadRequest request) const {
  const auto throttle = links_->leader_throttle;
  const bool held = throttle->is_exceeded(shard_);
  if (held) {
    request.bytes_max = 0;
    request.at_least_one_batch = false;
  }
  CO_TRY(ReadResult result, co_await partition->read(request));
  result.is_throttled = true;
  if (held) result.held_until = throttle->look_again_at(shard_);
  co_return result;
}

Task<Result<storage::TimestampAndOffset>> Partitions::find_offset(PartitionKey key, OffsetQuery query) {
  CO_TRY(auto partition, get(key));
  co_return co_await partition->find_offset(query);
}

Task<Result<record::EpochEnd>> Partitions::end_offset_for_epoch(PartitionKey key, LeaderEpoch current,
                                                                LeaderEpoch asked) {
  CO_TRY(auto partition, get(key));
  co_return co_await partition->end_offset_for_epoch(current, asked);
}

Task<Result<Offset>> Partitions::delete_records(PartitionKey key, Offset before, Instant deadline) {
  CO_TRY(auto partition, get(key));
  // As for the latest offset: what was acknowledged with acks=1 may be deleted as soon as that is told.
  if (partition->is_alone_in_sync())
    co_await partition->log().acknowledged().reached(partition->log().end_offset(), deadline);
  CO_TRY(const Offset start, partition->delete_records(before));
  CO_TRY_VOID(co_await partition->deleted_everywhere(start, deadline));
  co_return start;
}

}  // namespace thalweg::replica
