#include "metrics/families.h"

#include <algorithm>

namespace thalweg::family {
namespace {
using enum MetricKind;
constexpr double kMillis = 1e-6;  // nanoseconds, told in milliseconds
}  // namespace

// ---- Connections

const MetricFamily kConnections{
    "kafka_server_socketservermetrics_connection_count", "Open connections.", kGauge, {"listener"}};
const MetricFamily kConnectionsAccepted{"kafka_server_socketservermetrics_connection_creation_total",
                                        "Connections that were accepted.",
                                        kCounter,
                                        {"listener"}};
const MetricFamily kConnectionsRefused{
    "thalweg_connections_refused_total", "Connections closed at once: max.connections.per.ip.", kCounter, {"listener"}};
// A gauge by its name, which has no _total.
const MetricFamily kConnectionsExpired{"kafka_network_socketserver_expiredconnectionskilledcount",
                                       "Connections closed by connections.max.idle.ms.",
                                       kGauge,
                                       {"listener"}};
const MetricFamily kAcceptFailures{
    "thalweg_accept_failures_total", "Times that a listener could not accept.", kCounter, {"listener"}};
const MetricFamily kBytesReceived{
    "kafka_server_socketservermetrics_incoming_byte_total", "Bytes of requests.", kCounter, {"listener"}};
const MetricFamily kBytesSent{
    "kafka_server_socketservermetrics_outgoing_byte_total", "Bytes of responses.", kCounter, {"listener"}};
const MetricFamily kHttpRequests{"thalweg_http_requests_total", "Answers over HTTP.", kCounter, {"listener", "status"}};

// ---- Requests

const MetricFamily kRequests{
    "kafka_network_requestmetrics_requests_total", "Requests that were handled.", kCounter, {"request", "version"}};
const MetricFamily kRequestErrors{"kafka_network_requestmetrics_errors_total",
                                  "Error codes in responses, NONE among them.",
                                  kCounter,
                                  {"request", "error"}};
const MetricFamily kTotalTime{"kafka_network_requestmetrics_totaltimems",
                              "From the arrival of a request to the last byte of its response.",
                              kHistogram,
                              {"request"},
                              kMillis};
const MetricFamily kLocalTime{
    "kafka_network_requestmetrics_localtimems",
    "Stage one of a request: the work on it, without the time that a fetch waits for records.",
    kHistogram,
    {"request"},
    kMillis};
const MetricFamily kRemoteTime{"kafka_network_requestmetrics_remotetimems",
                               "What a request waits for: a produce for its records to be committed, a fetch for new "
                               "ones.",
                               kHistogram,
                               {"request"},
                               kMillis};
const MetricFamily kResponseQueueTime{"kafka_network_requestmetrics_responsequeuetimems",
                                      "From a response to the begin of the write that carries it.",
                                      kHistogram,
                                      {"request"},
                                      kMillis};
const MetricFamily kResponseSendTime{"kafka_network_requestmetrics_responsesendtimems",
                                     "The write that carries a response.",
                                     kHistogram,
                                     {"request"},
                                     kMillis};
const MetricFamily kRequestBytes{
    "kafka_network_requestmetrics_requestbytes", "Size of requests.", kHistogram, {"request"}};
const MetricFamily kResponseBytes{
    "thalweg_requestmetrics_responsebytes", "Size of responses.", kHistogram, {"request"}};

// ---- Topics

const MetricFamily kTopicBytesIn{"kafka_server_brokertopicmetrics_bytesin_total",
                                 "Bytes of record batches that were appended.",
                                 kCounter,
                                 {"topic"}};
const MetricFamily kTopicRecordsIn{
    "kafka_server_brokertopicmetrics_messagesin_total", "Records that were appended.", kCounter, {"topic"}};
const MetricFamily kTopicBytesOut{"kafka_server_brokertopicmetrics_bytesout_total",
                                  "Bytes of record batches sent to consumers.",
                                  kCounter,
                                  {"topic"}};
const MetricFamily kTopicRecordsOut{
    "thalweg_brokertopicmetrics_messagesout_total", "Records in batches sent to consumers.", kCounter, {"topic"}};
const MetricFamily kTopicBytesRejected{"kafka_server_brokertopicmetrics_bytesrejected_total",
                                       "Bytes of batches that are larger than max.message.bytes.",
                                       kCounter,
                                       {"topic"}};
const MetricFamily kTopicProduceRequests{"kafka_server_brokertopicmetrics_totalproducerequests_total",
                                         "Appends asked for, one a partition of a request.",
                                         kCounter,
                                         {"topic"}};
const MetricFamily kTopicProduceFailures{
    "kafka_server_brokertopicmetrics_failedproducerequests_total",
    "Appends that failed, but for what a client mends by itself and what another counter tells (as in Kafka).",
    kCounter,
    {"topic"}};
const MetricFamily kTopicFetchRequests{"kafka_server_brokertopicmetrics_totalfetchrequests_total",
                                       "Reads, one a partition of a fetch each time it looks.",
                                       kCounter,
                                       {"topic"}};
const MetricFamily kTopicFetchFailures{"kafka_server_brokertopicmetrics_failedfetchrequests_total",
                                       "Reads that failed, but for what a client mends by itself (as in Kafka).",
                                       kCounter,
                                       {"topic"}};
const MetricFamily kReplicationBytesOut{"kafka_server_brokertopicmetrics_replicationbytesout_total",
                                        "Bytes of record batches sent to followers.", kCounter};

// ---- Logs

const MetricFamily kLogSyncTime{
    "kafka_log_logflushstats_logflushrateandtimems", "fdatasync of segments.", kHistogram, {}, kMillis};
const MetricFamily kLogDirectorySyncs{"thalweg_log_directory_syncs_total",
                                      "fsync of the folders of logs, for names of new files.", kCounter};
const MetricFamily kLogSyncFailures{"thalweg_log_sync_failures_total", "Syncs that failed.", kCounter};

const MetricFamily kCleanerMaxDirty{"kafka_log_logcleanermanager_max_dirty_percent",
                                    "Of the log that is due for compaction most: how much of it is.", kGauge};
const MetricFamily kCleanerSinceLastRun{"kafka_log_logcleanermanager_time_since_last_run_seconds",
                                        "Since compaction last looked for work.", kGauge};
const MetricFamily kCleanerUncleanablePartitions{"kafka_log_logcleanermanager_uncleanable_partitions_count",
                                                 "Partitions that could not be compacted.",
                                                 kGauge,
                                                 {"logdirectory"}};
const MetricFamily kCleanerUncleanableBytes{
    "kafka_log_logcleanermanager_uncleanable_bytes", "Their size.", kGauge, {"logdirectory"}};
const MetricFamily kCleanerMaxBufferUtilization{"kafka_log_logcleaner_max_buffer_utilization_percent",
                                                "How full the map of keys was at the last compaction.", kGauge};
const MetricFamily kCleanerRecopy{"kafka_log_logcleaner_cleaner_recopy_percent",
                                  "What the last compaction wrote, of what was there.", kGauge};
const MetricFamily kCleanerMaxCleanTime{"kafka_log_logcleaner_max_clean_time_secs",
                                        "How long the last compaction took.", kGauge};
const MetricFamily kCleanerMaxDelay{"kafka_log_logcleaner_max_compaction_delay_secs",
                                    "For how long a record waits beyond max.compaction.lag.ms.", kGauge};
const MetricFamily kCleanerPasses{"thalweg_log_cleaner_passes_total", "Passes of compaction over a log.", kCounter};

// ---- The schema registry

const MetricFamily kRegistryForwarded{"thalweg_schema_registry_forwarded_total",
                                      "Requests passed on to the node that leads _schemas, each time it was tried.",
                                      kCounter,
                                      {"outcome"}};
const MetricFamily kRegistryAnsweredForOthers{"thalweg_schema_registry_answered_for_others_total",
                                              "Requests that other nodes have passed on to this one.", kCounter};

// ---- Looked at when somebody asks

const MetricFamily kMemoryUsed{
    "thalweg_request_memory_bytes", "Memory that requests and their answers hold.", kGauge, {"share"}};
const MetricFamily kMemoryLimit{"thalweg_request_memory_limit_bytes",
                                "What they may take: queued.max.request.bytes, shared out.",
                                kGauge,
                                {"share"}};
const MetricFamily kMemoryWaiting{
    "thalweg_requests_waiting_for_memory", "Requests that wait until others give some back.", kGauge, {"share"}};
const MetricFamily kFetchSessions{"kafka_server_fetchsessioncache_numincrementalfetchsessions",
                                  "Incremental fetch sessions.", kGauge};

const MetricFamily kPartitions{"kafka_server_replicamanager_partitioncount", "Partitions on this broker.", kGauge};
const MetricFamily kLeaders{"kafka_server_replicamanager_leadercount", "Partitions that it leads.", kGauge};
const MetricFamily kOfflineReplicas{"kafka_server_replicamanager_offlinereplicacount",
                                    "Partitions on it whose log failed.", kGauge};
const MetricFamily kUnderReplicated{"kafka_server_replicamanager_underreplicatedpartitions",
                                    "Led from here, and not all replicas are in sync.", kGauge};
const MetricFamily kUnderMinIsr{"kafka_server_replicamanager_underminisrpartitioncount",
                                "Led from here, with fewer in sync than "
                                "min.insync.replicas.",
                                kGauge};
const MetricFamily kAtMinIsr{"kafka_server_replicamanager_atminisrpartitioncount",
                             "Led from here, with just min.insync.replicas in sync.", kGauge};

const MetricFamily kActiveControllers{"kafka_controller_kafkacontroller_activecontrollercount",
                                      "1 where this broker is the controller.", kGauge};
const MetricFamily kTopics{"kafka_controller_kafkacontroller_globaltopiccount", "Topics of the cluster.", kGauge};
const MetricFamily kClusterPartitions{"kafka_controller_kafkacontroller_globalpartitioncount",
                                      "Partitions of the cluster.", kGauge};
const MetricFamily kOfflinePartitions{"kafka_controller_kafkacontroller_offlinepartitionscount",
                                      "Partitions without a leader.", kGauge};
const MetricFamily kActiveBrokers{"kafka_controller_kafkacontroller_activebrokercount", "Brokers that are not fenced.",
                                  kGauge};
const MetricFamily kFencedBrokers{"kafka_controller_kafkacontroller_fencedbrokercount", "Fenced brokers.", kGauge};

const MetricFamily kGroups{"kafka_coordinator_group_groupmetadatamanager_numgroups", "Groups coordinated here.",
                           kGauge};
const MetricFamily kGroupsEmpty{"kafka_coordinator_group_groupmetadatamanager_numgroupsempty", "In state Empty.",
                                kGauge};
const MetricFamily kGroupsPreparing{"kafka_coordinator_group_groupmetadatamanager_numgroupspreparingrebalance",
                                    "In state PreparingRebalance.", kGauge};
const MetricFamily kGroupsCompleting{"kafka_coordinator_group_groupmetadatamanager_numgroupscompletingrebalance",
                                     "In state CompletingRebalance.", kGauge};
const MetricFamily kGroupsStable{"kafka_coordinator_group_groupmetadatamanager_numgroupsstable", "In state Stable.",
                                 kGauge};

std::span<const MetricFamily* const> all() {
  static const auto table = [] {
    std::vector<const MetricFamily*> rows{&kConnections,
                                          &kConnectionsAccepted,
                                          &kConnectionsRefused,
                                          &kConnectionsExpired,
                                          &kAcceptFailures,
                                          &kBytesReceived,
                                          &kBytesSent,
                                          &kHttpRequests,
                                          &kRequests,
                                          &kRequestErrors,
                                          &kTotalTime,
                                          &kLocalTime,
                                          &kRemoteTime,
                                          &kResponseQueueTime,
                                          &kResponseSendTime,
                                          &kRequestBytes,
                                          &kResponseBytes,
                                          &kTopicBytesIn,
                                          &kTopicRecordsIn,
                                          &kTopicBytesOut,
                                          &kTopicRecordsOut,
                                          &kTopicBytesRejected,
                                          &kTopicProduceRequests,
                                          &kTopicProduceFailures,
                                          &kTopicFetchRequests,
                                          &kTopicFetchFailures,
                                          &kReplicationBytesOut,
                                          &kRegistryForwarded,
                                          &kRegistryAnsweredForOthers,
                                          &kLogSyncTime,
                                          &kLogDirectorySyncs,
                                          &kLogSyncFailures,
                                          &kCleanerMaxDirty,
                                          &kCleanerSinceLastRun,
                                          &kCleanerUncleanablePartitions,
                                          &kCleanerUncleanableBytes,
                                          &kCleanerMaxBufferUtilization,
                                          &kCleanerRecopy,
                                          &kCleanerMaxCleanTime,
                                          &kCleanerMaxDelay,
                                          &kCleanerPasses,
                                          &kMemoryUsed,
                                          &kMemoryLimit,
                                          &kMemoryWaiting,
                                          &kFetchSessions,
                                          &kPartitions,
                                          &kLeaders,
                                          &kOfflineReplicas,
                                          &kUnderReplicated,
                                          &kUnderMinIsr,
                                          &kAtMinIsr,
                                          &kActiveControllers,
                                          &kTopics,
                                          &kClusterPartitions,
                                          &kOfflinePartitions,
                                          &kActiveBrokers,
                                          &kFencedBrokers,
                                          &kGroups,
                                          &kGroupsEmpty,
                                          &kGroupsPreparing,
                                          &kGroupsCompleting,
                                          &kGroupsStable};
    std::ranges::sort(rows, {}, &MetricFamily::name);
    return rows;
  }();
  return table;
}

}  // namespace thalweg::family
