#include "storage/log_syncer.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "metrics/families.h"
#include "storage/partition_metadata_file.h"

namespace thalweg::storage {
namespace {
constexpr Millis kSyncAgainAfter{100};  // when there was no descriptor for it, or no room
}  // namespace

void mark_failed_sync(Disk& disk, const std::string& directory) {
  if (auto marked = disk.open(directory + "/" + std::string(kSyncFailedFile), OpenMode::kCreate); !marked)
    log::error("failed sync not marked", field("directory", directory), field("reason", marked.error()));
}

Task<Result<>> sync_folder(Disk& disk, std::string directory) {
  const std::string metadata = directory + "/" + std::string(kPartitionMetadataFile);
  if (disk.exists(metadata)) {
    CO_TRY(const FilePtr file, disk.open(metadata, OpenMode::kReadWrite));
    CO_TRY_VOID(co_await file->sync());
  }
  co_return co_await disk.sync_directory(Disk::directory_of(directory));
}

LogSyncer::LogSyncer(const Shard& shard, std::string directory, FlushPolicy policy, Offset end, UnsyncedNames names)
    : shard_(shard),
      directory_(std::move(directory)),
      policy_(policy),
      end_(shard.clock, end),
      durable_(shard.clock, end),
      acknowledged_(shard.clock, end),
      sync_time_(shard.metrics.histogram(family::kLogSyncTime)),
      directory_syncs_(shard.metrics.counter(family::kLogDirectorySyncs)),
      sync_failures_(shard.metrics.counter(family::kLogSyncFailures)),
      names_changed_(names.files ? 1 : 0),
      folder_unsynced_(names.folder),
      wanted_(end) {}

void LogSyncer::set_policy(std::int64_t flush_messages, Millis flush_ms) {
  policy_.messages = flush_messages;
  policy_.ms = flush_ms;
  flush_timer_.reset();
  acknowledge();
}

// ---- What the log did

void LogSyncer::changed(const std::shared_ptr<LogSegment>& segment) {
  if (!unsynced_.empty() && unsynced_.back() == segment) return;
  if (std::ranges::find(unsynced_, segment) == unsynced_.end()) unsynced_.push_back(segment);
}

void LogSyncer::appended(Offset end) {
  end_.advance(end);
  if (policy_.every_append) return request();
  acknowledge();
}

// Under Kafka's policy: what counts now, and when the rest comes to disk.
void LogSyncer::acknowledge() {
  if (policy_.every_append || offline_ || retired_) return;
  if (end_.value() - durable_.value() >= policy_.messages) {
    acknowledged_.advance(durable_.value());
    return request();
  }
  acknowledged_.advance(end_.value());
  plan_flush();
}

void LogSyncer::plan_flush() {
  if (durable_.value() == end_.value()) return flush_timer_.reset();
  // As an Instant it must not overflow; a time that long is never.
  constexpr auto kNever = std::chrono::duration_cast<Millis>(std::chrono::hours(24 * 365 * 100));
  if (flush_timer_ || policy_.ms >= kNever) return;
  flush_timer_ = shard_.clock.call_at(shard_.clock.now() + policy_.ms, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    const auto timer = std::move(self->flush_timer_);
    self->request();
  });
}

void LogSyncer::cut_to(Offset end) {
  ++cuts_;
  end_.reset(end);
  durable_.reset(std::min(durable_.value(), end));
  acknowledged_.reset(std::min(acknowledged_.value(), end));
  wanted_ = std::min(wanted_, end);
  wake_flushers();
}

void LogSyncer::start_at(Offset start) {
  ++cuts_;
  end_.reset(start);
  durable_.reset(start);
  acknowledged_.reset(start);
  wanted_ = start;
  wake_flushers();
}

// ---- Syncing

void LogSyncer::request() {
  wanted_ = end_.value();
  if (looping_ || offline_ || retired_) return;
  looping_ = true;
  spawn(shard_, loop(shared_from_this()));
}

