// The table of everything that is counted: one row a family, in families.cc. Who counts names the row; who serves goes
// over all of them.
//
// Names are those that Prometheus' JMX exporter makes of Kafka's own, since dashboards and alerts ask for these; what
// Kafka does not count is called thalweg_. Where Kafka has a histogram of milliseconds in the name (…timems), so do we.
#pragma once

#include <span>

#include "metrics/family.h"

namespace thalweg::family {

// Connections, by listener.
extern const MetricFamily kConnections, kConnectionsAccepted, kConnectionsRefused, kConnectionsExpired, kAcceptFailures,
    kBytesReceived, kBytesSent, kHttpRequests;

// Requests, by API.
extern const MetricFamily kRequests, kRequestErrors, kTotalTime, kLocalTime, kRemoteTime, kResponseQueueTime,
    kResponseSendTime, kRequestBytes, kResponseBytes;

// Of each topic, and of all together without a label: see TopicCounts.
extern const MetricFamily kTopicBytesIn, kTopicRecordsIn, kTopicBytesOut, kTopicRecordsOut, kTopicBytesRejected,
    kTopicProduceRequests, kTopicProduceFailures, kTopicFetchRequests, kTopicFetchFailures;
extern const MetricFamily kReplicationBytesOut;

// Syncs of logs.
extern const MetricFamily kLogSyncTime, kLogDirectorySyncs, kLogSyncFailures;

// Compaction: looked at when somebody asks.
extern const MetricFamily kCleanerMaxDirty, kCleanerSinceLastRun, kCleanerUncleanablePartitions,
    kCleanerUncleanableBytes, kCleanerMaxBufferUtilization, kCleanerRecopy, kCleanerMaxCleanTime, kCleanerMaxDelay,
    kCleanerPasses;

// The schema registry, where several nodes are one.
extern const MetricFamily kRegistryForwarded, kRegistryAnsweredForOthers;

// Looked at when somebody asks.
extern const MetricFamily kMemoryUsed, kMemoryLimit, kMemoryWaiting, kFetchSessions;
extern const MetricFamily kPartitions, kLeaders, kOfflineReplicas, kUnderReplicated, kUnderMinIsr, kAtMinIsr;
extern const MetricFamily kActiveControllers, kTopics, kClusterPartitions, kOfflinePartitions, kActiveBrokers,
    kFencedBrokers;
extern const MetricFamily kGroups, kGroupsEmpty, kGroupsPreparing, kGroupsCompleting, kGroupsStable;

// All of them, by name.
std::span<const MetricFamily* const> all();

}  // namespace thalweg::family
