// Compacts the logs of a broker, the dirtiest first: Kafka's LogCleaner and LogCleanerManager. As many at a time as
// log.cleaner.threads says, each on its own shard; a log is never cleaned twice at once.
//
// Owner: shard 0, with LogManager, which it belongs to and whose checkpoints it writes. Held by shared_ptr: what is
// under way outlives a stop of which nobody waits for the end.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/shard.h"
#include "runtime/task.h"
#include "storage/cleaner.h"
#include "storage/log_to_clean.h"

namespace thalweg::storage {

class LogManager;

// log.cleaner.*
struct LogCleanerConfig {
  bool enable = true;
  std::int32_t threads = 1;
  std::int64_t dedupe_buffer_size = std::int64_t{128} << 20;  // for all threads together
  double load_factor = 0.9;
  std::int32_t io_buffer_size = 512 << 10;  // the same
  double bytes_per_second = std::numeric_limits<double>::max();
  Millis backoff{15'000};
};

// What its metrics say; Kafka's names without the punctuation.
struct LogCleanerStatus {
  double max_dirty_percent = 0;  // of the logs that are compacted
  Millis since_last_run{0};
  double max_buffer_utilization_percent = 0;  // of the last passes
  double recopy_percent = 0;
  Millis max_clean_time{0};
  Millis max_compaction_delay{0};
  struct Uncleanable {
    std::uint64_t partitions = 0, bytes = 0;
  };
  std::map<std::string, Uncleanable> uncleanable;  // by log directory
  std::uint64_t passes = 0;
};

class LogCleaner : public std::enable_shared_from_this<LogCleaner> {
 public:
  LogCleaner(LogManager& logs, std::vector<const Shard*> shards, LogCleanerConfig config);

  // Begins, or changes the number of those who work. From then on the options hold for the next pass.
  void follow(LogCleanerConfig config);
  // No pass begins any more, and none is under way when this returns. REQUIRES: the logs are closed
  Task<> stop();
  // The manager is gone.
  void abandon() { stopping_ = true; }

  // A pass over the dirtiest log that is worth one. False: there is none, or it failed.
  Task<bool> clean_dirtiest();
  // The log was cut below what was cleaned: a pass that is under way says nothing about how far it is clean.
  void cut(const TopicPartition& partition);
  LogCleanerStatus status() const;

 private:
  struct Outcome {
    Result<Offset> reached;
    bool interrupted = false;
    CleanerStats stats;
  };
  struct Failed {
    LogPtr log;
    std::string directory;
    std::uint64_t bytes = 0;
    Instant at;
  };
  struct Asked {
    LogPtr log;
    std::optional<Offset> cleaned;
  };
  static constexpr Instant kTriedAgainAfter = std::chrono::hours(1);  // what could not be cleaned

  static Task<> work(std::shared_ptr<LogCleaner> self, std::int32_t number);
  Task<std::vector<LogToClean>> survey();
  Task<std::vector<LogToClean>> survey_here(unsigned shard, std::vector<Asked> logs);
  Task<Outcome> clean_here(unsigned shard, LogToClean dirty, CleanerOptions options);
  Task<bool> clean(LogToClean dirty);
  Task<bool> take_in(const LogToClean& dirty, Outcome outcome, bool was_cut);
  CleanerOptions options() const;
  void note(const LogToClean& dirty, const CleanerStats& stats);
  void forgive();

  LogManager& logs_;
  const std::vector<const Shard*> shards_;
  LogCleanerConfig config_;
  std::int32_t workers_ = 0;
  bool stopping_ = false;
  std::size_t busy_ = 0;
  std::vector<OneShot<bool>> idle_;           // wait until nobody is
  std::map<TopicPartition, bool> under_way_;  // true: it was cut meanwhile
  std::map<TopicPartition, Failed> uncleanable_;
  Instant last_run_{0};
  LogCleanerStatus status_;
};

}  // namespace thalweg::storage
