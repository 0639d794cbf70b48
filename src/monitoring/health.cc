#include "monitoring/health.h"

#include <algorithm>

#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/metadata_publisher.h"

namespace thalweg::monitoring {
namespace {

// Written, removed, and not synced: whether it would be on disk is not asked here.
Result<> try_to_write(Disk& disk, const std::string& directory) {
  const std::string path = directory + "/.thalweg_write_probe";
  const auto written = [&]() -> Result<> {
    TRY(const auto file, disk.open(path, OpenMode::kTruncate));
    return file->write(0, as_bytes("probe"));
  }();
  const auto removed = disk.remove(path);
  // What passes by itself is no reason to restart anything.
  if (!written && !Disk::is_passing(written.error())) return written;
  if (!removed && !Disk::is_passing(removed.error())) return removed;
  return {};
}

}  // namespace

bool all_ok(const std::vector<Check>& checks) {
  return std::ranges::all_of(checks, [](const Check& c) { return c.outcome.has_value(); });
}

Health::Health(broker::Broker& broker) : broker_(broker), loops_(broker.shards().size()), probed_(Instant::min() / 2) {}

Task<std::vector<Check>> Health::live() {
  std::vector<Check> checks;
  checks.push_back({"event_loops", co_await loops()});
  checks.push_back({"data_directories", directories()});
  co_return checks;
}

std::vector<Check> Health::ready() const {
  return {{"serving", serving()}, {"metadata", metadata()}, {"registered", registered()}};
}

std::size_t Health::directories_offline() {
  probe_directories();
  return std::size_t(std::ranges::count_if(directories_, [](const auto& d) { return !d.has_value(); }));
}

Task<> Health::ask(const Shard* shard, Loop* loop, OneShot<bool> answered) {
  co_await shard->call(*loop, &Loop::turn);
  loop->asked = false;
  answered.set(true);
}

// A shard that has not answered the last time is not asked again: it would find all the questions at once.
Task<Result<>> Health::loops() {
  const Shard& here = broker_.shard0();
  std::vector<OneShot<bool>> answers(loops_.size());
  const auto timer = here.clock.call_at(here.clock.now() + kLoopWithin, [answers] {
    for (const auto& answer : answers) answer.set(false);
  });
  for (std::size_t i = 0; i < loops_.size(); ++i)
    if (!std::exchange(loops_[i].asked, true)) spawn(here, ask(&broker_.shards()[i]->shard, &loops_[i], answers[i]));
  std::string late;
  for (std::size_t i = 0; i < loops_.size(); ++i)
    if (!co_await answers[i].wait()) late += (late.empty() ? "" : ", ") + std::to_string(i);
  if (late.empty()) co_return Result<>();
  co_return fail(ErrorCode::kRequestTimedOut, "shards that did not answer in time: " + late);
}

// Before the broker has them, and once it lets go of them, they are not ours to write.
void Health::probe_directories() {
  const auto& here = broker_.shard0();
  if (phase_ != Phase::kServing) directories_.clear();
  if (phase_ != Phase::kServing || here.clock.now() - probed_ < kProbeEvery) return;
  probed_ = here.clock.now();
  directories_.clear();
  for (const auto& path : broker_.config().log_dirs) directories_.push_back(try_to_write(here.disk, path));
}

Result<> Health::directories() {
  probe_directories();
  for (const auto& directory : directories_)
    if (!directory) return directory;
  return {};
}

Result<> Health::serving() const {
  switch (phase_) {
    case Phase::kStarting:
      return fail(ErrorCode::kBrokerNotAvailable, "starting");
    case Phase::kStopping:
      return fail(ErrorCode::kBrokerNotAvailable, "stopping");
    case Phase::kServing:
      return {};
  }
  return {};
}

Result<> Health::metadata() const {
  if (phase_ != Phase::kServing) return fail(ErrorCode::kBrokerNotAvailable, "not serving");
  return broker_.publisher().health();
}

Result<> Health::registered() const {
  if (phase_ != Phase::kServing) return fail(ErrorCode::kBrokerNotAvailable, "not serving");
  if (!broker_.config().is_broker) return {};  // controllers do not register
  const auto* me = broker_.publisher().published_image()->broker(broker_.config().node_id);
  if (!me) return fail(ErrorCode::kBrokerIdNotRegistered, "the metadata in force here does not know this broker");
  if (me->fenced) return fail(ErrorCode::kBrokerNotAvailable, "the controller fences this broker");
  return {};
}

}  // namespace thalweg::monitoring
