#include "storage/data_directory.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/number.h"

namespace thalweg::storage {
namespace {

constexpr std::string_view kMetaFile = "meta.properties";
constexpr std::string_view kLockFile = ".lock";
constexpr std::string_view kFutureSuffix = "-future";
constexpr std::string_view kMetadataTopic = "__cluster_metadata";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

// Java escapes a few characters of a value with a backslash.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

std::map<std::string, std::string> properties_of(std::string_view text) {
  std::map<std::string, std::string> found;
  while (!text.empty()) {
    const auto line_end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, line_end));
    text.remove_prefix(std::min(line_end + 1, text.size()));
    const auto equals = line.find('=');
    if (line.empty() || line.front() == '#' || equals == std::string_view::npos) continue;
    found[std::string(trimmed(line.substr(0, equals)))] = unescaped(trimmed(line.substr(equals + 1)));
  }
  return found;
}

}  // namespace

Result<MetaProperties> parse_meta_properties(std::string_view text) {
  auto properties = properties_of(text);
  const auto broken = [](std::string_view what) {
    return fail(ErrorCode::kKafkaStorageError, fmt::format("meta.properties: {}", what));
  };
  const auto version = parse_number<int>(properties["version"]);
  if (version == 0) return broken("written by a Kafka with ZooKeeper, whose topics cannot be taken over");
  if (version != 1) return broken("version is not 1");
  MetaProperties meta;
  meta.cluster_id = properties["cluster.id"];
  const auto id = parse_number<std::int32_t>(properties["node.id"]);
  if (!id) return broken("node.id is not a number");
  meta.node_id = BrokerId{*id};
  if (const auto& directory = properties["directory.id"]; !directory.empty()) {
    const auto id = Uuid::parse(directory);
    if (!id) return broken("directory.id is no uuid");
    meta.directory_id = *id;
  }
  return meta;
}

std::string to_text(const MetaProperties& meta) {
  return fmt::format("#\ncluster.id={}\ndirectory.id={}\nnode.id={}\nversion=1\n", meta.cluster_id,
                     to_string(meta.directory_id), meta.node_id.value);
}

