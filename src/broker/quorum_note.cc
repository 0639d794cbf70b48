#include "broker/quorum_note.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "runtime/write_again.h"

namespace thalweg::broker {
namespace {

constexpr std::string_view kFile = "thalweg-quorum", kLogFolder = "__cluster_metadata-0";
constexpr std::string_view kAside = ".copy";

std::string path_in(const std::string& directory) { return fmt::format("{}/{}", directory, kFile); }

// The value of the next line, which must be `name`'s.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view name) {
  if (!text.starts_with(name) || text.size() <= name.size() || text[name.size()] != '=') return std::nullopt;
  text.remove_prefix(name.size() + 1);
  const auto end = text.find('\n');
  if (end == text.npos) return std::nullopt;
  const auto value = text.substr(0, end);
  text.remove_prefix(end + 1);
  return value;
}

template <class T>
std::optional<T> number(std::optional<std::string_view> text) {
  T value{};
  if (!text || text->empty()) return std::nullopt;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), value);
  if (read.ec != std::errc() || read.ptr != text->data() + text->size()) return std::nullopt;
  return value;
}

std::optional<Own> founding_of(std::optional<std::string_view> text) {
  for (const Own own : {Own::kEmpty, Own::kFormatted, Own::kReady, Own::kMember, Own::kLost})
    if (text == name(own)) return own;
  return std::nullopt;
}

}  // namespace

std::string to_text(const QuorumNote& note) {
  return fmt::format("version=1\nincarnation={}\nfounding={}\ncluster.id={}\nmember={}\ndirectory.id={}\n",
                     note.incarnation, name(note.founding), note.cluster_id, note.member, to_string(note.directory)) +
         (note.born ? fmt::format("born={}\n", *note.born) : "");
}

Result<QuorumNote> parse_quorum_note(std::string_view text) {
  const auto version = take_line(text, "version");
  const auto incarnation = number<std::int64_t>(take_line(text, "incarnation"));
  const auto founding = founding_of(take_line(text, "founding"));
  const auto cluster = take_line(text, "cluster.id");
  const auto member = number<std::uint64_t>(take_line(text, "member"));
  const auto directory_text = take_line(text, "directory.id");
  const auto directory = directory_text ? Uuid::parse(*directory_text) : std::nullopt;
  const bool says_born = !text.empty();  // no older release does
  const auto born = says_born ? number<std::int64_t>(take_line(text, "born")) : std::nullopt;
  if (version != "1" || (says_born && !born) || !incarnation || *incarnation < 0 || !founding || !cluster || !member ||
      !directory || !text.empty())
    return fail(ErrorCode::kKafkaStorageError, "not a note of the quorum");
  return QuorumNote{*incarnation, *founding, std::string(*cluster), *member, *directory, born};
}

Result<QuorumNote> read_quorum_note(Disk& disk, const std::string& directory) {
  const std::string path = path_in(directory);
  if (!disk.exists(path)) return QuorumNote();
  TRY(const SharedBytes text, disk.read_file(path));
  auto note = parse_quorum_note(text.text());
  if (!note)
    return fail(note.error().code,
                path +
                    " cannot be read. It says who this disk is to the metadata quorum. Take it from a backup, or let "
                    "this node join again with an empty metadata directory.");
  return note;
}

Task<Result<>> write_quorum_note(Disk& disk, std::string directory, QuorumNote note) {
  return disk.replace_file(path_in(directory), [note = std::move(note)](std::optional<std::int64_t> born) mutable {
    note.born = born;
    return to_text(note);
  });
}

bool is_copy(Disk& disk, const std::string& path, std::optional<std::int64_t> born) {
  const auto now = disk.born(path);
  return born && now && *born != *now;
}

bool is_copy(Disk& disk, const std::string& directory, const QuorumNote& note) {
  return is_copy(disk, path_in(directory), note.born);
}

Task<Result<>> set_metadata_log_aside(Disk& disk, std::string directory) {
  const std::string folder = fmt::format("{}/{}", directory, kLogFolder), aside = fmt::format("{}{}", folder, kAside);
  CO_TRY_VOID(disk.remove_directory(aside));
  CO_TRY_VOID(disk.rename(folder, aside));
  co_return co_await disk.sync_directory(directory);
}

bool has_metadata_log(Disk& disk, const std::string& directory) {
  const std::string folder = fmt::format("{}/{}", directory, kLogFolder);
  if (!disk.exists(folder)) return false;
  const auto files = disk.list(folder);
  if (!files) return true;  // what cannot be looked at is not nothing
  for (const auto& file : *files)
    if (file.name.ends_with(".log") || file.name.ends_with(".checkpoint")) return true;
  return false;
}

Task<Result<>> make_metadata_log_durable(Disk& disk, std::string directory) {
  const std::string folder = fmt::format("{}/{}", directory, kLogFolder);
  CO_TRY(const auto entries, disk.list(folder));
  for (const auto& entry : entries) {
    if (entry.is_directory) continue;
    CO_TRY(const FilePtr file, disk.open(fmt::format("{}/{}", folder, entry.name), OpenMode::kReadWrite));
    CO_TRY_VOID(co_await write_again(file));
    CO_TRY_VOID(co_await file->sync());
  }
  CO_TRY_VOID(co_await disk.sync_directory(folder));
  co_return co_await disk.sync_directory(directory);
}

}  // namespace thalweg::broker
