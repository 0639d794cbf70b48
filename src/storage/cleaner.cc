#include "storage/cleaner.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "storage/repack_in_slices.h"

namespace thalweg::storage {
namespace {

constexpr std::size_t kSlotsAtOnce = std::size_t{16} << 10;  // of a map that grows
constexpr Millis kThrottledAtOnce{100};

HashSecret new_secret(Random& random) {
  const std::uint64_t first = random.next(), second = random.next();
  return {first, second};
}

std::optional<int> level_for(record::Codec codec, const LogConfig& config) {
  return wanted_codec(config) == codec ? wanted_level(config) : std::nullopt;
}

}  // namespace

Cleaner::Cleaner(const Shard& shard, LogPtr log, CleanerOptions options)
    : shard_(shard),
      log_(std::move(log)),
      options_(options),
      cuts_(log_->cuts()),
      first_(log_->first_segment_base()),
      map_(options.map_bytes, options.load_factor, new_secret(shard.random)) {}

Task<Result<Offset>> Cleaner::clean(Offset first_dirty, Offset end) {
  const Instant begun = shard_.clock.now();
  rules_ = {.now = shard_.clock.wall(), .delete_retention = log_->config().delete_retention_ms, .last = &last_};
  CO_TRY_VOID(co_await index(first_dirty, end));
  stats_.map_utilization = map_.utilization();
  stats_.map_bytes = map_.bytes();
  const Offset reached = std::max(map_.latest_offset() + 1, first_dirty);
  transactions_ = {};
  for (Group& group : groups(reached)) CO_TRY_VOID(co_await clean_group(std::move(group)));
  stats_.elapsed = shard_.clock.now() - begun;
  co_return reached;
}

bool Cleaner::was_interrupted() const {
  return interrupted_ || !log_->is_as_of(cuts_) || log_->first_segment_base() != first_;
}

Timestamp Cleaner::new_horizon() const {
  const std::int64_t retention = rules_.delete_retention.count();
  return retention > std::numeric_limits<Timestamp>::max() - rules_.now ? std::numeric_limits<Timestamp>::max()
                                                                        : rules_.now + retention;
}

// Ends the pass when it has lost its object, and lets others on the shard in.
Task<Result<>> Cleaner::go_on(std::size_t work) {
  if (pace_.due(work)) co_await give_way();
  if (log_->is_as_of(cuts_)) co_return Result<>{};
  interrupted_ = true;
  co_return fail(ErrorCode::kKafkaStorageError, log_->directory() + ": changed while it was compacted");
}

// log.cleaner.io.max.bytes.per.second
Task<> Cleaner::wait_for(std::uint64_t bytes) {
  if (options_.bytes_per_second > 1e12) co_return;
  const Instant now = shard_.clock.now();
  throttled_until_ = std::max(throttled_until_, now);
  const double seconds = static_cast<double>(bytes) / options_.bytes_per_second;
  throttled_until_ += Instant(static_cast<std::int64_t>(std::min(seconds, 3600.0) * 1e9));
  while (shard_.clock.now() < throttled_until_ && log_->is_as_of(cuts_))
    co_await shard_.clock.sleep_for(std::min<Instant>(throttled_until_ - shard_.clock.now(), kThrottledAtOnce));
}

Task<Result<>> Cleaner::add_aborted(Log::Sealed sealed) {
  CO_TRY(const auto aborted, co_await log_->aborted_between(sealed.segment->base(), sealed.end));
  transactions_.add_aborted(aborted);
  co_return Result<>{};
}

// ---- 1: which offset is the newest of each key

Task<Result<>> Cleaner::index(Offset first_dirty, Offset end) {
  for (const Log::Sealed& sealed : log_->sealed_segments()) {
    if (sealed.end <= first_dirty || sealed.segment->base() >= end) continue;
    CO_TRY(const bool full, co_await index_segment(sealed, first_dirty));
    if (full) break;
  }
  co_return Result<>{};
}

// Whether the map is full.
Task<Result<bool>> Cleaner::index_segment(Log::Sealed sealed, Offset first_dirty) {
  CO_TRY_VOID(co_await add_aborted(sealed));
  CO_TRY(FilePtr file, log_->files().open(sealed.segment->path()));
  CO_TRY(const auto start, sealed.segment->offset_index().lookup(first_dirty));
  WholeBatches batches(std::move(file), start.position, sealed.segment->size(), options_.read_bytes);
  while (!batches.at_end()) {
    CO_TRY(const auto batch, co_await batches.next());
    stats_.indexed_bytes += batch.size();
    co_await wait_for(batch.size());
    CO_TRY_VOID(co_await go_on(batch.size()));
    bool aborted = batch.is_control();
    if (aborted)
      CO_TRY_VOID(transactions_.on_marker(batch));
    else
      aborted = transactions_.on_batch(batch);
    if (batch.last_offset() < first_dirty) continue;
    if (!aborted) {
      CO_TRY(const auto plain, co_await plain_.of(batch));
      // One that is too large stays as it is, and whatever it has newer values of.
      if (plain) {
        CO_TRY(const bool full, co_await index_batch(batch, *plain, first_dirty));
        if (full) co_return true;
      }
    }
    map_.update_latest_offset(batch.last_offset());
  }
  map_.update_latest_offset(sealed.end - 1);
  co_return false;
}

Task<Result<bool>> Cleaner::index_batch(record::BatchView batch, BytesView plain, Offset first_dirty) {
  record::RecordIterator records(batch, plain);
  while (true) {
    CO_TRY(const auto record, records.next());
    if (!record) co_return false;
    if (pace_.due(record->size + kRecordCost)) co_await give_way();
    if (!record->key || record->offset < first_dirty) continue;
    while (!map_.put(*record->key, record->offset)) {
      if (!map_.can_grow()) co_return true;
      co_await grow_map();
    }
  }
}

Task<> Cleaner::grow_map() {
  map_.begin_growth();
  while (map_.is_growing()) {
    map_.grow_some(kSlotsAtOnce);
    co_await give_way();
  }
}

// ---- 2: what stays

// Kafka's groupSegmentsBySize.
std::vector<Cleaner::Group> Cleaner::groups(Offset end) const {
  const LogConfig& config = log_->config();
  std::vector<Group> all;
  std::uint64_t bytes = 0;
  std::size_t entries = 0, times = 0;
  for (const Log::Sealed& sealed : log_->sealed_segments()) {
    LogSegment& segment = *sealed.segment;
    if (segment.base() >= end) break;
    bytes += segment.size();
    entries += segment.offset_index().entries();
    times += segment.time_index().entries();
    const bool fits = !all.empty() && all.back().size() < kSegmentsAtOnce &&
                      bytes <= static_cast<std::uint64_t>(config.segment_bytes) &&
                      entries * OffsetIndex::kEntrySize <= static_cast<std::size_t>(config.segment_index_bytes) &&
                      times * TimeIndex::kEntrySize <= static_cast<std::size_t>(config.segment_index_bytes) &&
                      sealed.end - 1 - all.back().front().segment->base() <= std::numeric_limits<std::int32_t>::max();
    if (!fits) {
      all.emplace_back();
      bytes = segment.size();
      entries = segment.offset_index().entries();
      times = segment.time_index().entries();
    }
    all.back().push_back(sealed);
  }
  return all;
}

Task<Result<>> Cleaner::clean_group(Group group) {
  last_ = last_of_producers(log_->producers());
  CleanedSegment into(shard_.disk, log_->files(), log_->directory(), group.front().segment->base(),
                      log_->config().index_interval_bytes);
  CO_TRY_VOID(co_await go_on(0));
  CO_TRY_VOID(into.create());
  changed_ = group.size() > 1;
  auto cleaned = co_await clean_into(group, into);
  if (cleaned && changed_) cleaned = co_await into.finish();
  if (cleaned) cleaned = co_await go_on(0);
  if (!cleaned || !changed_) {
    if (!log_->is_retired()) into.discard();
    co_return cleaned;
  }
  std::vector<std::shared_ptr<LogSegment>> replaced;
  for (const Log::Sealed& sealed : group) replaced.push_back(sealed.segment);
  auto done = co_await log_->replace_segments(std::move(replaced));
  if (done && *done) co_return Result<>{};
  if (!log_->is_retired() && !log_->is_offline()) into.discard();
  CO_TRY_VOID(std::move(done));
  interrupted_ = true;
  co_return fail(ErrorCode::kKafkaStorageError, log_->directory() + ": segments went while they were compacted");
}

Task<Result<>> Cleaner::clean_into(const Group& group, CleanedSegment& into) {
  std::size_t last = group.size();  // behind the last segment that has batches
  while (last > 0 && group[last - 1].segment->size() == 0) --last;
  std::size_t aborted = 0;
  for (std::size_t i = 0; i < group.size(); ++i) {
    CO_TRY_VOID(co_await clean_segment(group[i], i + 1 == last, into));
    CO_TRY(const auto entries, group[i].segment->aborted().entries());
    aborted += entries.size();
  }
  changed_ = changed_ || aborted != into.aborted_count();
  co_return Result<>{};
}

Task<Result<>> Cleaner::clean_segment(Log::Sealed sealed, bool is_last, CleanedSegment& into) {
  CO_TRY_VOID(co_await add_aborted(sealed));
  CO_TRY(FilePtr file, log_->files().open(sealed.segment->path()));
  WholeBatches batches(std::move(file), 0, sealed.segment->size(), options_.read_bytes);
  while (!batches.at_end()) {
    CO_TRY(const auto batch, co_await batches.next());
    stats_.read_bytes += batch.size();
    co_await wait_for(batch.size());
    CO_TRY_VOID(co_await go_on(batch.size()));
    CO_TRY_VOID(co_await clean_batch(batch, is_last && batches.at_end(), into));
    const std::uint64_t written = into.unthrottled();
    stats_.written_bytes += written;
    co_await wait_for(written);
  }
  co_return Result<>{};
}

Task<Result<>> Cleaner::clean_batch(record::BatchView batch, bool ends, CleanedSegment& into) {
  CO_TRY(const BatchFate fate, fate_of(batch, transactions_, rules_, ends));
  if (fate.aborted) into.add_aborted(*fate.aborted);
  if (fate.records == BatchFate::Records::kSift) co_return co_await sift(batch, fate.stays_empty, into);
  if (fate.records == BatchFate::Records::kKeep && !fate.new_horizon) co_return co_await keep(batch, into);
  if (fate.records == BatchFate::Records::kKeep) {
    CO_TRY(const auto plain, co_await plain_.of(batch));
    if (!plain) co_return co_await keep(batch, into);
    const OffsetMap nothing(0, 0, {});
    RecordSieve all(batch, *plain, nothing, rules_.now);
    while (!all.over()) CO_TRY_VOID(all.step(kCleanedAtOnce));
    co_return co_await rebuild(batch, *plain, all, new_horizon(), into);
  }
  if (fate.stays_empty && batch.record_count() == 0) co_return co_await keep(batch, into);
  changed_ = true;
  if (fate.stays_empty) co_return co_await into.append(without_records(batch), {});
  co_return Result<>{};
}

Task<Result<>> Cleaner::sift(record::BatchView batch, bool stays_empty, CleanedSegment& into) {
  CO_TRY(const auto plain, co_await plain_.of(batch));
  if (!plain) co_return co_await keep(batch, into);
  RecordSieve sieve(batch, *plain, map_, rules_.now);
  while (!sieve.over()) {
    CO_TRY_VOID(sieve.step(kCleanedAtOnce));
    if (!sieve.over()) co_await give_way();
  }
  if (sieve.kept() == 0) {
    if (stays_empty && batch.record_count() == 0) co_return co_await keep(batch, into);
    changed_ = true;
    if (stays_empty) co_return co_await into.append(without_records(batch), {});
    co_return Result<>{};
  }
  std::optional<Timestamp> horizon;
  if (sieve.may_begin_horizon() && !batch.has_delete_horizon()) horizon = new_horizon();
  if (sieve.keeps_all() && !horizon) co_return co_await keep(batch, into);
  co_return co_await rebuild(batch, *plain, sieve, horizon, into);
}

Task<Result<>> Cleaner::rebuild(record::BatchView batch, BytesView plain, const RecordSieve& sieve,
                                std::optional<Timestamp> horizon, CleanedSegment& into) {
  BatchRebuild made(batch, plain, sieve.ranges(),
                    {.count = sieve.kept(),
                     .max_timestamp = sieve.max_timestamp(),
                     .horizon = horizon,
                     .level = level_for(*batch.codec(), log_->config())});
  while (!made.over()) {
    CO_TRY_VOID(made.step(kCleanedAtOnce / 4));
    if (!made.over()) co_await give_way();
  }
  const auto [header, body] = std::move(made).finish();
  changed_ = true;
  co_return co_await into.append(header, body);
}

Task<Result<>> Cleaner::keep(record::BatchView batch, CleanedSegment& into) {
  return into.append(batch.bytes().first(record::kBatchHeaderSize), batch.body());
}

}  // namespace thalweg::storage
