// All logs of a broker: the data directories with their locks, identities, checkpoints and clean-stop markers, and
// which partition lies where. Each Log lives on the shard the caller names; this class only opens, closes, deletes and
// tends them there.
//
// Owner: shard 0. From another shard: co_await shard0.call(manager, &LogManager::method, ...).
//
// Logs are opened when the broker asks for them (it knows topic ids and options then); until then a partition folder is
// only known by name. Deleted logs are renamed to `...-delete` at once and their files go file.delete.delay.ms later.
//
// Whoever changes what the broker has (open, remove, set_aside) does not wait for the disk: that the change is on disk
// is waited for by the next folder of the same name, and by stop(). After a crash in between, a folder of a topic that
// is no more is there again; it has its topic's id, so it is set aside and never served.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/shard.h"
#include "runtime/turn.h"
#include "storage/data_directory.h"
#include "storage/directory_checkpoints.h"
#include "storage/file_cache.h"
#include "storage/log.h"
#include "storage/log_cleaner.h"

namespace thalweg::storage {

struct LogManagerConfig {
  std::vector<std::string> log_dirs;
  BrokerId node_id;
  // Intervals of 0 are never.
  Millis retention_check_interval{300'000};  // log.retention.check.interval.ms
  Millis checkpoint_interval{60'000};        // log.flush.offset.checkpoint.interval.ms
  Millis start_offset_checkpoint_interval{60'000};
  Millis producer_id_expiration{86'400'000};  // producer.id.expiration.ms
  Millis producer_id_expiration_check_interval{600'000};
  std::size_t open_files_per_shard = 4096;  // kept open though unused; fewer where Disk::open_files_max() is low
  bool sync_every_append = true;            // false: acknowledge from memory and replicas alone, as Kafka does
  LogCleanerConfig cleaner;
};

// What DescribeLogDirs tells of one directory.
struct LogDirDescription {
  struct Partition {
    TopicPartition id;
    std::uint64_t size = 0;
    Offset end;
    bool offline = false;
    bool is_future = false;       // it will replace the one in another directory
    std::int64_t offset_lag = 0;  // how far a future log is behind the one that it will replace
  };
  std::string path;
  Uuid directory_id;
  std::optional<DiskSpace> space;  // nothing when it cannot be told
  std::vector<Partition> partitions;
};

// A folder that no open log belongs to.
struct UnopenedLog {
  TopicPartition partition;
  Uuid topic_id;
  std::string directory;
};

// What is known of the directories that this broker had when it last ran.
struct DirectoriesBefore {
  std::set<Uuid> were_away;  // it had not these, which are here
  bool one_is_away = false;  // it had one that is not here
};

class LogManager {
 public:
  // `shards` outlive the manager; shards[0] owns it.
  LogManager(std::vector<const Shard*> shards, LogManagerConfig config);
  ~LogManager();
  LogManager(const LogManager&) = delete;

  // Creates missing directories, locks them, checks or writes meta.properties (a directory of another cluster or node
  // is refused with a message), reads checkpoints and the clean-stop marker, finishes interrupted deletions, starts the
  // background work. An empty cluster id takes whatever the directories have; see cluster_id().
  // `before.were_away`: directories that this broker has run without since they were here. Of a partition that has a
  // folder in one of them and in another, the other counts, and the older one is set aside as "-stray"; where that does
  // not tell, two folders of one partition are refused with a message, as by Kafka.
  Task<Result<>> start(std::string cluster_id, DirectoriesBefore before = {});
  // Writes the cluster's id into directories that have none. REQUIRES: started, with this id or without one
  Task<Result<>> join_cluster(std::string cluster_id);
  // From meta.properties; empty before the first start with one.
  const std::string& cluster_id() const { return cluster_id_; }
  std::vector<Uuid> directory_ids() const;
  const std::vector<std::string>& directories() const { return config_.log_dirs; }

  // The log of a partition, opened (or created in the directory with the fewest partitions) on `shard`. Answers the
  // same log again when it is open. A folder of another topic of that name is set aside: its deletion was cut short by
  // a crash. kInconsistentTopicId when that topic's log is open, and while the folder may be the newer one.
  Task<Result<LogPtr>> open(TopicPartition partition, Uuid topic_id, LogConfig config, unsigned shard);
  // Whether topic ids are of an image that may be older than the folders: a broker that starts learns only from the
  // quorum's leader that the newest entries which it had are committed. A folder of another topic stays where it is
  // meanwhile, as it may be that topic's which has the name by now.
  void set_image_may_be_old(bool may) { image_may_be_old_ = may; }
  LogPtr find(const TopicPartition& partition) const;
  // Of the directory in which the partition's log lies. REQUIRES: it is open
  Uuid directory_id_of(const TopicPartition& partition) const;
  // Takes the logs of these partitions away and their files with them, also of those that could not be opened; what is
  // of another topic id, or not here, is left alone. Done when the folders have their other names.
  Task<> remove(std::string topic, Uuid topic_id, std::vector<PartitionId> partitions);
  // Folders that nobody opened: partitions that left this broker while it was down. The broker compares them with the
  // image.
  std::vector<UnopenedLog> unopened() const;
  // Whether a log of the partition may be here, or begin here: kLogDirNotFound where the metadata say that it lies in a
  // directory that is not here (`assigned`; reserved ids say nothing), and no folder says otherwise.
  // kReplicaNotAvailable where one is not here, and the metadata that would say so may be on their way.
  Result<> may_be_here(const TopicPartition& partition, Uuid assigned) const;
  // Moves such a folder aside as `...-stray`; it is kept.
  Result<> set_aside(TopicPartition partition);

  // Open logs from which this start's recovery has cut records that may have been acknowledged, or an earlier one's of
  // which nobody was told: told_missing() ends that for the next start. It has to follow without a wait in between, as
  // logs may be opened meanwhile.
  std::vector<LogPtr> with_records_missing() const;
  Task<Result<>> told_missing();

  Task<std::vector<LogDirDescription>> describe();

  // ---- Moves between directories (KIP-113), in log_manager_future.cc: a future log in another directory is filled by
  // whoever asked for it, and takes the place of the log once it has all that the log has. A crash at any moment leaves
  // the log as it was, with a copy that is gone on with, or the new one.

  // The partition's log is made in this directory when it is opened for the first time. kLogDirNotFound when it is none
  // of log.dirs.
  Result<> prefer(TopicPartition partition, std::string directory);
  // In which entry of log.dirs the log lies; nothing: it is not open.
  std::optional<std::string> directory_of_log(const TopicPartition& partition) const;
  // The same of its future log, also of one whose folder was found at the start and that nobody has opened yet.
  std::optional<std::string> directory_of_future(const TopicPartition& partition) const;
  std::vector<TopicPartition> futures() const;
  // Opens, or creates, the future log of a partition in `directory`, on the shard of its log. kLogDirNotFound;
  // kReplicaNotAvailable when the partition's log is not open. REQUIRES: it has none that is open, or in another
  // directory
  Task<Result<LogPtr>> open_future(TopicPartition partition, std::string directory);
  // The future log and its files go; nothing happens when there is none.
  Task<> drop_future(TopicPartition partition);
  // The future log is the partition's log from now on; answers it, opened in its place. The one before stays open for
  // its readers until retire_replaced(), which has to follow. Where this fails the log is as it was, or offline.
  // REQUIRES: the future log has all that the log has, and nothing is appended to either
  Task<Result<LogPtr>> promote_future(TopicPartition partition);
  Task<> retire_replaced(TopicPartition partition);

  // Background steps; also run by themselves at their intervals.
  Task<> apply_retention();
  Task<> write_checkpoints();
  // producer.id.expiration.ms, from the next look at idle producers on.
  void set_producer_id_expiration(Millis span) { producer_id_expiration_ = span; }

  // ---- Compaction, in log_manager_tending.cc; LogCleaner does it

  // log.cleaner.*, from the next pass on.
  void follow_cleaner(LogCleanerConfig config) { cleaner_->follow(std::move(config)); }
  LogCleaner& cleaner() { return *cleaner_; }
  std::vector<std::vector<LogPtr>> logs_by_shard() const;
  // Nothing: the log is not open here.
  std::optional<unsigned> shard_of(const LogPtr& log) const;
  // How far the log was compacted, by the checkpoint; nothing: never.
  std::optional<Offset> cleaner_offset(const TopicPartition& partition) const;
  Task<Result<>> set_cleaner_offset(LogPtr log, Offset to);

  // The epoch that the controller has given this process; what a clean stop leaves behind names it.
  void registered_as(std::int64_t broker_epoch) { broker_epoch_ = broker_epoch; }

  // Clean stop: closes every log in parallel, writes the checkpoints, then the marker. Nobody may use a log any more.
  // After a start that failed a directory which it did not come to is left as it was: nobody has looked at it.
  Task<Result<>> stop();

 private:
  struct OpenLog {
    LogPtr log;
    unsigned shard = 0;
    std::size_t directory = 0;
  };
  struct Directory {
    DataDirectory files;
    std::shared_ptr<DirectoryCheckpoints> checkpoints;
    bool is_read = false;                 // what follows is known
    std::set<TopicPartition> partitions;  // folders, opened or not
    std::set<TopicPartition> as_stopped;  // those that nobody has touched since a clean stop
    std::set<TopicPartition> lost;        // had records, by the checkpoints, and have no folder: log_manager_lost.cc
  };
  // A copy on its way into a directory.
  struct Future {
    std::size_t directory = 0;
    std::string folder;  // its name in there
    LogPtr log;          // nothing until it is opened
  };
  // What a checkpoint says of one log, as its shard reports it.
  struct Checkpointed {
    LogPtr log;
    DirectoryCheckpoints::Offsets offsets;
  };
  // The logs of one shard on their way to be closed.
  struct Closing {
    explicit Closing(std::vector<LogPtr> l) : logs(std::move(l)) {}
    std::vector<LogPtr> logs;
    std::size_t next = 0;
    Result<> result;
  };
  static constexpr std::size_t kOpenFilesMin = 16;  // per shard: one log needs a few at a time
  static constexpr std::size_t kClosedAtOnce = 32;
  static constexpr std::size_t kRenamedAtOnce = 32;  // then others have a turn on the shard
  using Step = Task<> (LogManager::*)();

  Result<> open_directories(const std::string& cluster_id);
  Task<Result<>> settle_identity(Directory& directory);
  Task<Result<>> read_directory(Directory& directory, bool is_new);
  static std::set<TopicPartition> without_folders(const Directory& directory, const DataDirectory::Folders& folders);
  void settle_lost();
  Task<Result<>> begin_lost(std::size_t directory, TopicPartition partition);
  std::size_t directory_for(const TopicPartition& partition) const;
  std::optional<std::size_t> directory_of(const TopicPartition& partition) const;
  Task<Result<LogPtr>> open_alone(TopicPartition partition, Uuid topic_id, LogConfig config, unsigned shard);
  Task<Result<>> until_gone(TopicPartition partition);
  LogOptions options_of(std::size_t directory, const TopicPartition& partition, Uuid topic_id, LogConfig config);
  Uuid topic_id_of_folder(const TopicPartition& partition) const;
  bool is_blank(const TopicPartition& partition) const;
  Result<> set_aside_alone(const TopicPartition& partition);
  Result<std::string> move_aside(const TopicPartition& partition, std::string to);
  Result<std::string> move_aside_in(Directory& directory, const TopicPartition& partition, std::string to);
  std::string name_when_stray(const TopicPartition& partition);
  std::string name_when_deleted(const TopicPartition& partition);
  Task<Result<>> lower_recovery_point(TopicPartition partition, Offset to);
  Task<Result<>> raise_start(TopicPartition partition, Offset to);
  void note(const Checkpointed& state);
  static Task<> every(LogManager* manager, std::shared_ptr<const bool> running, Millis interval, Step step);
  static Task<> close_some(std::shared_ptr<Closing> work, OneShot<bool> done);
  static Task<> close_on(LogManager* manager, std::size_t shard, std::vector<LogPtr> logs, OneShot<Result<>> done);
  static Task<> remove_folders_later(const Shard* shard, std::vector<std::string> paths, Millis delay);
  void settle_soon();
  Result<std::size_t> index_of(std::string path) const;
  void find_futures(std::size_t directory, const DataDirectory::Folders& folders);
  Task<Result<>> settle_moves();
  Task<Result<>> settle_move(TopicPartition partition, std::size_t to);
  Result<> settle_twins(const std::set<Uuid>& were_away);
  LogOptions options_of_future(const Future& future, const Log& log) const;
  Task<Result<LogPtr>> promote_alone(TopicPartition partition, OpenLog current, Future next);
  Task<Result<LogPtr>> open_promoted(TopicPartition partition, OpenLog current, std::size_t to);
  Task<std::optional<std::string>> leave_directory(TopicPartition partition, std::size_t from);
  Task<> until_settled(TopicPartition partition);
  Task<std::vector<std::pair<std::size_t, LogDirDescription::Partition>>> describe_futures();
  static Task<> settle(std::shared_ptr<DirectoryCheckpoints> checkpoints, std::string directory);

  // These run on the shard of the logs they are given.
  Task<Result<LogPtr>> open_here(unsigned shard, LogOptions options);
  Task<bool> retire_here(std::vector<LogPtr> logs);
  Task<> retain_here(std::vector<LogPtr> logs);
  Task<> expire_producers_here(std::vector<LogPtr> logs, Millis span);
  Task<std::vector<Checkpointed>> checkpoint_here(std::vector<LogPtr> logs);
  Task<Result<>> close_here(std::vector<LogPtr> logs);
  Task<Result<Checkpointed>> close_future_here(LogPtr log);
  LogDirDescription::Partition describe_future_here(LogPtr future, LogPtr current);
  Task<> retire_futures();
  void take_offline_here(LogPtr log, Error why) { log->take_offline(std::move(why)); }
  std::vector<LogDirDescription::Partition> describe_here(std::vector<LogPtr> logs);
  Task<> expire_producers();

  const std::vector<const Shard*> shards_;
  const LogManagerConfig config_;
  std::string cluster_id_;
  Millis producer_id_expiration_;
  std::int64_t broker_epoch_ = -1;
  bool image_may_be_old_ = false;
  bool one_is_away_ = false;
  std::vector<Directory> directories_;
  std::vector<std::shared_ptr<FileCache>> files_;  // by shard; each used on its shard only
  std::map<TopicPartition, OpenLog> logs_;
  std::set<TopicPartition> opening_;
  std::map<TopicPartition, std::size_t> preferred_;  // directories for logs that are not made yet
  std::map<TopicPartition, Future> futures_;
  std::map<TopicPartition, OpenLog> replaced_;  // from promote_future() to retire_replaced()
  std::set<TopicPartition> promoting_;          // as long, and before
  std::vector<OneShot<bool>> promoted_;         // wait for the end of one
  Turn pass_turn_;                              // one write_checkpoints() at a time; nobody else waits for it
  std::set<TopicPartition> lowered_;            // since the pass began, so what it collects may be older
  std::shared_ptr<bool> running_ = std::make_shared<bool>(true);
  std::shared_ptr<LogCleaner> cleaner_;
};

}  // namespace thalweg::storage
