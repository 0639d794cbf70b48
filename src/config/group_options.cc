#include "config/option_tables.h"

namespace thalweg::config {
namespace {

using enum Type;
using enum Update;

// What a group can be given; "group." before a name is the broker option with its default.
// clang-format off: a line of facts and a line of words for each option
constexpr Option kGroupOptions[] = {
    {"consumer.assignment.interval.ms", kInt, "1000", {.min = 0}, kClusterWide,
     "Shortest time between two assignments of a consumer group."},
    {"consumer.heartbeat.interval.ms", kInt, "5000", {.min = 1}, kClusterWide,
     "How often members of a consumer group send heartbeats."},
    {"consumer.session.timeout.ms", kInt, "45000", {.min = 1}, kClusterWide,
     "Silence after which a member of a consumer group is removed."},
    {"share.assignment.interval.ms", kInt, "1000", {.min = 0}, kClusterWide,
     "Shortest time between two assignments of a share group."},
    {"share.auto.offset.reset", kString, "latest", {.shape = Shape::kOffsetReset}, kClusterWide,
     "Where a share group starts on a partition it has not read."},
    {"share.delivery.count.limit", kInt, "5", {.min = 2}, kClusterWide,
     "Attempts to deliver a record to a share group before it is given up."},
    {"share.heartbeat.interval.ms", kInt, "5000", {.min = 1}, kClusterWide,
     "How often members of a share group send heartbeats."},
    {"share.isolation.level", kString, "read_uncommitted", {.one_of = "read_committed, read_uncommitted"}, kClusterWide,
     "Whether a share group sees records of transactions that are open or aborted."},
    {"share.partition.max.record.locks", kInt, "2000", {.min = 100}, kClusterWide,
     "Records of one partition that a share group may hold at a time."},
    {"share.record.lock.duration.ms", kInt, "30000", {.min = 1000}, kClusterWide,
     "How long a consumer of a share group may hold a record."},
    {"share.renew.acknowledge.enable", kBoolean, "true", {}, kClusterWide,
     "Whether consumers of a share group may extend the time that they hold a record."},
    {"share.session.timeout.ms", kInt, "45000", {.min = 1}, kClusterWide,
     "Silence after which a member of a share group is removed."},
    {"streams.assignment.interval.ms", kInt, "1000", {.min = 0}, kClusterWide,
     "Shortest time between two assignments of a streams group."},
    {"streams.heartbeat.interval.ms", kInt, "5000", {.min = 1}, kClusterWide,
     "How often members of a streams group send heartbeats."},
    {"streams.initial.rebalance.delay.ms", kInt, "3000", {.min = 0}, kClusterWide,
     "How long the first assignment of a streams group waits for more members."},
    {"streams.num.standby.replicas", kInt, "0", {.min = 0}, kClusterWide,
     "Standby copies of each stateful task."},
    {"streams.session.timeout.ms", kInt, "45000", {.min = 1}, kClusterWide,
     "Silence after which a member of a streams group is removed."},
};
// clang-format on

}  // namespace

std::span<const Option> group_option_rows() { return kGroupOptions; }

}  // namespace thalweg::config