// One loop per log with something to sync; what is appended while a sync runs waits for the next, together.
Task<> LogSyncer::loop(std::shared_ptr<LogSyncer> self) {
  while (!self->offline_ && !self->retired_ && (self->durable_.value() < self->wanted_ || self->names_unsynced())) {
    const auto synced = co_await self->sync_once();
    self->postponed_.reset();
    if (!synced && Disk::is_unbegun(synced.error())) {
      if (Disk::is_postponed(synced.error())) self->postponed_ = synced.error();
      self->wake_flushers();
      // Nothing was asked of the disk yet. Who waits for durable() waits longer.
      co_await self->shard_.clock.sleep_for(kSyncAgainAfter);
      continue;
    }
    // After one failed fsync the next may succeed although the pages are gone. Never acknowledge again.
    if (!synced && !self->retired_) self->sync_failed(synced.error());
    self->acknowledge();
    self->wake_flushers();
  }
  self->looping_ = false;
}

// What it covers is marked as synced only after it was, and by whoever had the turn: a second sync that found the marks
// gone would call records durable whose file's name is still on the way.
Task<Result<>> LogSyncer::sync_once() {
  const Turn::Held turn = co_await turn_.take();
  if (retired_) co_return Result<>{};
  syncing_since_ = shard_.clock.now();
  auto synced = co_await sync_all();
  syncing_since_.reset();
  co_return synced;
}

Task<Result<>> LogSyncer::sync_all() {
  const Offset target = end_.value();
  const std::uint64_t cuts = cuts_, names = names_changed_;
  CO_TRY_VOID(co_await sync_names(names));
  // The oldest first, so that what a power loss takes is always the end.
  const auto unsynced = unsynced_;
  for (const auto& segment : unsynced) {
    const std::uint64_t changes = segment->changes();
    const FilePtr file = segment->unsynced_file();
    if (!file) continue;  // removed meanwhile
    const Instant begun = shard_.clock.now();
    syncing_since_ = begun;
    CO_TRY_VOID(co_await file->sync());
    sync_time_.record(std::uint64_t((shard_.clock.now() - begun).count()));
    segment->set_synced(changes);
  }
  std::erase_if(unsynced_, [](const auto& segment) { return !segment->unsynced_file(); });
  if (cuts == cuts_ && !offline_) durable_.advance(target);
  co_return Result<>{};
}

Task<Result<>> LogSyncer::sync_names(std::uint64_t names) {
  if (folder_unsynced_) {
    CO_TRY_VOID(co_await sync_folder(shard_.disk, directory_));
    folder_unsynced_ = false;
    directory_syncs_.add();
  }
  if (names_synced_ != names) {
    syncing_since_ = shard_.clock.now();
    CO_TRY_VOID(co_await shard_.disk.sync_directory(directory_));
    names_synced_ = names;
    directory_syncs_.add();
  }
  co_return Result<>{};
}

Task<Result<>> LogSyncer::flush() {
  const auto self = shared_from_this();
  const Offset target = end_.value();
  // A cut makes an end that is waited for unreachable.
  while (!offline_ && !retired_ && durable_.value() < std::min(target, end_.value())) {
    if (postponed_) co_return std::unexpected(*postponed_);  // a full disk may stay so for long
    request();
    const OneShot<bool> moved;
    flushers_.push_back(moved);
    co_await moved.wait();
  }
  if (offline_) co_return std::unexpected(*offline_);
  co_return Result<>{};
}

Task<Result<>> LogSyncer::sync_cut() {
  const auto self = shared_from_this();
  auto synced = co_await sync_once();
  if (!synced && !retired_ && !Disk::is_unbegun(synced.error())) sync_failed(synced.error());
  acknowledge();
  wake_flushers();
  co_return synced;
}

void LogSyncer::wake_flushers() {
  for (const auto& flusher : std::exchange(flushers_, {})) flusher.set(true);
}

// ---- The end

void LogSyncer::sync_failed(const Error& why) {
  sync_failures_.add();
  mark_failed_sync(shard_.disk, directory_);
  take_offline(why);
}

void LogSyncer::take_offline(Error why) {
  if (offline_) return;
  log::error("log offline", field("directory", directory_), field("reason", why));
  offline_ = std::move(why);
  fail_watermarks();
}

void LogSyncer::retire() {
  retired_ = true;
  fail_watermarks();
}

void LogSyncer::fail_watermarks() {
  flush_timer_.reset();
  durable_.fail();
  acknowledged_.fail();
  end_.fail();
  wake_flushers();
}

}  // namespace thalweg::storage
