// What is served beside what the broker counts: the process, the build, and what kafka_exporter tells of topics and
// groups, whose dashboards then need no process of their own. All are looked at when somebody asks.
//
// Names and labels of the kafka_… rows are kafka_exporter's (danielqsj/kafka_exporter) and of kafka_log_… the JMX
// exporter's.
#pragma once

#include "metrics/family.h"

namespace thalweg::monitoring::family {

// The process.
extern const MetricFamily kCpu, kResident, kOpenFiles, kOpenFilesMax, kStartTime, kBuildInfo, kUptime;

// The cluster.
extern const MetricFamily kBrokers, kBrokerInfo, kTopicPartitions;

// Each partition.
extern const MetricFamily kEndOffset, kOldestOffset, kLeader, kReplicas, kInSync, kLeaderIsPreferred, kUnderReplicated;
extern const MetricFamily kLogSize, kLogStart, kLogEnd, kLogSegments;

// Groups.
extern const MetricFamily kGroupOffset, kGroupLag, kGroupLagSeconds;
extern const MetricFamily kGroupOffsetSum, kGroupLagSum, kGroupLagSecondsMax;
extern const MetricFamily kGroupMembers;

// Directories.
extern const MetricFamily kDirectoryTotal, kDirectoryFree, kDirectoriesOffline;

// Of a scrape itself.
extern const MetricFamily kAgesUnknown;

}  // namespace thalweg::monitoring::family
