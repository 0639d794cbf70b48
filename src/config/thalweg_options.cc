#include "config/option_tables.h"

namespace thalweg::config {
namespace {

// Ours: everything that Apache Kafka has no name for begins with "thalweg.".
constexpr Option kThalwegOptions[] = {
    {"thalweg.durable.acks",
     Type::kString,
     "fsync",
     {.one_of = "fsync, memory"},
     Update::kReadOnly,
     "When a write counts as durable: fsync after it reached the disk, memory once the system has it, as Apache Kafka "
     "does."},
    {"thalweg.shards",
     Type::kInt,
     "0",
     {.min = 0, .max = 1024},
     Update::kReadOnly,
     "Threads that serve requests and partitions; 0 is one per core."},
};

// Settings that exist only as dynamic broker configs; not described unless set.
constexpr Option kDynamicOnlyOptions[] = {
    {"follower.replication.throttled.rate",
     Type::kLong,
     "9223372036854775807",
     {.min = 0},
     Update::kPerBroker,
     "Most bytes per second that throttled replicas fetch.",
     true},
    {"leader.replication.throttled.rate",
     Type::kLong,
     "9223372036854775807",
     {.min = 0},
     Update::kPerBroker,
     "Most bytes per second that are sent to throttled replicas.",
     true},
    {"replica.alter.log.dirs.io.max.bytes.per.second",
     Type::kLong,
     "9223372036854775807",
     {.min = 0},
     Update::kPerBroker,
     "Most bytes per second copied between log directories.",
     true},
};

}  // namespace

std::span<const Option> thalweg_rows() { return kThalwegOptions; }
std::span<const Option> broker_dynamic_only_rows() { return kDynamicOnlyOptions; }

}  // namespace thalweg::config
