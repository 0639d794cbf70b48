// One entry of log.dirs: its lock, meta.properties, checkpoints and the marker of a clean stop. Kafka's names and
// formats, so that Kafka's tools read it and a directory moves either way. Owner: LogManager's shard.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/types.h"
#include "base/uuid.h"
#include "runtime/disk.h"

namespace thalweg::storage {

// meta.properties, version 1 (version 0 of old brokers is read).
struct MetaProperties {
  std::string cluster_id;
  BrokerId node_id = kNoBroker;
  Uuid directory_id;
  friend bool operator==(const MetaProperties&, const MetaProperties&) = default;
};
Result<MetaProperties> parse_meta_properties(std::string_view text);
std::string to_text(const MetaProperties& meta);

class DataDirectory {
 public:
  static constexpr std::string_view kCleanShutdown = ".kafka_cleanshutdown";

  // Creates the directory if missing; its name is durable when this returns. One that has a meta.properties was made
  // durable before that was written, so it costs a start no syncs.
  static Task<Result<>> make(Disk& disk, std::string path);
  // Takes its lock; an error says who else may hold it. REQUIRES: make()
  static Result<DataDirectory> open(Disk& disk, std::string path);

  // The same error, with what an operator may do about it.
  static Error explained(const std::string& path, Error error);

  const std::string& path() const { return path_; }
  const std::optional<MetaProperties>& meta() const { return meta_; }
  Task<Result<>> write_meta(MetaProperties meta);

  // Whether the last stop was clean. The marker is removed by clear_clean_shutdown, before the first append.
  bool clean_shutdown() const;
  Task<Result<>> clear_clean_shutdown() const;
  // `broker_epoch`: of the process that stopped; -1 when it has none.
  Task<Result<>> mark_clean_shutdown(std::int64_t broker_epoch) const;

  // Folders in it, by kind of name.
  struct Folders {
    std::vector<TopicPartition> partitions;
    std::vector<std::pair<TopicPartition, std::string>> futures;  // "...-future": copies that a move has begun
    std::vector<std::string> deleted;                             // "...-delete": finish removing them
    std::vector<std::string> other;
  };
  Result<Folders> folders() const;
  std::string folder_of(const TopicPartition& partition) const;

 private:
  DataDirectory(Disk& disk, std::string path) : disk_(&disk), path_(std::move(path)) {}
  std::string file(std::string_view name) const;

  Disk* disk_;
  std::string path_;
  std::shared_ptr<void> lock_;
  std::optional<MetaProperties> meta_;
};

// "orders-3" is partition 3 of orders; nothing for other names.
std::optional<TopicPartition> parse_folder_name(std::string_view name);
// A log on its way into a directory: "orders-3.<32 digits>-future". (Source: UnifiedLog.logFutureDirName)
std::string future_folder_name(const TopicPartition& partition, std::uint64_t high, std::uint64_t low);
std::optional<TopicPartition> parse_future_folder_name(std::string_view name);

}  // namespace thalweg::storage
