#include "config/broker_checks.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace thalweg::config {
namespace {

// What is given for an option of whole numbers, else its default; nothing where that is not valid or not there.
struct Numbers {
  const Properties& given;

  std::optional<std::int64_t> operator()(std::string_view name) const {
    const Option* option = broker_options().find(name);
    CHECK(option);
    const auto it = given.find(name);
    if (it == given.end() && option->default_value == kNull) return std::nullopt;
    const auto value = parse(*option, it == given.end() ? option->default_value : it->second);
    return value ? std::optional(std::get<std::int64_t>(*value)) : std::nullopt;
  }
};

// Pairs whose first must not exceed the second. Source: what Apache Kafka 4.3 refuses to start with.
constexpr std::pair<std::string_view, std::string_view> kOrdered[] = {
    {"group.consumer.assignment.interval.ms", "group.consumer.max.assignment.interval.ms"},
    {"group.consumer.heartbeat.interval.ms", "group.consumer.max.heartbeat.interval.ms"},
    {"group.consumer.min.assignment.interval.ms", "group.consumer.assignment.interval.ms"},
    {"group.consumer.min.assignment.interval.ms", "group.consumer.max.assignment.interval.ms"},
    {"group.consumer.min.heartbeat.interval.ms", "group.consumer.heartbeat.interval.ms"},
    {"group.consumer.min.heartbeat.interval.ms", "group.consumer.max.heartbeat.interval.ms"},
    {"group.consumer.min.session.timeout.ms", "group.consumer.max.session.timeout.ms"},
    {"group.consumer.min.session.timeout.ms", "group.consumer.session.timeout.ms"},
    {"group.consumer.session.timeout.ms", "group.consumer.max.session.timeout.ms"},
    {"group.share.assignment.interval.ms", "group.share.max.assignment.interval.ms"},
    {"group.share.heartbeat.interval.ms", "group.share.max.heartbeat.interval.ms"},
    {"group.share.max.size", "group.share.max.share.sessions"},
    {"group.share.min.assignment.interval.ms", "group.share.assignment.interval.ms"},
    {"group.share.min.assignment.interval.ms", "group.share.max.assignment.interval.ms"},
    {"group.share.min.heartbeat.interval.ms", "group.share.heartbeat.interval.ms"},
    {"group.share.min.heartbeat.interval.ms", "group.share.max.heartbeat.interval.ms"},
    {"group.share.min.session.timeout.ms", "group.share.max.session.timeout.ms"},
    {"group.share.min.session.timeout.ms", "group.share.session.timeout.ms"},
    {"group.share.session.timeout.ms", "group.share.max.session.timeout.ms"},
    {"group.streams.assignment.interval.ms", "group.streams.max.assignment.interval.ms"},
    {"group.streams.heartbeat.interval.ms", "group.streams.max.heartbeat.interval.ms"},
    {"group.streams.min.assignment.interval.ms", "group.streams.assignment.interval.ms"},
    {"group.streams.min.assignment.interval.ms", "group.streams.max.assignment.interval.ms"},
    {"group.streams.min.heartbeat.interval.ms", "group.streams.heartbeat.interval.ms"},
    {"group.streams.min.heartbeat.interval.ms", "group.streams.max.heartbeat.interval.ms"},
    {"group.streams.min.session.timeout.ms", "group.streams.max.session.timeout.ms"},
    {"group.streams.min.session.timeout.ms", "group.streams.session.timeout.ms"},
    {"group.streams.num.standby.replicas", "group.streams.max.standby.replicas"},
    {"group.streams.session.timeout.ms", "group.streams.max.session.timeout.ms"},
    {"replica.fetch.wait.max.ms", "replica.lag.time.max.ms"},
    {"replica.fetch.wait.max.ms", "replica.socket.timeout.ms"},
};

void check_order(const Numbers& in, std::vector<std::string>& problems) {
  for (const auto& [low, high] : kOrdered) {
    const auto a = in(low), b = in(high);
    if (a && b && *a > *b)
      problems.push_back(
          fmt::format("{}={} and {}={} contradict each other: the first must not be greater", low, *a, high, *b));
  }
}

// What else Kafka refuses because of another option.
void check_bounds_of_others(const Numbers& in, const BrokerConfig& config, std::vector<std::string>& problems) {
  const auto idle = in("connections.max.idle.ms"), delay = in("connection.failed.authentication.delay.ms");
  if (idle && delay && *idle >= 0 && *delay >= *idle)
    problems.push_back(
        fmt::format("connections.max.idle.ms={} must be greater than connection.failed.authentication.delay.ms={}, "
                    "or negative: connections then never time out",
                    *idle, *delay));
  const auto queued = in("queued.max.request.bytes"), largest = in("socket.request.max.bytes");
  if (queued && largest && *queued > 0 && *queued < *largest)
    problems.push_back(
        fmt::format("queued.max.request.bytes={} must be at least socket.request.max.bytes={}, or -1 for no limit",
                    *queued, *largest));
  if (config.max_connections_per_ip == 0 && config.max_connections_per_ip_overrides.empty())
    problems.push_back(
        "max.connections.per.ip=0 leaves nobody in; max.connections.per.ip.overrides has to name somebody then");
  const auto map = in("log.cleaner.dedupe.buffer.size"), threads = in("log.cleaner.threads");
  if (map && threads && (*threads == 0 || *map / *threads < (1 << 20)))
    problems.push_back(
        fmt::format("log.cleaner.dedupe.buffer.size={} must be 1048576 or more for each of log.cleaner.threads={}, "
                    "and there must be one",
                    *map, *threads));
  for (const std::string_view name : {"log.retention.ms", "log.retention.minutes", "log.retention.hours"}) {
    const auto retention = in(name);
    if (retention && *retention == 0)
      problems.push_back(fmt::format("{}=0: retention must be at least 1, or -1 for ever", name));
    if (retention) break;  // the finer unit wins
  }
}

// Pairs that start all the same, as with Kafka, and do not do what was meant when the first is greater.
struct Odd {
  std::string_view first, second, consequence;
};
constexpr Odd kOdd[] = {
    {"broker.heartbeat.interval.ms", "broker.session.timeout.ms",
     "the controller takes the broker for dead between two heartbeats"},
    {"group.min.session.timeout.ms", "group.max.session.timeout.ms", "no member can join a classic group"},
    {"log.cleaner.min.compaction.lag.ms", "log.cleaner.max.compaction.lag.ms", "the former wins"},
    {"message.max.bytes", "socket.request.max.bytes",
     "a batch of that size cannot be sent: the connection of whoever tries is closed"},
    {"min.insync.replicas", "default.replication.factor", "topics of the default size refuse writes with acks=all"},
};

}  // namespace

std::vector<std::string> contradictions(const BrokerConfig& config, const Properties& given) {
  std::vector<std::string> problems;
  const Numbers in{given};
  check_order(in, problems);
  check_bounds_of_others(in, config, problems);
  return problems;
}

std::vector<std::string> oddities(const Properties& given) {
  const Numbers in{given};
  std::vector<std::string> warnings;
  for (const auto& [first, second, consequence] : kOdd) {
    const auto a = in(first), b = in(second);
    if (a && b && *a > *b)
      warnings.push_back(fmt::format("{}={} is more than {}={}: {}", first, *a, second, *b, consequence));
  }
  return warnings;
}

}  // namespace thalweg::config
