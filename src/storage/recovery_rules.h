// What opening a log decides, as tables that can be read and are tested row by row. Pure; log_loader does what they
// say.
#pragma once

namespace thalweg::storage {

// ---- A segment

enum class SegmentStep {
  kTake,     // the files are what they were
  kFindEnd,  // the end is found from the last index entry; where that fails, kRebuild
  kRebuild,  // every batch is walked, the indexes are made again; CRCs are computed above the recovery point
};
struct SegmentState {
  bool clean = false;        // the last stop was
  bool last = false;         // of the log
  bool covered = false;      // the next segment begins at or below the recovery point
  bool indexes_fit = false;  // they are there and can be what they should be
};
// stop   segment   covered   indexes      step
// any    any       any       do not fit   rebuild
// clean  last      -         fit          find the end
// clean  others    any       fit          take
// crash  last      -         fit          rebuild
// crash  others    yes       fit          take
// crash  others    no        fit          rebuild
constexpr SegmentStep step_for(const SegmentState& s) {
  if (!s.indexes_fit) return SegmentStep::kRebuild;
  if (s.clean) return s.last ? SegmentStep::kFindEnd : SegmentStep::kTake;
  return !s.last && s.covered ? SegmentStep::kTake : SegmentStep::kRebuild;
}

// ---- A batch that is not whole and sound, or missing

enum class DamageStep {
  kRefuse,     // not ours to repair: opening fails and names file and position
  kCut,        // the torn end of a crash: nothing behind it was ever acknowledged
  kCutAndKeep  // what is cut is kept beside the log: it may have been acknowledged, and rotted
};
struct DamageState {
  bool clean = false;                 // the last stop was
  bool below_recovery_point = false;  // where the damage lies
  bool sound_behind = false;          // a whole batch with a right CRC and a later offset follows
};
// stop   damage lies                behind it       step
// clean  anywhere                   anything        refuse
// crash  below the recovery point   anything        refuse
// crash  above                      nothing sound   cut
// crash  above                      sound batches   cut, and keep what is cut
constexpr DamageStep step_for(const DamageState& s) {
  if (s.clean || s.below_recovery_point) return DamageStep::kRefuse;
  return s.sound_behind ? DamageStep::kCutAndKeep : DamageStep::kCut;
}

// ---- What is on disk

struct SyncState {
  bool clean = false;  // the last stop was
  bool fresh = false;  // there was no segment
  bool empty = false;  // no record was ever here
};
struct SyncStep {
  bool now = false;    // what a crash left in the page cache, before anything of it counts
  bool later = false;  // the first append makes up for what was never worth a sync
  friend bool operator==(const SyncStep&, const SyncStep&) = default;
};
// stop   segments   records   sync now   later
// any    none       -         no         yes
// clean  there      none      no         yes      a clean stop does not sync them
// clean  there      some      no         no
// crash  there      any       yes        no
constexpr SyncStep step_for(const SyncState& s) {
  if (s.fresh) return {.now = false, .later = true};
  if (s.clean) return {.now = false, .later = s.empty};
  return {.now = true, .later = false};
}

}  // namespace thalweg::storage
