#include "streams/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "base/nearest.h"
#include "client/rdkafka_handle.h"

namespace thalweg::streams::detail {
namespace {

constexpr std::array<std::string_view, 6> kPrefixes{"main.consumer.", "restore.consumer.", "global.consumer.",
                                                    "consumer.",      "producer.",         "admin."};
constexpr std::array<std::string_view, 8> kOfConsumers{
    "session.timeout.ms", "heartbeat.interval.ms",      "group.instance.id",         "fetch.min.bytes",
    "fetch.wait.max.ms",  "queued.max.messages.kbytes", "max.partition.fetch.bytes", "fetch.max.bytes"};
constexpr std::array<std::string_view, 7> kOfProducers{
    "linger.ms",         "batch.size",          "compression.type",      "acks",
    "message.max.bytes", "delivery.timeout.ms", "transaction.timeout.ms"};
// Taken for what they are in Kafka Streams, where they change nothing here.
constexpr std::array<std::string_view, 4> kKnown{"windowstore.changelog.additional.retention.ms",
                                                 "topology.optimization", "request.timeout.ms", "client.id"};

class Reader {
 public:
  explicit Reader(const AppConfig& config) : config_(config) {}
  Result<Options> read();

 private:
  bool number(const std::string& name, const std::string& value);
  bool ours(const std::string& name, const std::string& value);
  void take(const std::string& name, const std::string& value);
  void check();

  const AppConfig& config_;
  Options options_;
  Properties common_, consumers_;
  std::vector<std::string> mistakes_, names_;
  std::map<std::string, std::int64_t*> numbers_;
  std::int64_t commit_ = -1, task_timeout_ = 300'000, idle_ = 0, poll_ = 100, cleanup_ = 600'000, purge_ = 30'000,
               buffered_ = 1000, cache_ = 64 << 20, replication_ = -1, max_poll_ = 300'000;
};

bool Reader::number(const std::string& name, const std::string& value) {
  const auto found = numbers_.find(name);
  if (found == numbers_.end()) return false;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), *found->second);
  if (error != std::errc() || end != value.data() + value.size())
    mistakes_.push_back(name + " is a whole number, and not " + value);
  return true;
}

bool Reader::ours(const std::string& name, const std::string& value) {
  if (name != "auto.offset.reset") return number(name, value);
  if (value == "earliest")
    options_.reset = OffsetReset::kEarliest;
  else if (value == "latest")
    options_.reset = OffsetReset::kLatest;
  else if (value == "none")
    options_.reset = OffsetReset::kNone;
  else
    mistakes_.push_back("auto.offset.reset is earliest, latest or none, and not " + value);
  return true;
}

void Reader::take(const std::string& name, const std::string& value) {
  if (ours(name, value) || name.starts_with("topic.") || std::ranges::find(kKnown, name) != kKnown.end()) return;
  if (std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return name.starts_with(prefix); })) return;
  if (std::ranges::find(kOfConsumers, name) != kOfConsumers.end())
    consumers_[name] = value;
  else if (std::ranges::find(kOfProducers, name) != kOfProducers.end())
    options_.producer[name] = value;
  else if (const auto connection = client::connection_of({{name, value}}); !connection.empty())
    common_[name] = value;
  else
    mistakes_.push_back("there is no option " + name + did_you_mean(name, names_));
}

void Reader::check() {
  if (config_.application_id.empty()) mistakes_.emplace_back("application_id is missing");
  if (config_.threads == 0) mistakes_.emplace_back("threads must be above 0");
  if (config_.standbys > 0)
    mistakes_.emplace_back(
        "standbys are not there yet: they need group membership of our own, which librdkafka does not let us have");
  for (const auto& [name, number] : numbers_)
    if (*number < 0 && name != "replication.factor" && name != "max.task.idle.ms" && name != "commit.interval.ms")
      mistakes_.push_back(name + " must not be negative");
}

