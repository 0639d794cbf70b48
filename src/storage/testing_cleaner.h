// A log whose records have keys, compacted by hand.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/record.h"
#include "storage/cleaner.h"
#include "storage/log_to_clean.h"
#include "storage/testing_log.h"

namespace thalweg::storage {

// One record, as it is read.
struct Seen {
  std::int64_t offset = 0;
  std::string key;
  std::optional<std::string> value;
  Timestamp timestamp = kNoTimestamp;
  friend bool operator==(const Seen&, const Seen&) = default;
};

// One record to write; no value is a tombstone.
struct KeyValue {
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
};

inline SharedBytes keyed_batch(const std::vector<KeyValue>& entries, Timestamp timestamp,
                               const record::BatchOptions& options = {}) {
  record::BatchBuilder builder(options);
  const auto bytes = [](std::optional<std::string_view> text) {
    return text ? std::optional(as_bytes(*text)) : std::nullopt;
  };
  for (const KeyValue& entry : entries)
    builder.append({.timestamp = timestamp, .key = bytes(entry.key), .value = bytes(entry.value)});
  return builder.build();
}

class CleanerTest : public LogTest {
 protected:
  CleanerTest() {
    config.cleanup_compact = true;
    config.cleanup_delete = false;
    config.min_cleanable_dirty_ratio = 0;
  }
  AppendInfo write(Log& log, const std::vector<KeyValue>& entries, const record::BatchOptions& batch = {},
                   AppendOrigin origin = AppendOrigin::kClient) {
    const auto info =
        log.append_as_leader(keyed_batch(entries, t.clock.wall(), batch), {.leader_epoch = {1}, .origin = origin});
    if (!info) ADD_FAILURE() << info.error().error.message;
    return info.value_or(AppendInfo{});
  }
  AppendInfo write(Log& log, std::string_view key, std::optional<std::string_view> value) {
    return write(log, {{key, value}});
  }
  AppendInfo mark(Log& log, bool commit, std::int64_t producer, std::int16_t epoch = 0) {
    const auto info =
        log.append_as_leader(record::end_transaction_marker(commit, {producer}, {epoch}, 1, t.clock.wall()),
                             {.leader_epoch = {1}, .origin = AppendOrigin::kCoordinator});
    if (!info) ADD_FAILURE() << info.error().error.message;
    return info.value_or(AppendInfo{});
  }
  // All that was written so far is committed, and may be compacted: it leaves the active segment.
  void seal(Log& log) {
    log.set_high_watermark(log.end_offset());
    const auto span = std::exchange(config.segment_ms, Millis(1));
    log.set_config(config);
    t.clock.advance(Millis(10));
    write(log, "seal", "x");
    config.segment_ms = span;
    log.set_config(config);
    log.set_high_watermark(log.end_offset());
    ASSERT_TRUE(t.run(log.checkpoint()));
  }
  LogToClean dirty(const LogPtr& log) {
    auto found = how_dirty(t.shard, log, cleaned);
    EXPECT_TRUE(found);
    return *found;
  }
  // A pass, as LogCleaner would do it.
  Result<Offset> clean(const LogPtr& log, CleanerOptions with = {}) {
    const LogToClean found = dirty(log);
    if (found.cleanable_bytes == 0) return found.first_dirty;
    Cleaner cleaner(t.shard, log, with);
    auto reached = t.run(cleaner.clean(found.first_dirty, found.end));
    stats = cleaner.stats();
    interrupted = cleaner.was_interrupted();
    if (reached) cleaned = *reached;
    log->check_invariants();
    return reached;
  }
  void compact(const LogPtr& log, CleanerOptions with = {}) {
    const auto reached = clean(log, with);
    ASSERT_TRUE(reached) << reached.error().message;
  }
  std::vector<record::BatchView> batches(Log& log) {
    std::vector<record::BatchView> all;
    kept_.clear();
    for (Offset at = log.start_offset(); at < log.end_offset();) {
      const auto data = t.run(log.read(at, {}));
      if (!data || data->bytes == 0) {
        ADD_FAILURE() << "unreadable at " << at.value;
        break;
      }
      kept_.push_back(*t.run(gather(data->records)));
      const auto split = record::split_batches(kept_.back());
      EXPECT_TRUE(split);
      for (const auto& batch : *split) {
        EXPECT_TRUE(batch.crc_ok());
        all.push_back(batch);
      }
      at = data->next;
    }
    return all;
  }
  std::vector<Seen> records(Log& log) {
    std::vector<Seen> all;
    for (const auto& batch : batches(log)) {
      if (batch.is_control()) continue;
      auto reader = record::RecordReader::open(batch);
      EXPECT_TRUE(reader);
      while (const auto record = *reader->next())
        all.push_back({record->offset.value, std::string(as_text(record->key.value_or(BytesView{}))),
                       record->value ? std::optional(std::string(as_text(*record->value))) : std::nullopt,
                       record->timestamp});
    }
    return all;
  }
  // "0:a=1 3:b-" of what is read, without the records of seal().
  std::string text(Log& log) {
    std::string all;
    for (const Seen& seen : records(log)) {
      if (seen.key == "seal") continue;
      if (!all.empty()) all += ' ';
      all += std::to_string(seen.offset) + ":" + seen.key + (seen.value ? "=" + *seen.value : "-");
    }
    return all;
  }
  std::vector<std::string> files_ending(std::string_view suffix) {
    std::vector<std::string> found;
    const auto entries = t.disk.list(t.directory + "/orders-0");
    for (const auto& entry : *entries)
      if (entry.name.ends_with(suffix)) found.push_back(entry.name);
    return found;
  }

  std::optional<Offset> cleaned;
  CleanerStats stats;
  bool interrupted = false;

 private:
  std::vector<SharedBytes> kept_;
};

}  // namespace thalweg::storage
