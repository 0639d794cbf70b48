#include "config/option_tables.h"

namespace thalweg::config {
namespace {

using enum Type;
using enum Update;

// What a topic can be given. Every row but the tiered and throttled ones has a broker option for its default: table.cc.
// clang-format off: a line of facts and a line of words for each option
constexpr Option kTopicOptions[] = {
    {"cleanup.policy", kList, "delete", {.one_of = "compact, delete"}, kClusterWide,
     "What happens to old data: delete removes expired segments, compact keeps the last record of each key; both "
     "may be given."},
    {"compression.gzip.level", kInt, "-1", {.min = 1, .max = 9, .or_value = -1}, kClusterWide,
     "Level used when compression.type is gzip; -1 is the codec's own default."},
    {"compression.lz4.level", kInt, "9", {.min = 1, .max = 17}, kClusterWide,
     "Level used when compression.type is lz4."},
    {"compression.type", kString, "producer",
     {.one_of = "uncompressed, zstd, lz4, snappy, gzip, producer"}, kClusterWide,
     "Codec in which batches are stored; producer keeps what the producer sent."},
    {"compression.zstd.level", kInt, "3", {.min = -131072, .max = 22}, kClusterWide,
     "Level used when compression.type is zstd."},
    {"delete.retention.ms", kLong, "86400000", {.min = 0}, kClusterWide,
     "How long a tombstone stays readable after compaction first saw it."},
    {"file.delete.delay.ms", kLong, "60000", {.min = 0}, kClusterWide,
     "How long a removed segment's file stays on disk before it is deleted."},
    {"flush.messages", kLong, "9223372036854775807", {.min = 1}, kClusterWide,
     "Records after which the log is forced to disk, besides what acknowledgements already force."},
    {"flush.ms", kLong, "9223372036854775807", {.min = 0}, kClusterWide,
     "Time after which appended records are forced to disk, besides what acknowledgements already force."},
    {"follower.replication.throttled.replicas", kList, "", {.shape = Shape::kThrottledReplicas}, kClusterWide,
     "Replicas whose fetching is throttled: partition:broker pairs, or * for all."},
    {"index.interval.bytes", kInt, "4096", {.min = 0}, kClusterWide,
     "Bytes of data between two entries of the offset index."},
    {"internal.segment.bytes", kInt, kNull, {}, kClusterWide,
     "Segment size without the lower bound, for tests.", kNoField, true},
    {"leader.replication.throttled.replicas", kList, "", {.shape = Shape::kThrottledReplicas}, kClusterWide,
     "Replicas whose sending is throttled: partition:broker pairs, or * for all."},
    {"local.retention.bytes", kLong, "-2", {.min = -2}, kClusterWide,
     "Bytes kept on local disk for a tiered topic; -2 follows retention.bytes."},
    {"local.retention.ms", kLong, "-2", {.min = -2}, kClusterWide,
     "Time that segments stay on local disk for a tiered topic; -2 follows retention.ms."},
    {"max.compaction.lag.ms", kLong, "9223372036854775807", {.min = 1}, kClusterWide,
     "The longest time that a record may wait before compaction has to consider it."},
    {"max.message.bytes", kInt, "1048588", {.min = 0}, kClusterWide,
     "Largest record batch that is accepted, after compression."},
    {"message.timestamp.after.max.ms", kLong, "3600000", {.min = 0}, kClusterWide,
     "How far a record's timestamp may lie ahead of the broker's clock."},
    {"message.timestamp.before.max.ms", kLong, "9223372036854775807", {.min = 0}, kClusterWide,
     "How far a record's timestamp may lie behind the broker's clock."},
    {"message.timestamp.type", kString, "CreateTime", {.one_of = "CreateTime, LogAppendTime"}, kClusterWide,
     "Whether records keep the producer's time (CreateTime) or get the broker's (LogAppendTime)."},
    {"min.cleanable.dirty.ratio", kDouble, "0.5", {.min = 0, .max = 1}, kClusterWide,
     "Share of the log that must be uncompacted before compaction runs."},
    {"min.compaction.lag.ms", kLong, "0", {.min = 0}, kClusterWide,
     "The shortest time that a record stays uncompacted."},
    {"min.insync.replicas", kInt, "1", {.min = 1}, kClusterWide,
     "Replicas that must be in sync for a write with acks=all to be accepted."},
    {"preallocate", kBoolean, "false", {}, kClusterWide,
     "Reserve a segment's space when it is created."},
    {"remote.log.copy.disable", kBoolean, "false", {}, kClusterWide,
     "Stop copying segments to remote storage; what is there stays readable."},
    {"remote.log.delete.on.disable", kBoolean, "false", {}, kClusterWide,
     "Delete remote data when tiering is switched off for the topic."},
    {"remote.storage.enable", kBoolean, "false", {}, kClusterWide,
     "Keep older segments of this topic in remote storage."},
    {"retention.bytes", kLong, "-1", {}, kClusterWide,
     "Size per partition above which old segments are deleted; -1 is no limit."},
    {"retention.ms", kLong, "604800000", {.min = -1}, kClusterWide,
     "Age after which segments are deleted; -1 is no limit."},
    {"segment.bytes", kInt, "1073741824", {.min = 1048576}, kClusterWide,
     "Size at which a segment is closed and a new one begun."},
    {"segment.index.bytes", kInt, "10485760", {.min = 4}, kClusterWide,
     "Largest size of an index file."},
    {"segment.jitter.ms", kLong, "0", {.min = 0}, kClusterWide,
     "Random time taken off segment.ms, so that segments do not all roll at once."},
    {"segment.ms", kLong, "604800000", {.min = 1}, kClusterWide,
     "Age at which a segment is closed even when it is not full."},
    {"unclean.leader.election.enable", kBoolean, "false", {}, kClusterWide,
     "Let a replica that is not in sync lead when no other is left, losing data."},
};
// clang-format on

}  // namespace

std::span<const Option> topic_option_rows() { return kTopicOptions; }

}  // namespace thalweg::config
