#include "config/broker_fields.h"
#include "config/option_tables.h"

namespace thalweg::config {
namespace {

using enum Type;
using enum Update;

// Ours: everything that Apache Kafka has no name for begins with "thalweg.", but for the addresses that are served
// beside Kafka's protocol, which people look for under the names that such things have.
// clang-format off: a line of facts and a line of words for each option
constexpr Option kThalwegOptions[] = {
    {"console.allowed.hosts", kList, "", {}, kReadOnly,
     "Names of hosts, beside those of listeners, under which the console answers where nobody signs in.",
     into<&BrokerConfig::console_allowed_hosts>},
    {"console.auth", kString, "auto", {.one_of = "auto, none, token"}, kReadOnly,
     "Who may use the console: everybody who reaches it (none), or who knows the token of the server's log (token); auto "
     "is none where it listens on this machine alone, and token else.",
     into<&BrokerConfig::console_auth>},
    {"console.cluster.name", kString, kNull, {.non_empty = true}, kReadOnly,
     "What the console calls the cluster; its id when not set.",
     into<&BrokerConfig::console_cluster_name>},
    {"console.listeners", kList, "http://localhost:8080", {}, kReadOnly,
     "Where the console is served over HTTP; empty is nowhere. Where another server has the port, the default gives way, "
     "and an address that was set stops the start.",
     parsed_into<&BrokerConfig::console_listeners, parse_http_listeners>},
    {"console.read.only", kBoolean, "false", {}, kReadOnly,
     "Whether the console refuses everything that would change the cluster.",
     into<&BrokerConfig::console_read_only>},
    {"metrics.listeners", kList, "http://localhost:9644", {}, kReadOnly,
     "Where metrics and health are served over HTTP; empty is nowhere. Where another server has the port, the default "
     "gives way, and an address that was set stops the start.",
     parsed_into<&BrokerConfig::metrics_listeners, parse_http_listeners>},
    {"schema.compatibility.level", kString, "BACKWARD",
     {.one_of = "NONE, BACKWARD, BACKWARD_TRANSITIVE, FORWARD, FORWARD_TRANSITIVE, FULL, FULL_TRANSITIVE",
      .ignore_case = true}, kReadOnly,
     "Which earlier versions of its subject a schema has to be compatible with, where nobody has set a level.",
     into<&BrokerConfig::schema_compatibility_level>},
    {"schema.registry.listeners", kList, "http://localhost:8081", {}, kReadOnly,
     "Where the schema registry is served over HTTP; empty is nowhere. Where another server has the port, the default "
     "gives way, and an address that was set stops the start.",
     parsed_into<&BrokerConfig::schema_registry_listeners, parse_http_listeners>},
    {"thalweg.broker.silence.ms", kInt, "800", {.min = 100}, kReadOnly,
     "Silence after which the controller takes a broker's leaderships away, where all brokers report quickly "
     "(thalweg.version 1); longer for one that turned out to be alive, at most broker.session.timeout.ms."},
    {"thalweg.cluster.id", kString, kNull, {.non_empty = true}, kReadOnly,
     "The cluster's id when its first node starts on empty directories; a new one when not set. Directories that "
     "have an id keep it.",
     into<&BrokerConfig::cluster_id>},
    {"thalweg.durable.acks", kString, "fsync", {.one_of = "fsync, memory"}, kReadOnly,
     "When a write counts as durable: fsync after it reached the disk, memory once the system has it, as Apache "
     "Kafka does.",
     set_durability},
    {"thalweg.feature.levels.max", kList, "", {}, kReadOnly,
     "feature=level: up to which levels this node speaks these features, where it is to stand for a node of an older "
     "release. For tests of upgrades.",
     parsed_into<&BrokerConfig::feature_levels_max, parse_feature_levels>},
    {"thalweg.join", kList, "", {}, kReadOnly,
     "host:port of members of a running cluster that this node becomes a member of; it founds none. Without node.id it "
     "gets one from the cluster. What --join sets."},
    {"thalweg.metrics.partition.series.max", kInt, "2000", {.min = 0}, kReadOnly,
     "Partitions of the cluster up to which /metrics shows every one of them; /metrics/detail always does.",
     into<&BrokerConfig::metrics_partition_series_max>},
    {"thalweg.quorum.voters", kInt, "3", {.min = 1, .max = 9}, kReadOnly,
     "How many controllers vote in the metadata quorum, once so many keep up."},
    {"thalweg.shards", kInt, "0", {.min = 0, .max = 1024}, kReadOnly,
     "Threads that serve requests and partitions; 0 is one per core.",
     into<&BrokerConfig::shards>},
    {"thalweg.validate.records", kBoolean, "true", {}, kReadOnly,
     "Whether the records of produced batches are looked at before they are stored. If not, producers are trusted.",
     into<&BrokerConfig::validate_records>},
};
// clang-format on

// Settings that exist only as dynamic broker configs; not described unless set.
// clang-format off: a line of facts and a line of words for each option
constexpr Option kDynamicOnlyOptions[] = {
    {"follower.replication.throttled.rate", kLong, "9223372036854775807", {.min = 0}, kPerBroker,
     "Most bytes per second that throttled replicas fetch.",
     into<&BrokerConfig::follower_replication_throttled_rate>, true},
    {"leader.replication.throttled.rate", kLong, "9223372036854775807", {.min = 0}, kPerBroker,
     "Most bytes per second that are sent to throttled replicas.",
     into<&BrokerConfig::leader_replication_throttled_rate>, true},
    {"replica.alter.log.dirs.io.max.bytes.per.second", kLong, "9223372036854775807", {.min = 0}, kPerBroker,
     "Most bytes per second copied between log directories.",
     into<&BrokerConfig::directory_copy_rate>, true},
};
// clang-format on

}  // namespace

std::span<const Option> thalweg_rows() { return kThalwegOptions; }
std::span<const Option> broker_dynamic_only_rows() { return kDynamicOnlyOptions; }

}  // namespace thalweg::config
