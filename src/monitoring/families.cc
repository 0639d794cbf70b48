#include "monitoring/families.h"

namespace thalweg::monitoring::family {
namespace {
using enum MetricKind;
constexpr double kMillis = 1e-3;  // told in seconds
}  // namespace

// ---- The process

const MetricFamily kCpu{"process_cpu_seconds_total", "Processor time, of user and system.", kCounter, {}, kMillis};
const MetricFamily kResident{"process_resident_memory_bytes", "Memory that is in memory.", kGauge};
const MetricFamily kOpenFiles{"process_open_fds", "Open files and connections.", kGauge};
const MetricFamily kOpenFilesMax{"process_max_fds", "How many there may be.", kGauge};
const MetricFamily kStartTime{
    "process_start_time_seconds", "When the server started, in seconds since 1970.", kGauge, {}, kMillis};
const MetricFamily kBuildInfo{"thalweg_build_info", "Always 1; the labels say what runs.", kGauge, {"version"}};
const MetricFamily kUptime{"thalweg_uptime_seconds", "Since the server started.", kGauge, {}, kMillis};

// ---- The cluster

const MetricFamily kBrokers{"kafka_brokers", "Brokers of the cluster that are not fenced.", kGauge};
const MetricFamily kBrokerInfo{"kafka_broker_info", "Always 1; where each broker is.", kGauge, {"id", "address"}};
const MetricFamily kTopicPartitions{"kafka_topic_partitions", "Partitions of the topic.", kGauge, {"topic"}};

// ---- Each partition

const MetricFamily kEndOffset{"kafka_topic_partition_current_offset",
                              "Offset of the next record that a consumer will get: the high watermark.",
                              kGauge,
                              {"topic", "partition"}};
const MetricFamily kOldestOffset{
    "kafka_topic_partition_oldest_offset", "Offset of the first record that is there.", kGauge, {"topic", "partition"}};
const MetricFamily kLeader{
    "kafka_topic_partition_leader", "The broker that leads; -1 without one.", kGauge, {"topic", "partition"}};
const MetricFamily kReplicas{"kafka_topic_partition_replicas", "Replicas.", kGauge, {"topic", "partition"}};
const MetricFamily kInSync{
    "kafka_topic_partition_in_sync_replica", "Replicas that are in sync.", kGauge, {"topic", "partition"}};
const MetricFamily kLeaderIsPreferred{
    "kafka_topic_partition_leader_is_preferred", "1 where the first replica leads.", kGauge, {"topic", "partition"}};
const MetricFamily kUnderReplicated{"kafka_topic_partition_under_replicated_partition",
                                    "1 where replicas are not in sync.",
                                    kGauge,
                                    {"topic", "partition"}};
const MetricFamily kLogSize{"kafka_log_log_size", "Bytes of its segments.", kGauge, {"topic", "partition"}};
const MetricFamily kLogStart{
    "kafka_log_log_logstartoffset", "Offset of the first record.", kGauge, {"topic", "partition"}};
const MetricFamily kLogEnd{
    "kafka_log_log_logendoffset", "Offset of the next record to be written.", kGauge, {"topic", "partition"}};
const MetricFamily kLogSegments{"kafka_log_log_numlogsegments", "Segments.", kGauge, {"topic", "partition"}};

// ---- Groups

const MetricFamily kGroupOffset{"kafka_consumergroup_current_offset",
                                "What the group has committed.",
                                kGauge,
                                {"consumergroup", "topic", "partition"}};
const MetricFamily kGroupLag{"kafka_consumergroup_lag",
                             "Records behind that; -1 where the partition's end is not known here.",
                             kGauge,
                             {"consumergroup", "topic", "partition"}};
const MetricFamily kGroupLagSeconds{"kafka_consumergroup_lag_seconds",
                                    "Age of the oldest record that the group has not read; 0 when there is none.",
                                    kGauge,
                                    {"consumergroup", "topic", "partition"},
                                    kMillis};
const MetricFamily kGroupOffsetSum{"kafka_consumergroup_current_offset_sum",
                                   "The same, over the partitions of a topic.",
                                   kGauge,
                                   {"consumergroup", "topic"}};
const MetricFamily kGroupLagSum{"kafka_consumergroup_lag_sum",
                                "Records behind that, over the partitions of a topic.",
                                kGauge,
                                {"consumergroup", "topic"}};
const MetricFamily kGroupLagSecondsMax{"kafka_consumergroup_lag_max_seconds",
                                       "Age of the oldest unread record of a topic's partitions.",
                                       kGauge,
                                       {"consumergroup", "topic"},
                                       kMillis};
const MetricFamily kGroupMembers{"kafka_consumergroup_members", "Members of the group.", kGauge, {"consumergroup"}};

// ---- Directories

const MetricFamily kDirectoryTotal{
    "thalweg_log_directory_size_bytes", "Of the file system that a log directory is on.", kGauge, {"directory"}};
const MetricFamily kDirectoryFree{
    "thalweg_log_directory_free_bytes", "What is left there for us.", kGauge, {"directory"}};
const MetricFamily kDirectoriesOffline{"kafka_log_logmanager_offlinelogdirectorycount",
                                       "Log directories that cannot be written.", kGauge};

const MetricFamily kAgesUnknown{"thalweg_consumergroup_lag_ages_left_out",
                                "Ages that this scrape does not tell, because it would have had to look for too many.",
                                kGauge};

}  // namespace thalweg::monitoring::family
