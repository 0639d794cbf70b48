#include <mutex>

#include "client/producer_core.h"
#include "thalweg/client/health.h"

namespace thalweg::client {

class HealthCore {
 public:
  explicit HealthCore(HealthConfig c) : config(std::move(c)) {}

  // One at a time: they share the connection, and a probe that comes often must not pile up threads in librdkafka.
  Health check() {
    const std::lock_guard lock(mutex_);
    Health health = check_cluster();
    if (!config.own_problems) return health;
    health.of = "the service";
    const auto asked = guarded([&]() -> Result<> {
      for (auto& problem : config.own_problems()) health.problems.push_back(std::move(problem));
      return {};
    });
    if (!asked) health.problems.push_back(asked.error().message);
    health.healthy = health.problems.empty();
    return health;
  }

  const HealthConfig config;

 private:
  Health check_cluster() {
    if (!handle_)
      if (auto opened = open(); !opened) return {.problems = {opened.error().message}};
    const rd_kafka_metadata_t* raw = nullptr;
    // All topics at once: a question about one by its name might create it.
    if (const auto code = rd_kafka_metadata(handle_.get(), 1, nullptr, &raw, as_int(config.timeout)); code)
      return {.problems = {error_of(code, "no broker at " + config.brokers + " answers").message}};
    const std::unique_ptr<const rd_kafka_metadata_t, void (*)(const rd_kafka_metadata_t*)> metadata(
        raw, rd_kafka_metadata_destroy);
    Health health;
    if (metadata->broker_cnt == 0) health.problems.emplace_back("no brokers");
    for (const auto& topic : config.topics) look_at(*metadata, topic, health.problems);
    health.healthy = health.problems.empty();
    return health;
  }

  Result<> open() {
    Conf conf;
    conf.set("bootstrap.servers", config.brokers);
    conf.set_all(config.properties);
    conf.set("statistics.interval.ms", "0");  // nobody polls this client: they would heap up
    auto handle = conf.open(RD_KAFKA_PRODUCER);
    if (!handle) return std::unexpected(handle.error());
    handle_ = *std::move(handle);
    return {};
  }

  static void look_at(const rd_kafka_metadata_t& metadata, const std::string& name,
                      std::vector<std::string>& problems) {
    for (int i = 0; i < metadata.topic_cnt; ++i) {
      const auto& topic = metadata.topics[i];
      if (name != topic.topic) continue;
      if (topic.err)
        problems.push_back(error_of(topic.err, "topic " + name).message);
      else if (topic.partition_cnt == 0)
        problems.push_back("topic " + name + " has no partitions");
      for (int p = 0; p < topic.partition_cnt; ++p) {
        const auto& partition = topic.partitions[p];
        const std::string which = "topic " + name + ": partition " + std::to_string(partition.id);
        if (partition.leader < 0)
          problems.push_back(which + " has no leader");
        else if (partition.isr_cnt == 0)
          problems.push_back(which + " has no replicas in sync");
        else if (partition.isr_cnt < partition.replica_cnt)
          problems.push_back(which + " has " + std::to_string(partition.isr_cnt) + " of " +
                             std::to_string(partition.replica_cnt) + " replicas in sync");
      }
      return;
    }
    problems.push_back("topic " + name + " does not exist");
  }

  std::mutex mutex_;
  Handle handle_;
};

HealthChecker::HealthChecker(HealthConfig config) : core_(std::make_shared<HealthCore>(std::move(config))) {}
Health HealthChecker::check() const { return core_->check(); }

std::string Health::text() const {
  if (healthy) return of + " is healthy\n";
  std::string text = of + " is unhealthy\n";
  for (const auto& problem : problems) text += problem + "\n";
  return text;
}

}  // namespace thalweg::client