// Of `properties` those with this prefix, without it.
void with_prefix(const Properties& properties, std::string_view prefix, Properties& into) {
  for (const auto& [name, value] : properties)
    if (name.starts_with(prefix)) into[name.substr(prefix.size())] = value;
}

Result<Options> Reader::read() {
  numbers_ = {{"commit.interval.ms", &commit_},
              {"task.timeout.ms", &task_timeout_},
              {"max.task.idle.ms", &idle_},
              {"poll.ms", &poll_},
              {"state.cleanup.delay.ms", &cleanup_},
              {"repartition.purge.interval.ms", &purge_},
              {"buffered.records.per.partition", &buffered_},
              {"statestore.cache.max.bytes", &cache_},
              {"replication.factor", &replication_},
              {"max.poll.interval.ms", &max_poll_}};
  names_ = {"auto.offset.reset"};
  for (const auto& [name, number] : numbers_) names_.push_back(name);
  for (const auto list : {std::span<const std::string_view>(kOfConsumers),
                          std::span<const std::string_view>(kOfProducers), std::span<const std::string_view>(kKnown)})
    for (const auto name : list) names_.emplace_back(name);
  for (const auto& [name, value] : config_.properties) take(name, value);
  check();
  if (!mistakes_.empty()) {
    std::string all;
    for (const auto& mistake : mistakes_) all += (all.empty() ? "" : "; ") + mistake;
    return std::unexpected(Error{.code = RD_KAFKA_RESP_ERR__INVALID_ARG, .message = "configuration: " + all});
  }
  const bool once = config_.guarantee == Guarantee::kExactlyOnceV2;
  options_.worker = {.exactly_once = once,
                     .commit_interval = milliseconds(commit_ >= 0 ? commit_
                                                     : once       ? 100
                                                                  : 30'000),
                     .task_timeout = milliseconds(task_timeout_),
                     .buffered_max = static_cast<std::size_t>(cache_) / config_.threads};
  options_.max_idle = milliseconds(idle_);
  options_.poll = milliseconds(poll_);
  options_.max_poll_interval = milliseconds(max_poll_);
  options_.cleanup_delay = milliseconds(cleanup_);
  options_.purge_interval = milliseconds(purge_);
  options_.buffered_records = static_cast<std::size_t>(std::max<std::int64_t>(buffered_, 1));
  options_.replication_factor = static_cast<int>(replication_);

  common_["bootstrap.servers"] = config_.brokers;
  Properties consumer = common_;
  consumer.merge(consumers_);
  with_prefix(config_.properties, "consumer.", consumer);
  consumer["isolation.level"] = once ? "read_committed" : "read_uncommitted";
  consumer["enable.partition.eof"] = "true";
  options_.main_consumer = consumer;
  options_.main_consumer["max.poll.interval.ms"] = std::to_string(max_poll_);
  with_prefix(config_.properties, "main.consumer.", options_.main_consumer);
  for (const auto* name : {"session.timeout.ms", "heartbeat.interval.ms", "group.instance.id"}) consumer.erase(name);
  options_.restore_consumer = consumer;
  with_prefix(config_.properties, "restore.consumer.", options_.restore_consumer);
  for (const auto& [name, value] : common_) options_.producer.emplace(name, value);
  options_.producer.emplace("linger.ms", "100");  // a commit does not wait for it
  options_.producer["partitioner"] = "murmur2_random";
  options_.producer["enable.idempotence"] = "true";
  if (once) {
    // A message may not outlive its transaction.
    const auto timeout = options_.producer.emplace("transaction.timeout.ms", "10000").first->second;
    options_.producer.emplace("delivery.timeout.ms", timeout);
  } else {
    options_.producer.erase("transaction.timeout.ms");
  }
  with_prefix(config_.properties, "producer.", options_.producer);
  options_.admin = common_;
  options_.admin["isolation.level"] = "read_uncommitted";
  with_prefix(config_.properties, "admin.", options_.admin);
  return std::move(options_);
}

}  // namespace

Result<Options> options_of(const AppConfig& config) { return Reader(config).read(); }

}  // namespace thalweg::streams::detail