std::optional<TopicPartition> parse_folder_name(std::string_view name) {
  const auto dash = name.rfind('-');
  if (dash == std::string_view::npos || dash == 0) return std::nullopt;
  const auto digits = name.substr(dash + 1);
  const auto partition = parse_number<std::int32_t>(digits);
  if (!partition || *partition < 0 || !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  if (name.substr(0, dash) == kMetadataTopic) return std::nullopt;  // the quorum's
  return TopicPartition{std::string(name.substr(0, dash)), {*partition}};
}

std::string future_folder_name(const TopicPartition& partition, std::uint64_t high, std::uint64_t low) {
  return fmt::format("{}.{:016x}{:016x}{}", to_string(partition), high, low, kFutureSuffix);
}

std::optional<TopicPartition> parse_future_folder_name(std::string_view name) {
  if (!name.ends_with(kFutureSuffix)) return std::nullopt;
  name.remove_suffix(kFutureSuffix.size());
  const auto dot = name.rfind('.');  // a topic's name may have dots as well
  return dot == name.npos ? std::nullopt : parse_folder_name(name.substr(0, dot));
}

namespace {

// Apache Kafka keeps the state of its quorum in a file beside its metadata log. That log is in another format than
// ours: it would be taken for a torn one, and the topics of the folder for strays.
Result<> refuse_kafkas(Disk& disk, const std::string& path) {
  if (!disk.exists(fmt::format("{}/{}-0/quorum-state", path, kMetadataTopic))) return {};
  return fail(
      ErrorCode::kInvalidConfig,
      fmt::format("log directory {} belongs to Apache Kafka, whose metadata log cannot be taken over; nothing in "
                  "it was changed. Set log.dirs to an empty folder and copy the topics with a client.",
                  path));
}

}  // namespace

Task<Result<>> DataDirectory::make(Disk& disk, std::string path) {
  if (disk.exists(fmt::format("{}/{}", path, kMetaFile))) co_return Result<>();
  co_return co_await disk.make_durable_directory(std::move(path));
}

Result<DataDirectory> DataDirectory::open(Disk& disk, std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  TRY_VOID(refuse_kafkas(disk, path));
  DataDirectory directory(disk, std::move(path));
  auto lock = disk.lock(directory.file(kLockFile));
  if (!lock)
    return fail(ErrorCode::kKafkaStorageError,
                fmt::format("cannot lock log directory {}: {}", directory.path_, lock.error().message));
  directory.lock_ = *std::move(lock);
  if (disk.exists(directory.file(kMetaFile))) {
    TRY(const SharedBytes text, disk.read_file(directory.file(kMetaFile)));
    auto meta = parse_meta_properties(text.text());
    if (!meta)
      return fail(
          meta.error().code,
          fmt::format("{}/{}. It names the cluster that the data belongs to, which nothing else here does: take it "
                      "from a backup, or write it again (\"version=1\", \"cluster.id=...\", \"node.id=...\", a "
                      "line each). Without the file the directory counts as one of a new cluster.",
                      directory.path_, meta.error().message));
    directory.meta_ = *std::move(meta);
  }
  return directory;
}

Error DataDirectory::explained(const std::string& path, Error error) {
  std::string_view advice;
  if (Disk::is_full(error))
    advice = "make room there and start again; what was acknowledged is not touched by this";
  else if (Disk::is_denied(error))
    advice = "the directory and its files have to belong to the user of this process (chown -R)";
  else if (Disk::is_out_of_files(error))
    advice = "raise the limit of open files (ulimit -n, or LimitNOFILE= of the unit)";
  else if (error.message.ends_with("Read-only file system"))
    advice =
        "mount it writable (the kernel makes a disk with errors read-only: see dmesg), or name it in ReadWritePaths= "
        "of "
        "the unit (systemctl cat thalweg), or set log.dirs elsewhere";
  else if (error.message.ends_with("Is a directory") || error.message.ends_with("Not a directory"))
    advice = "move it out of the way";
  if (advice.empty()) return error;
  return {error.code, fmt::format("log directory {} cannot be used: {}; {}", path, error.message, advice)};
}

std::string DataDirectory::file(std::string_view name) const { return path_ + "/" + std::string(name); }

Task<Result<>> DataDirectory::write_meta(MetaProperties meta) {
  CO_TRY_VOID(co_await disk_->replace_file(file(kMetaFile), SharedBytes::copy_of(std::string_view(to_text(meta)))));
  meta_ = std::move(meta);
  co_return Result<>{};
}

bool DataDirectory::clean_shutdown() const { return disk_->exists(file(kCleanShutdown)); }

Task<Result<>> DataDirectory::clear_clean_shutdown() const {
  CO_TRY_VOID(disk_->remove(file(kCleanShutdown)));
  co_return co_await disk_->sync_directory(path_);
}

Task<Result<>> DataDirectory::mark_clean_shutdown(std::int64_t broker_epoch) const {
  const std::string text = "{\"version\":0,\"brokerEpoch\":" + std::to_string(broker_epoch) + "}";
  co_return co_await disk_->replace_file(file(kCleanShutdown), SharedBytes::copy_of(text));
}

Result<DataDirectory::Folders> DataDirectory::folders() const {
  Folders found;
  TRY(const auto entries, disk_->list(path_));
  for (const DirectoryEntry& entry : entries) {
    if (!entry.is_directory) continue;
    if (auto partition = parse_folder_name(entry.name))
      found.partitions.push_back(*std::move(partition));
    else if (auto future = parse_future_folder_name(entry.name))
      found.futures.emplace_back(*std::move(future), entry.name);
    else if (entry.name.ends_with("-delete"))
      found.deleted.push_back(entry.name);
    else
      found.other.push_back(entry.name);
  }
  return found;
}

std::string DataDirectory::folder_of(const TopicPartition& partition) const { return file(to_string(partition)); }

}  // namespace thalweg::storage
