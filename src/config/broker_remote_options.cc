#include "config/option_tables.h"

namespace thalweg::config {
namespace {

using enum Type;
using enum Update;

// clang-format off: a line of facts and a line of words for each option
constexpr Option kRemoteOptions[] = {
    {"follower.fetch.last.tiered.offset.enable", kBoolean, "false", {}, kClusterWide,
     "Whether a new follower starts after what is in remote storage already."},
    {"remote.fetch.max.wait.ms", kInt, "500", {.min = 1}, kClusterWide,
     "How long a fetch may wait for remote storage."},
    {"remote.list.offsets.request.timeout.ms", kLong, "30000", {.min = 1}, kClusterWide,
     "How long a lookup of offsets in remote storage may take."},
    {"remote.log.index.file.cache.total.size.bytes", kLong, "1073741824", {.min = 1}, kClusterWide,
     "Disk space for cached indexes of remote segments."},
    {"remote.log.index.file.cache.ttl.ms", kLong, "900000", {.min = -1}, kReadOnly,
     "Idle time after which a cached index is dropped.", kNoField, true},
    {"remote.log.manager.copier.thread.pool.size", kInt, "10", {.min = 1}, kClusterWide,
     "Copies to remote storage that run side by side."},
    {"remote.log.manager.copy.max.bytes.per.second", kLong, "9223372036854775807", {.min = 1}, kClusterWide,
     "Most bytes per second copied to remote storage."},
    {"remote.log.manager.copy.quota.window.num", kInt, "11", {.min = 1}, kReadOnly,
     "Samples kept for that limit."},
    {"remote.log.manager.copy.quota.window.size.seconds", kInt, "1", {.min = 1}, kReadOnly,
     "Length of one such sample."},
    {"remote.log.manager.expiration.thread.pool.size", kInt, "10", {.min = 1}, kClusterWide,
     "Expiries in remote storage that run side by side."},
    {"remote.log.manager.fetch.max.bytes.per.second", kLong, "9223372036854775807", {.min = 1}, kClusterWide,
     "Most bytes per second read from remote storage."},
    {"remote.log.manager.fetch.quota.window.num", kInt, "11", {.min = 1}, kReadOnly,
     "Samples kept for that limit."},
    {"remote.log.manager.fetch.quota.window.size.seconds", kInt, "1", {.min = 1}, kReadOnly,
     "Length of one such sample."},
    {"remote.log.manager.follower.thread.pool.size", kInt, "2", {.min = 1}, kClusterWide,
     "Followers' tasks for remote storage that run side by side."},
    {"remote.log.manager.task.interval.ms", kLong, "30000", {.min = 1}, kReadOnly,
     "How often segments are looked through for what to copy or expire."},
    {"remote.log.manager.task.retry.backoff.max.ms", kLong, "30000", {.min = 1}, kReadOnly,
     "Longest wait after a failed task.", kNoField, true},
    {"remote.log.manager.task.retry.backoff.ms", kLong, "500", {.min = 1}, kReadOnly,
     "First wait after a failed task.", kNoField, true},
    {"remote.log.manager.task.retry.jitter", kDouble, "0.2", {.min = 0, .max = 0.5}, kReadOnly,
     "Random share of that wait.", kNoField, true},
    {"remote.log.manager.thread.pool.size", kInt, "2", {.min = 1}, kReadOnly,
     "Old limit for tasks side by side."},
    {"remote.log.metadata.custom.metadata.max.bytes", kInt, "128", {.min = 0}, kReadOnly,
     "Largest custom metadata that remote storage may attach to a segment."},
    {"remote.log.metadata.manager.class.name", kString,
     "org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager",
     {.non_empty = true}, kReadOnly,
     "Where the list of remote segments is kept."},
    {"remote.log.metadata.manager.class.path", kString, kNull, {}, kReadOnly,
     "Java class path of that; unused here."},
    {"remote.log.metadata.manager.impl.prefix", kString, "rlmm.config.", {.non_empty = true}, kReadOnly,
     "Prefix of options that are passed on to it."},
    {"remote.log.metadata.manager.listener.name", kString, kNull, {.non_empty = true}, kReadOnly,
     "Listener over which it talks to brokers."},
    {"remote.log.reader.max.pending.tasks", kInt, "100", {.min = 1}, kReadOnly,
     "Most reads from remote storage that may wait."},
    {"remote.log.reader.threads", kInt, "10", {.min = 1}, kClusterWide,
     "Reads from remote storage that run side by side."},
    {"remote.log.storage.manager.class.name", kString, kNull, {.non_empty = true}, kReadOnly,
     "Remote storage in use."},
    {"remote.log.storage.manager.class.path", kString, kNull, {}, kReadOnly,
     "Java class path of that; unused here."},
    {"remote.log.storage.manager.impl.prefix", kString, "rsm.config.", {.non_empty = true}, kReadOnly,
     "Prefix of options that are passed on to it."},
    {"remote.log.storage.system.enable", kBoolean, "false", {}, kReadOnly,
     "Whether this cluster has remote storage."},
};
// clang-format on

}  // namespace

std::span<const Option> broker_remote_rows() { return kRemoteOptions; }

}  // namespace thalweg::config
