#include "monitoring/collector.h"

#include <algorithm>
#include <iterator>

#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "broker/metadata_publisher.h"
#include "group/group_machine.h"
#include "monitoring/families.h"
#include "monitoring/page_tables.h"
#include "runtime/yielding.h"

namespace thalweg::monitoring {
namespace {

std::int64_t milliseconds(double seconds) { return std::int64_t(seconds * 1e3); }
std::int64_t milliseconds(Instant span) { return std::chrono::duration_cast<Millis>(span).count(); }

void set(MetricsSnapshot& into, const MetricFamily& family, std::int64_t value, MetricLabels labels = {}) {
  into.add(family, std::move(labels), value);
}

std::size_t partitions_of(const metadata::Image& image) {
  std::size_t sum = 0;
  for (const auto& [name, topic] : image.topics()) sum += topic->partitions.size();
  return sum;
}

}  // namespace

Collector::Collector(broker::Broker& broker, About about)
    : broker_(broker),
      about_(std::move(about)),
      started_(broker.shard0().clock.now()),
      started_wall_(broker.shard0().clock.wall()),
      ages_(broker) {}

Millis Collector::uptime() const { return Millis(milliseconds(broker_.shard0().clock.now() - started_)); }

void Collector::add_process(MetricsSnapshot& into) const {
  set(into, family::kBuildInfo, 1, {about_.version});
  set(into, family::kStartTime, started_wall_);
  set(into, family::kUptime, uptime().count());
  if (!about_.process) return;
  const auto process = about_.process();
  into.add(family::kCpu, {}, std::uint64_t(milliseconds(process.cpu_seconds)));
  set(into, family::kResident, std::int64_t(process.resident_bytes));
  set(into, family::kOpenFiles, std::int64_t(process.open_files));
  set(into, family::kOpenFilesMax, std::int64_t(process.open_files_max));
}

void Collector::add_cluster(MetricsSnapshot& into) const {
  const auto image = broker_.publisher().current_image();
  std::int64_t active = 0;
  for (const auto& [id, broker] : image->brokers()) {
    active += broker.fenced ? 0 : 1;
    if (broker.endpoints.empty()) continue;
    const auto& at = broker.endpoints.front();
    set(into, family::kBrokerInfo, 1, {std::to_string(id.value), to_string(Endpoint{at.host, at.port})});
  }
  set(into, family::kBrokers, active);
}

void Collector::add_directories(MetricsSnapshot& into) const {
  for (const auto& directory : broker_.config().log_dirs) {
    const auto space = broker_.shard0().disk.space(directory);
    if (!space) continue;
    set(into, family::kDirectoryTotal, std::int64_t(space->total_bytes), {directory});
    set(into, family::kDirectoryFree, std::int64_t(space->free_bytes), {directory});
  }
}

Task<std::unique_ptr<Exposition>> Collector::collect(ExpositionFormat format, Detail detail,
                                                     std::size_t directories_offline) {
  MetricsSnapshot snapshot;
  std::vector<SeriesTable> tables;
  if (detail != Detail::kProcess) {
    snapshot = co_await broker_.collect_metrics();
    add_cluster(snapshot);
    add_directories(snapshot);
    set(snapshot, family::kDirectoriesOffline, std::int64_t(directories_offline));
    PageInputs inputs{.figures = {}, .groups = {}, .image = nullptr};
    for (const auto& shard : broker_.shards()) {
      inputs.figures.push_back(co_await shard->shard.call(shard->partitions, &replica::Partitions::figures));
      co_await give_way();
      auto some = co_await shard->shard.call(broker_.groups(), &broker::GroupCoordinator::figures_on,
                                             std::size_t(shard->shard.id));
      std::ranges::move(some, std::back_inserter(inputs.groups));
    }
    inputs.image = broker_.publisher().current_image();
    const bool each = detail == Detail::kEverything ||
                      partitions_of(*inputs.image) <= std::size_t(broker_.config().metrics_partition_series_max);
    auto page = co_await page_tables(std::move(inputs), &ages_, broker_.shard0().clock.wall(), each);
    set(snapshot, family::kAgesUnknown, std::int64_t(page.ages_left_out));
    tables = std::move(page.tables);
  }
  add_process(snapshot);
  co_return std::make_unique<Exposition>(format, std::move(snapshot), std::move(tables));
}

}  // namespace thalweg::monitoring
