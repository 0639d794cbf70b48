#include "storage/log_to_clean.h"

#include <algorithm>

namespace thalweg::storage {
namespace {

// Whether something in it is younger than min.compaction.lag.ms. Without timestamps the file's last change tells.
bool is_too_young(const Shard& shard, const LogSegment& segment, Millis lag, Timestamp now) {
  if (lag <= Millis(0)) return false;
  const Timestamp newest =
      segment.max_timestamp() >= 0 ? segment.max_timestamp() : shard.disk.modified(segment.path()).value_or(now);
  return newest > now - lag.count();
}

}  // namespace

Result<LogToClean> how_dirty(const Shard& shard, const LogPtr& log, std::optional<Offset> cleaned) {
  const LogConfig& config = log->config();
  const Timestamp now = shard.clock.wall();
  const Offset start = log->start_offset();
  LogToClean dirty{.log = log, .first_dirty = cleaned.value_or(start)};
  // Of a log that does not reach there nothing is known.
  if (dirty.first_dirty < start || dirty.first_dirty > log->end_offset()) dirty.first_dirty = start;
  const Offset bound = std::min(log->last_stable_offset(), log->high_watermark());
  dirty.end = dirty.first_dirty;
  Timestamp oldest = std::numeric_limits<Timestamp>::max();
  for (const Log::Sealed& sealed : log->sealed_segments()) {
    LogSegment& segment = *sealed.segment;
    if (sealed.end <= dirty.first_dirty) {
      dirty.clean_bytes += segment.size();
      continue;
    }
    if (config.max_compaction_lag_ms != LogConfig::kForever) {
      TRY(const Timestamp first, segment.first_timestamp());
      if (first > 0) oldest = std::min(oldest, first);
    }
    if (sealed.end > bound || is_too_young(shard, segment, config.min_compaction_lag_ms, now)) break;
    dirty.cleanable_bytes += segment.size();
    dirty.end = sealed.end;
  }
  const std::int64_t lag = config.max_compaction_lag_ms.count();
  if (oldest < now && now - oldest > lag) dirty.delay = Millis(now - oldest - lag);
  dirty.is_due =
      dirty.cleanable_bytes > 0 && (dirty.delay > Millis(0) || dirty.ratio() > config.min_cleanable_dirty_ratio);
  return dirty;
}

}  // namespace thalweg::storage
