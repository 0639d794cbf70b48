#include "storage/log_segment.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/number.h"
#include "runtime/yielding.h"

namespace thalweg::storage {

std::string segment_file(const std::string& directory, Offset base, std::string_view suffix) {
  return fmt::format("{}/{:020}{}", directory, base.value, suffix);
}

std::optional<Offset> parse_segment_file(std::string_view name, std::string_view suffix) {
  if (name.size() != 20 + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
  const auto base = parse_number<std::int64_t>(name.substr(0, 20));
  if (!base || *base < 0) return std::nullopt;
  return Offset{*base};
}

LogSegment::LogSegment(FileCache& files, const std::string& directory, Offset base, Timestamp created)
    : files_(&files),
      base_(base),
      path_(std::make_shared<const std::string>(segment_file(directory, base, kLogSuffix))),
      offsets_(files, {path_, kIndexSuffix}, base),
      times_(files, {path_, kTimeIndexSuffix}, base),
      aborted_(files, {path_, kTxnIndexSuffix}),
      created_(created) {}

Result<FilePtr> LogSegment::file() const {
  if (dirty_file_) return dirty_file_;
  if (made_) return files_->open(*path_);
  TRY(FilePtr made, files_->create(*path_));
  made_ = true;
  return made;
}

Result<> LogSegment::create() {
  TRY(const FilePtr made, file());
  size_ = made->size();
  return {};
}

Result<bool> LogSegment::load() {
  made_ = true;
  TRY(const FilePtr log, file());
  size_ = log->size();
  bool sound = true;
  for (const auto& loaded : {offsets_.load(), times_.load()}) {
    if (!loaded && loaded.error().code != ErrorCode::kCorruptMessage) return std::unexpected(loaded.error());
    sound = sound && loaded;
  }
  const bool fits = !offsets_.last() || offsets_.last()->position < size_;
  // Kafka writes both indexes for every segment but the active one, which is small or walked anyway.
  const bool present = offsets_.entries() > 0 || size_ <= (1u << 20);
  if (times_.last()) {
    max_timestamp_ = times_.last()->timestamp;
    offset_of_max_timestamp_ = times_.last()->offset;
  }
  return sound && fits && present;
}

Result<BatchHeader> LogSegment::header_now(BatchScanner& scanner) const {
  if (scanner.needs_bytes()) TRY_VOID(scanner.fill_now());
  return scanner.next();
}

Result<SharedBytes> LogSegment::read_batch(const BatchHeader& batch) const {
  TRY(const FilePtr log, file());
  std::vector<std::byte> bytes(batch.size);
  TRY(const std::size_t n, log->read_now(batch.position, bytes));
  if (n != bytes.size()) return fail(ErrorCode::kKafkaStorageError, *path_ + ": shorter than its batches");
  return SharedBytes::take(std::move(bytes));
}

Result<SharedBytes> LogSegment::read_without_records(const BatchHeader& batch) const {
  TRY(const FilePtr log, file());
  std::vector<std::byte> bytes(record::kBatchHeaderSize);
  TRY(const std::size_t n, log->read_now(batch.position, bytes));
  if (n != bytes.size()) return fail(ErrorCode::kKafkaStorageError, *path_ + ": shorter than its batches");
  store_be(bytes.data() + record::batch_field::kLength,
           static_cast<std::int32_t>(record::kBatchHeaderSize - record::kLogOverhead));
  return SharedBytes::take(std::move(bytes));
}

namespace {

Error corrupt(std::string why) { return {ErrorCode::kCorruptMessage, std::move(why)}; }

std::string follows(LeaderEpoch epoch, LeaderEpoch before) {
  return fmt::format("leader epoch {} follows {}", epoch.value, before.value);
}

}  // namespace

Task<Result<std::optional<Error>>> LogSegment::wrong_content(FilePtr log, BatchHeader batch) const {
  std::vector<std::byte> bytes(batch.size);
  CO_TRY(const std::size_t n, co_await log->read(batch.position, bytes));
  if (n != bytes.size()) co_return fail(ErrorCode::kKafkaStorageError, *path_ + ": shorter than its batches");
  const auto view = record::BatchView::at(bytes);
  if (!view) co_return view.error();
  if (!view->crc_ok()) co_return corrupt(fmt::format("wrong CRC at position {}", batch.position));
  co_return std::nullopt;
}

Task<Result<LogSegment::Rebuilt>> LogSegment::rebuild(Offset checked_below, bool dense, std::int32_t index_interval,
                                                      std::function<Result<>(const BatchHeader&)> visit) {
  CO_TRY(const FilePtr log, file());
  offsets_.clear();
  times_.clear();
  max_timestamp_ = first_timestamp_ = kNoTimestamp;
  since_index_entry_ = 0;
  BatchScanner scanner(log, 0, size_);
  std::optional<BatchHeader> held;            // it is taken when the one behind it does not speak against it
  LeaderEpoch epoch_before = kNoLeaderEpoch;  // of the batch before that
  const auto take_held = [&]() -> Result<> {
    if (!held) return {};
    TRY_VOID(visit(*held));
    note(*held, index_interval);
    epoch_before = held->leader_epoch;
    return {};
  };
  Pace pace(kBytesAtOnce);
  while (!scanner.at_end()) {
    const std::uint64_t position = scanner.position();
    if (scanner.needs_bytes()) CO_TRY_VOID(co_await scanner.fill());
    const auto header = scanner.next();
    if (!header && header.error().code == ErrorCode::kKafkaStorageError) co_return std::unexpected(header.error());
    const Offset next = held ? held->last + 1 : base_;
    const bool checked = header && header->last >= checked_below;
    const bool epoch_falls = checked && held && header->leader_epoch < held->leader_epoch;
    // An epoch that one batch alone has is what rotted.
    if (epoch_falls && epoch_before <= header->leader_epoch)
      co_return Rebuilt{held->position, corrupt(follows(header->leader_epoch, held->leader_epoch))};
    std::optional<Error> wrong;
    if (!header)
      wrong = header.error();
    else if (header->base < next || (checked && dense && header->base > next))
      wrong = corrupt(fmt::format("offset {} follows {}", header->base.value, next.value - 1));
    else if (epoch_falls)
      wrong = corrupt(follows(header->leader_epoch, held->leader_epoch));
    else if (checked) {
      CO_TRY(wrong, co_await wrong_content(log, *header));
    }
    CO_TRY_VOID(take_held());
    if (wrong) co_return Rebuilt{position, std::move(wrong)};
    held = *header;
    if (pace.due(header->size)) co_await give_way();
  }
  CO_TRY_VOID(take_held());
  co_return Rebuilt{size_, {}};
}

Task<Result<>> LogSegment::walk(Offset from, std::function<Result<>(const BatchHeader&)> visit) const {
  CO_TRY(const FilePtr log, file());
  CO_TRY(const OffsetPosition start, offsets_.lookup(from));
  BatchScanner scanner(log, start.position, size_);
  Pace pace(kBytesAtOnce);
  while (!scanner.at_end()) {
    if (scanner.needs_bytes()) CO_TRY_VOID(co_await scanner.fill());
    CO_TRY(const BatchHeader header, scanner.next());
    if (header.last >= from) CO_TRY_VOID(visit(header));
    if (pace.due(header.size)) co_await give_way();
  }
  co_return Result<>{};
}

Result<> LogSegment::for_each_header(Offset from, const std::function<Result<>(const BatchHeader&)>& visit) const {
  TRY(const FilePtr log, file());
  TRY(const OffsetPosition start, offsets_.lookup(from));
  BatchScanner scanner(log, start.position, size_);
  while (!scanner.at_end()) {
    TRY(const BatchHeader header, header_now(scanner));
    if (header.last >= from) TRY_VOID(visit(header));
  }
  return {};
}

Result<Timestamp> LogSegment::first_timestamp() {
  if (first_timestamp_ >= 0 || size_ == 0) return first_timestamp_;
  TRY(const FilePtr log, file());
  BatchScanner first(log, 0, size_);
  TRY(const BatchHeader header, header_now(first));
  first_timestamp_ = header.max_timestamp;
  return first_timestamp_;
}

Result<Offset> LogSegment::find_next_offset() {
  Offset next = base_;
  TRY_VOID(first_timestamp());
  const auto last = offsets_.last();
  TRY_VOID(for_each_header(last ? last->offset : base_, [&](const BatchHeader& header) -> Result<> {
    next = header.last + 1;
    if (header.max_timestamp > max_timestamp_) {
      max_timestamp_ = header.max_timestamp;
      offset_of_max_timestamp_ = header.last;
    }
    return {};
  }));
  return next;
}

bool LogSegment::should_roll(const LogConfig& config, Millis jitter, std::size_t bytes, Timestamp max_timestamp,
                             Offset last, Timestamp now) const {
  if (size_ == 0) return last - base_ > std::numeric_limits<std::int32_t>::max();
  const Timestamp waited =
      first_timestamp_ >= 0 && max_timestamp >= 0 ? max_timestamp - first_timestamp_ : now - created_;
  // What has to be compacted within a time must leave the active segment in time.
  const Millis span =
      config.cleanup_compact ? std::min(config.segment_ms, config.max_compaction_lag_ms) : config.segment_ms;
  return size_ + bytes > static_cast<std::uint64_t>(config.segment_bytes) ||
         waited > (span - std::min(jitter, span)).count() ||
         offsets_.entries() >= config.segment_index_bytes / OffsetIndex::kEntrySize ||
         times_.entries() >= config.segment_index_bytes / TimeIndex::kEntrySize ||
         last - base_ > std::numeric_limits<std::int32_t>::max();
}

Result<> LogSegment::write(std::initializer_list<BytesView> parts, Write write) {
  TRY(FilePtr log, file());
  std::uint64_t end = size_;
  for (const BytesView part : parts) {
    if (auto written = (*log.*write)(end, part); !written) {
      if (Disk::is_full(written.error())) TRY_VOID(undo_write(size_));
      return written;
    }
    end += part.size();
  }
  size_ = end;
  changed(std::move(log));
  return {};
}

Result<> LogSegment::undo_write(std::uint64_t to_size) {
  TRY(const FilePtr log, file());
  TRY_VOID(log->truncate(to_size));
  size_ = to_size;
  changed(log);
  return {};
}

void LogSegment::note(const BatchHeader& batch, std::int32_t index_interval) {
  if (batch.position == 0) first_timestamp_ = batch.max_timestamp;
  if (batch.max_timestamp > max_timestamp_) {
    max_timestamp_ = batch.max_timestamp;
    offset_of_max_timestamp_ = batch.last;
  }
  if (since_index_entry_ > static_cast<std::size_t>(index_interval)) {
    offsets_.append(batch.last, static_cast<std::uint32_t>(batch.position));
    times_.append(max_timestamp_, offset_of_max_timestamp_);
    since_index_entry_ = 0;
  }
  since_index_entry_ += batch.size;
  remember(batch.last + 1, batch.end_position());
}

Result<> LogSegment::flush_indexes() {
  TRY_VOID(offsets_.flush());
  TRY_VOID(times_.flush());
  return aborted_.flush();
}

Result<> LogSegment::finish() {
  times_.append(max_timestamp_, offset_of_max_timestamp_);
  return flush_indexes();
}

void LogSegment::remember(Offset offset, std::uint64_t position) {
  boundaries_[next_boundary_] = {offset, position};
  next_boundary_ = static_cast<std::uint8_t>((next_boundary_ + 1) % boundaries_.size());
}

std::optional<std::uint64_t> LogSegment::remembered(Offset offset) const {
  for (const Boundary& boundary : boundaries_)
    if (boundary.offset == offset) return boundary.position;
  return std::nullopt;
}

Task<Result<std::optional<BatchHeader>>> LogSegment::find(FilePtr file, Offset offset, std::uint64_t size) {
  CO_TRY(const OffsetPosition start, offsets_.lookup(offset));
  BatchScanner scanner(std::move(file), remembered(offset).value_or(start.position), size);
  while (!scanner.at_end()) {
    if (scanner.needs_bytes()) CO_TRY_VOID(co_await scanner.fill());
    CO_TRY(const BatchHeader header, scanner.next());
    if (header.last >= offset) co_return header;
  }
  co_return std::nullopt;
}

// Where the last batch ends that is wholly below `upper` and `limit`. Both indexes name places before which every batch
// is.
Task<Result<LogSegment::Boundary>> LogSegment::find_end(FilePtr file, BatchHeader first, Offset upper,
                                                        std::uint64_t limit, std::uint64_t size) {
  CO_TRY(const OffsetPosition by_position, offsets_.lookup_position(limit));
  CO_TRY(const OffsetPosition by_offset, offsets_.lookup(upper - 1));
  const std::uint64_t from =
      std::max<std::uint64_t>(first.position, std::min(by_position.position, by_offset.position));
  Boundary end{first.base, from};
  BatchScanner scanner(std::move(file), from, size);
  while (!scanner.at_end()) {
    if (scanner.needs_bytes()) CO_TRY_VOID(co_await scanner.fill());
    CO_TRY(const BatchHeader header, scanner.next());
    if (header.position == from) end.offset = header.base;
    if (header.last >= upper || header.end_position() > limit) break;
    end = {header.last + 1, header.end_position()};
  }
  co_return end;
}

LogSegment::Range LogSegment::range(FilePtr log, Boundary from, Boundary to) const {
  const auto bytes = static_cast<std::size_t>(to.position - from.position);
  Pieces pieces;
  pieces.emplace_back(FilePiece{std::move(log), from.position, bytes});
  return {std::move(pieces), bytes, from.offset, to.offset};
}

Task<Result<std::optional<LogSegment::Range>>> LogSegment::read(Offset from, Offset upper, Offset segment_end,
                                                                std::size_t max_bytes, bool at_least_one) {
  CHECK(upper <= segment_end);
  const std::uint64_t size = size_, cuts = cuts_;
  CO_TRY(FilePtr log, file());
  // Who reads on where the last append or read ended, and may have all there is, costs no look at the file.
  const auto known = remembered(from);
  if (known && *known < size && *known + max_bytes >= size && upper == segment_end)
    co_return range(std::move(log), {from, *known}, {segment_end, size});
  CO_TRY(const auto first, co_await find(log, from, size));
  if (!first) co_return std::nullopt;
  if (first->last >= upper || (!at_least_one && first->size > max_bytes)) co_return Range{{}, 0, from, from};
  const std::uint64_t limit = first->position + std::max(max_bytes, first->size);
  Boundary end{segment_end, size};
  if (limit < size || upper < segment_end) {
    CO_TRY(end, co_await find_end(log, *first, upper, limit, size));
  }
  if (end.position < first->end_position())  // only if the index names places that are none
    co_return fail(ErrorCode::kKafkaStorageError, offsets_.path() + ": does not fit its segment");
  // A truncation while the file was read forgot the boundaries, and this may be one that is none any more.
  if (cuts == cuts_) remember(end.offset, end.position);
  co_return range(std::move(log), {first->base, first->position}, end);
}

// From the last entry of time that is below: what was before it is not larger.
Task<Result<Timestamp>> LogSegment::max_timestamp_below(Offset upper) const {
  if (offset_of_max_timestamp_ < upper) co_return max_timestamp_;
  CO_TRY(const TimestampOffset before, times_.lookup_offset(upper - 1));
  CO_TRY(const FilePtr log, file());
  CO_TRY(const OffsetPosition start, offsets_.lookup(before.offset));
  Timestamp largest = before.timestamp;
  BatchScanner scanner(log, start.position, size_);
  Pace pace(kBytesAtOnce);
  while (!scanner.at_end()) {
    if (scanner.needs_bytes()) CO_TRY_VOID(co_await scanner.fill());
    CO_TRY(const BatchHeader header, scanner.next());
    if (header.last >= upper) break;
    largest = std::max(largest, header.max_timestamp);
    if (pace.due(header.size)) co_await give_way();
  }
  co_return largest;
}

Task<Result<std::optional<LogSegment::Found>>> LogSegment::find_timestamp(Timestamp target, Offset from) {
  const std::uint64_t size = size_;
  CO_TRY(FilePtr log, file());
  CO_TRY(const TimestampOffset before, times_.lookup(target - 1));
  CO_TRY(const OffsetPosition start, offsets_.lookup(std::max(before.offset, from)));
  BatchScanner scanner(log, start.position, size);
  Pace pace(kBytesAtOnce);
  while (!scanner.at_end()) {
    if (scanner.needs_bytes()) CO_TRY_VOID(co_await scanner.fill());
    CO_TRY(const BatchHeader header, scanner.next());
    if (pace.due(header.size)) co_await give_way();
    if (header.last < from || header.max_timestamp < target) continue;
    CO_TRY(const auto found, co_await find_in_batch(log, header, target, from));
    if (found) co_return Found{found->timestamp, found->offset, header.leader_epoch};
  }
  co_return std::nullopt;
}

// One at a time on a shard: what a stranger's batch can make a codec hold is there once.
Task<Result<std::optional<record::TimeScanner::Found>>> LogSegment::find_in_batch(FilePtr log, BatchHeader header,
                                                                                  Timestamp target, Offset from) {
  const Turn::Held turn = co_await files_->unpacking().take();
  std::vector<std::byte> bytes(header.size);
  CO_TRY(const std::size_t n, co_await log->read(header.position, bytes));
  if (n != bytes.size()) co_return fail(ErrorCode::kKafkaStorageError, *path_ + ": cut while it was read");
  CO_TRY(const auto batch, record::BatchView::at(bytes));
  record::WalkRoom room;
  record::TimeSearch search(batch, room, target, from);
  while (!search.over()) {
    CO_TRY_VOID(search.step(kBytesAtOnce));
    if (!search.over()) co_await give_way();
  }
  co_return search.found();
}

Result<LogSegment::Boundary> LogSegment::cut_point(Offset offset) const {
  TRY(const FilePtr log, file());
  TRY(const OffsetPosition start, offsets_.lookup(offset));
  BatchScanner scanner(log, start.position, size_);
  while (!scanner.at_end()) {
    TRY(const BatchHeader header, header_now(scanner));
    if (header.last >= offset) return Boundary{std::min(offset, header.base), header.position};
  }
  return Boundary{offset, size_};
}

Result<Offset> LogSegment::truncate_to(Offset offset) {
  TRY(const FilePtr log, file());
  TRY(const Boundary cut, cut_point(offset));
  const auto [end, keep] = cut;
  TRY_VOID(log->truncate(keep));
  size_ = keep;
  ++cuts_;
  changed(log);
  TRY_VOID(offsets_.truncate_to(end));
  TRY_VOID(times_.truncate_to(end));
  TRY_VOID(aborted_.truncate_to(end));
  since_index_entry_ = 0;
  boundaries_ = {};
  max_timestamp_ = times_.last() ? times_.last()->timestamp : kNoTimestamp;
  offset_of_max_timestamp_ = times_.last() ? times_.last()->offset : kNoOffset;
  TRY_VOID(find_next_offset());
  return end;
}

void LogSegment::forget_files() {
  dirty_file_.reset();
  files_->forget(*path_);
  files_->forget(offsets_.path());
  files_->forget(times_.path());
  files_->forget(aborted_.path());
}

// A shorter length must reach the disk, too: after a power loss the bytes beyond it would be there again, in front of
// the next segment.
void LogSegment::changed(FilePtr file) {
  ++changes_;
  dirty_file_ = std::move(file);
}

void LogSegment::set_synced(std::uint64_t changes) {
  if (changes == changes_) dirty_file_.reset();
}

}  // namespace thalweg::storage
