#include "config/option_tables.h"

namespace thalweg::config {
namespace {

using enum Type;
using enum Update;

// Listeners, connections, requests, quotas and metrics.
// clang-format off: a line of facts and a line of words for each option
constexpr Option kNetworkOptions[] = {
    {"advertised.listeners", kList, kNull, {}, kReadOnly,
     "Addresses told to clients, when they differ from listeners."},
    {"background.threads", kInt, "10", {.min = 1}, kClusterWide,
     "Threads for background work in Apache Kafka; our shards do it."},
    {"client.quota.callback.class", kClass, kNull, {}, kReadOnly,
     "Java class that decides quotas; no Java class can be loaded here."},
    {"config.providers", kList, "", {}, kClusterWide,
     "Names of providers that fill in values from elsewhere."},
    {"connections.max.idle.ms", kLong, "600000", {}, kReadOnly,
     "Idle time after which a connection is closed."},
    {"early.start.listeners", kList, kNull, {}, kReadOnly,
     "Listeners that are open before authorisation data has been loaded."},
    {"fetch.max.bytes", kInt, "57671680", {.min = 1024}, kReadOnly,
     "Most bytes in one answer to a fetch."},
    {"fetch.purgatory.purge.interval.requests", kInt, "1000", {}, kReadOnly,
     "Bookkeeping interval in Apache Kafka; we have nothing to purge."},
    {"inter.broker.listener.name", kString, kNull, {}, kReadOnly,
     "Listener over which brokers talk to each other."},
    {"kafka.metrics.polling.interval.secs", kInt, "10", {.min = 1}, kReadOnly,
     "Interval of the old metrics reporters."},
    {"kafka.metrics.reporters", kList, "", {}, kReadOnly,
     "Java classes of the old metrics reporters; no Java class can be loaded here."},
    {"listener.security.protocol.map", kString,
     "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT", {}, kPerBroker,
     "Security protocol of each listener name."},
    {"listeners", kList, "PLAINTEXT://:9092", {}, kPerBroker,
     "Addresses to listen on: NAME://host:port; an empty host is every address."},
    {"max.connection.creation.rate", kInt, "2147483647", {.min = 0}, kClusterWide,
     "Most new connections per second."},
    {"max.connections", kInt, "2147483647", {.min = 0}, kClusterWide,
     "Most connections at a time."},
    {"max.connections.per.ip", kInt, "2147483647", {.min = 0}, kClusterWide,
     "Most connections at a time from one address."},
    {"max.connections.per.ip.overrides", kString, "", {}, kClusterWide,
     "Other limits for some addresses: address:limit pairs."},
    {"max.incremental.fetch.session.cache.slots", kInt, "1000", {.min = 0}, kReadOnly,
     "Most fetch sessions that are kept."},
    {"max.request.partition.size.limit", kInt, "2000", {.min = 1}, kReadOnly,
     "Most partitions in one answer to DescribeTopicPartitions."},
    {"metric.reporters", kList, "org.apache.kafka.common.metrics.JmxReporter", {}, kClusterWide,
     "Java classes of metrics reporters; metrics come over HTTP here."},
    {"metrics.num.samples", kInt, "2", {.min = 1}, kReadOnly,
     "Samples kept for metrics that are rates."},
    {"metrics.recording.level", kString, "INFO", {}, kReadOnly,
     "Detail of metrics that are recorded."},
    {"metrics.sample.window.ms", kLong, "30000", {.min = 1}, kReadOnly,
     "Length of one such sample."},
    {"num.io.threads", kInt, "8", {.min = 1}, kClusterWide,
     "Request threads in Apache Kafka; our shards do the work."},
    {"num.network.threads", kInt, "3", {.min = 1}, kClusterWide,
     "Network threads in Apache Kafka; our shards do the work."},
    {"producer.purgatory.purge.interval.requests", kInt, "1000", {}, kReadOnly,
     "Bookkeeping interval in Apache Kafka; we have nothing to purge."},
    {"queued.max.request.bytes", kLong, "-1", {}, kReadOnly,
     "Most bytes of requests in flight; -1 is no limit."},
    {"queued.max.requests", kInt, "500", {.min = 1}, kReadOnly,
     "Most requests in flight."},
    {"quota.window.num", kInt, "11", {.min = 1}, kReadOnly,
     "Samples kept for client quotas."},
    {"quota.window.size.seconds", kInt, "1", {.min = 1}, kReadOnly,
     "Length of one such sample."},
    {"request.timeout.ms", kInt, "30000", {}, kReadOnly,
     "How long a request between brokers may take."},
    {"server.max.startup.time.ms", kLong, "9223372036854775807", {.min = 0}, kReadOnly,
     "Longest time that a start may take.", true},
    {"socket.connection.setup.timeout.max.ms", kLong, "30000", {}, kReadOnly,
     "Longest wait for a connection to another broker."},
    {"socket.connection.setup.timeout.ms", kLong, "10000", {}, kReadOnly,
     "First wait for a connection to another broker."},
    {"socket.listen.backlog.size", kInt, "50", {.min = 1}, kReadOnly,
     "Connections that may wait to be accepted."},
    {"socket.receive.buffer.bytes", kInt, "102400", {}, kReadOnly,
     "Receive buffer of connections; -1 leaves it to the system."},
    {"socket.request.max.bytes", kInt, "104857600", {.min = 1}, kReadOnly,
     "Largest request that is accepted."},
    {"socket.send.buffer.bytes", kInt, "102400", {}, kReadOnly,
     "Send buffer of connections; -1 leaves it to the system."},
    {"telemetry.max.bytes", kInt, "1048576", {.min = 1}, kReadOnly,
     "Largest push of client metrics."},
};
// clang-format on

}  // namespace

std::span<const Option> broker_network_rows() { return kNetworkOptions; }

}  // namespace thalweg::config
