#include "storage/partition_metadata_file.h"

#include <optional>

namespace thalweg::storage {
namespace {

std::unexpected<Error> bad_metadata(const char* what) {
  return fail(ErrorCode::kKafkaStorageError, std::string("partition.metadata ") + what);
}

// The value of the line "key: value" at the front of `text`, which it takes off.
std::optional<std::string_view> take_value(std::string_view& text, std::string_view key) {
  const auto end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!line.starts_with(key)) return std::nullopt;
  line.remove_prefix(key.size());
  if (!line.starts_with(':')) return std::nullopt;
  const auto value = line.find_first_not_of(" \t", 1);
  return value == line.npos ? std::nullopt : std::optional(line.substr(value));
}

}  // namespace

Result<Uuid> parse_partition_metadata(std::string_view text) {
  const auto version = take_value(text, "version");
  if (version != "0") return bad_metadata("has an unknown version");
  const auto topic_id = take_value(text, "topic_id");
  const auto uuid = topic_id ? Uuid::parse(*topic_id) : std::nullopt;
  if (!uuid || uuid->is_zero()) return bad_metadata("has no topic id");
  return *uuid;
}

std::string print_partition_metadata(Uuid topic_id) { return "version: 0\ntopic_id: " + to_string(topic_id); }

Result<> write_partition_metadata(Disk& disk, const std::string& directory, Uuid topic_id) {
  if (topic_id.is_zero()) return {};
  TRY(const FilePtr file, disk.open(directory + "/" + std::string(kPartitionMetadataFile), OpenMode::kTruncate));
  return file->write(0, as_bytes(print_partition_metadata(topic_id)));
}

}  // namespace thalweg::storage
