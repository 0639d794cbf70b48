#include "storage/log_cleaner.h"

#include <algorithm>

#include "base/log.h"
#include "runtime/yielding.h"
#include "storage/log_manager.h"

namespace thalweg::storage {
namespace {
constexpr std::size_t kLookedAtAtOnce = 200;  // logs
constexpr std::size_t kReadMin = std::size_t{64} << 10;
}  // namespace

LogCleaner::LogCleaner(LogManager& logs, std::vector<const Shard*> shards, LogCleanerConfig config)
    : logs_(logs), shards_(std::move(shards)), config_(std::move(config)) {
  config_.threads = 0;
}

void LogCleaner::follow(LogCleanerConfig config) {
  config_ = std::move(config);
  if (!config_.enable) config_.threads = 0;
  if (workers_ == 0) last_run_ = shards_[0]->clock.now();
  while (workers_ < config_.threads && !stopping_) spawn(*shards_[0], work(shared_from_this(), workers_++));
}

Task<> LogCleaner::work(std::shared_ptr<LogCleaner> self, std::int32_t number) {
  while (!self->stopping_ && number < self->config_.threads) {
    ++self->busy_;
    const bool cleaned = co_await self->clean_dirtiest();
    if (--self->busy_ == 0)
      for (const auto& waiting : std::exchange(self->idle_, {})) waiting.set(true);
    if (self->stopping_) co_return;
    if (!cleaned) co_await self->shards_[0]->clock.sleep_for(std::max(self->config_.backoff, Millis(1)));
  }
  // The last ones go first, so that the numbers of those who stay have no gap.
  self->workers_ = std::min(self->workers_, number);
}

Task<> LogCleaner::stop() {
  stopping_ = true;
  while (busy_ > 0) {
    const OneShot<bool> idle;
    idle_.push_back(idle);
    co_await idle.wait();
  }
}

CleanerOptions LogCleaner::options() const {
  const auto threads = static_cast<std::size_t>(std::max(config_.threads, 1));
  return {.map_bytes = static_cast<std::size_t>(std::max<std::int64_t>(config_.dedupe_buffer_size, 0)) / threads,
          .load_factor = config_.load_factor,
          .read_bytes = std::max(static_cast<std::size_t>(config_.io_buffer_size) / threads, kReadMin),
          .bytes_per_second = std::max(config_.bytes_per_second / static_cast<double>(threads), 1.0)};
}

// ---- Which one

Task<std::vector<LogToClean>> LogCleaner::survey() {
  last_run_ = shards_[0]->clock.now();
  forgive();
  std::vector<LogToClean> all;
  const auto logs = logs_.logs_by_shard();
  for (unsigned i = 0; i < logs.size(); ++i) {
    std::vector<Asked> asked;
    for (const LogPtr& log : logs[i])
      if (!under_way_.contains(log->partition()) && !uncleanable_.contains(log->partition()))
        asked.push_back({log, logs_.cleaner_offset(log->partition())});
    auto here = co_await shards_[i]->call(*this, &LogCleaner::survey_here, i, std::move(asked));
    std::ranges::move(here, std::back_inserter(all));
  }
  co_return all;
}

Task<std::vector<LogToClean>> LogCleaner::survey_here(unsigned shard, std::vector<Asked> logs) {
  std::vector<LogToClean> found;
  Pace pace(kLookedAtAtOnce);
  for (const Asked& asked : logs) {
    if (pace.due()) co_await give_way();
    const Log& log = *asked.log;
    if (!log.config().cleanup_compact || !log.is_as_of(log.cuts())) continue;
    auto dirty = how_dirty(*shards_[shard], asked.log, asked.cleaned);
    if (dirty && dirty->clean_bytes + dirty->cleanable_bytes > 0) found.push_back(std::move(*dirty));
  }
  co_return found;
}

Task<bool> LogCleaner::clean_dirtiest() {
  auto all = co_await survey();
  status_.max_dirty_percent = 0;
  status_.max_compaction_delay = Millis(0);
  const LogToClean* dirtiest = nullptr;
  for (const LogToClean& dirty : all) {
    status_.max_dirty_percent = std::max(status_.max_dirty_percent, 100 * dirty.ratio());
    status_.max_compaction_delay = std::max(status_.max_compaction_delay, dirty.delay);
    // Somebody else may have taken it while the others were looked at.
    if (under_way_.contains(dirty.log->partition())) continue;
    if (dirty.is_due && (!dirtiest || dirty.ratio() > dirtiest->ratio())) dirtiest = &dirty;
  }
  if (!dirtiest || stopping_) co_return false;
  co_return co_await clean(*dirtiest);
}

// ---- A pass

Task<bool> LogCleaner::clean(LogToClean dirty) {
  const TopicPartition partition = dirty.log->partition();
  const auto shard = logs_.shard_of(dirty.log);
  if (!shard) co_return false;  // it went
  under_way_[partition] = false;
  auto outcome = co_await shards_[*shard]->call(*this, &LogCleaner::clean_here, *shard, dirty, options());
  const bool was_cut = under_way_.extract(partition).mapped();
  co_return co_await take_in(dirty, std::move(outcome), was_cut);
}

// Only what recovery trusts without looking is written anew.
Task<LogCleaner::Outcome> LogCleaner::clean_here(unsigned shard, LogToClean dirty, CleanerOptions options) {
  if (dirty.end > dirty.log->recovery_point()) {
    auto done = co_await dirty.log->checkpoint();
    if (!done || dirty.end > dirty.log->recovery_point())
      co_return Outcome{.reached = dirty.first_dirty, .interrupted = true, .stats = {}};
  }
  Cleaner cleaner(*shards_[shard], dirty.log, options);
  auto reached = co_await cleaner.clean(dirty.first_dirty, dirty.end);
  co_return Outcome{.reached = std::move(reached), .interrupted = cleaner.was_interrupted(), .stats = cleaner.stats()};
}

Task<bool> LogCleaner::take_in(const LogToClean& dirty, Outcome outcome, bool was_cut) {
  const TopicPartition& partition = dirty.log->partition();
  if (outcome.interrupted || was_cut || logs_.find(partition) != dirty.log) co_return false;
  if (!outcome.reached && Disk::is_passing(outcome.reached.error())) {
    log::warn("log not compacted", field("partition", partition), field("reason", outcome.reached.error()));
    co_return false;
  }
  if (!outcome.reached) {
    log::error("log cannot be compacted", field("partition", partition), field("reason", outcome.reached.error()),
               field("next_try_in", "1 h, or with the next start"));
    uncleanable_[partition] = {dirty.log, logs_.directory_of_log(partition).value_or(""),
                               dirty.clean_bytes + dirty.cleanable_bytes, shards_[0]->clock.now()};
    co_return false;
  }
  note(dirty, outcome.stats);
  log::debug("log compacted", field("partition", partition), field("from", dirty.first_dirty),
             field("to", *outcome.reached), field("read_bytes", outcome.stats.read_bytes),
             field("written_bytes", outcome.stats.written_bytes));
  if (const auto written = co_await logs_.set_cleaner_offset(dirty.log, *outcome.reached); !written)
    log::warn("checkpoint of the cleaner not written", field("partition", partition), field("reason", written.error()));
  co_return true;
}

void LogCleaner::cut(const TopicPartition& partition) {
  if (const auto found = under_way_.find(partition); found != under_way_.end()) found->second = true;
}

// ---- What is told

void LogCleaner::note(const LogToClean& dirty, const CleanerStats& stats) {
  ++status_.passes;
  status_.max_buffer_utilization_percent = 100 * stats.map_utilization;
  const std::uint64_t total = dirty.clean_bytes + dirty.cleanable_bytes;
  status_.recopy_percent = total == 0 ? 0 : 100 * static_cast<double>(stats.written_bytes) / static_cast<double>(total);
  status_.max_clean_time = std::chrono::duration_cast<Millis>(stats.elapsed);
}

// Those that have waited long enough, and logs that are not here any more.
void LogCleaner::forgive() {
  const Instant now = shards_[0]->clock.now();
  std::erase_if(uncleanable_, [&](const auto& one) {
    return now - one.second.at >= kTriedAgainAfter || logs_.find(one.first) != one.second.log;
  });
}

LogCleanerStatus LogCleaner::status() const {
  LogCleanerStatus now = status_;
  now.since_last_run = std::chrono::duration_cast<Millis>(shards_[0]->clock.now() - last_run_);
  for (const std::string& directory : logs_.directories()) now.uncleanable[directory];
  for (const auto& [partition, failed] : uncleanable_) {
    auto& of_directory = now.uncleanable[failed.directory];
    ++of_directory.partitions;
    of_directory.bytes += failed.bytes;
  }
  return now;
}

}  // namespace thalweg::storage
