#include "broker/broker_epoch_files.h"

#include <algorithm>
#include <charconv>

#include "base/log.h"
#include "broker/quorum_note.h"
#include "storage/data_directory.h"

namespace thalweg::broker {
namespace {

constexpr std::string_view kHead = "{\"version\":1,\"brokerEpoch\":", kDirectories = ",\"directories\":[",
                           kBorn = "],\"born\":", kTail = "}\n";

std::unexpected<Error> corrupt() { return fail(ErrorCode::kCorruptMessage, "not a note of a broker epoch"); }

// Takes `expected` off the front.
bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc()) return std::nullopt;
  text.remove_prefix(std::size_t(read.ptr - text.data()));
  return number;
}

bool has_all(std::span<const DirectoryFound> found, const std::vector<Uuid>& wanted) {
  return std::ranges::all_of(
      wanted, [&](const Uuid& id) { return std::ranges::find(found, id, &DirectoryFound::id) != found.end(); });
}

// A crash between two of its files leaves older ones behind; the newest tells of the last registration.
const EpochNote* newest_of(std::span<const DirectoryFound> directories) {
  const EpochNote* newest = nullptr;
  for (const auto& one : directories)
    if (one.note && (!newest || one.note->epoch > newest->epoch)) newest = &*one.note;
  return newest;
}

std::string without_spaces(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') out += c;
  return out;
}

}  // namespace

std::string to_text(const EpochNote& note) {
  std::string text = std::string(kHead) + std::to_string(note.epoch) + std::string(kDirectories);
  for (std::size_t i = 0; i < note.directories.size(); ++i)
    text += (i == 0 ? "\"" : ",\"") + to_string(note.directories[i]) + "\"";
  text += note.born ? std::string(kBorn) + std::to_string(*note.born) : "]";
  return text + std::string(kTail);
}

Result<EpochNote> parse_epoch_note(std::string_view text) {
  EpochNote note;
  if (!take(text, kHead)) return corrupt();
  const auto epoch = take_number(text);
  if (!epoch || *epoch < 0 || !take(text, kDirectories)) return corrupt();
  note.epoch = *epoch;
  while (!text.starts_with(']')) {
    if (!note.directories.empty() && !take(text, ",")) return corrupt();
    if (!take(text, "\"")) return corrupt();
    const std::size_t end = text.find('"');
    if (end == text.npos) return corrupt();
    const auto id = Uuid::parse(text.substr(0, end));
    if (!id) return corrupt();
    note.directories.push_back(*id);
    text.remove_prefix(end + 1);
  }
  if (take(text, kBorn)) {
    note.born = take_number(text);
    if (!note.born) return corrupt();
  } else if (!take(text, "]")) {
    return corrupt();
  }
  if (text != kTail) return corrupt();
  return note;
}

// Kafka writes {"version":0,"brokerEpoch":N}, with whatever spaces its writer of JSON puts between.
Result<std::int64_t> parse_clean_stop(std::string_view text) {
  constexpr std::string_view kKey = "\"brokerEpoch\":";
  const std::string tight = without_spaces(text);
  const std::size_t at = tight.find(kKey);
  if (!tight.starts_with('{') || at == tight.npos) return corrupt();
  std::string_view rest = std::string_view(tight).substr(at + kKey.size());
  const auto epoch = take_number(rest);
  if (!epoch || *epoch < -1 || !(rest.starts_with('}') || rest.starts_with(','))) return corrupt();
  return *epoch;
}

std::int64_t claimed_epoch(std::span<const DirectoryFound> directories) {
  if (directories.empty()) return -1;
  const EpochNote* const newest = newest_of(directories);
  if (newest && std::ranges::none_of(directories, &DirectoryFound::is_copy))
    return has_all(directories, newest->directories) ? newest->epoch : -1;
  if (newest && !has_all(directories, newest->directories)) return -1;
  const auto first = directories.front().stopped_clean.value_or(-1);
  const bool all = std::ranges::all_of(directories, [&](const auto& one) { return one.stopped_clean == first; });
  return all ? first : -1;
}

storage::DirectoriesBefore directories_before(std::span<const DirectoryFound> directories) {
  const EpochNote* const newest = newest_of(directories);
  if (!newest) return {};
  storage::DirectoriesBefore before{.were_away = {}, .one_is_away = !has_all(directories, newest->directories)};
  for (const auto& one : directories)
    if (!one.id.is_zero() && std::ranges::find(newest->directories, one.id) == newest->directories.end())
      before.were_away.insert(one.id);
  return before;
}

bool was_registered(std::span<const DirectoryFound> directories) {
  return std::ranges::any_of(directories,
                             [](const auto& one) { return one.note || one.stopped_clean.value_or(-1) >= 0; });
}

DirectoryFound look_into(Disk& disk, const std::string& directory) {
  DirectoryFound found;
  const auto content = [&](std::string_view name) -> std::optional<std::string> {
    const std::string path = directory + "/" + std::string(name);
    if (!disk.exists(path)) return std::nullopt;
    const auto read = disk.read_file(path);
    return read ? std::optional(std::string(read->text())) : std::nullopt;
  };
  if (const auto text = content("meta.properties"))
    if (const auto meta = storage::parse_meta_properties(*text)) found.id = meta->directory_id;
  if (const auto text = content(kEpochFile)) {
    if (auto note = parse_epoch_note(*text))
      found.note = std::move(*note);
    else
      log::warn("a note of this broker's epoch cannot be read, it proves nothing", field("directory", directory));
    if (found.note) found.is_copy = is_copy(disk, directory + "/" + std::string(kEpochFile), found.note->born);
  }
  if (const auto text = content(storage::DataDirectory::kCleanShutdown))
    found.stopped_clean = parse_clean_stop(*text).value_or(-1);
  if (found.is_copy && !found.stopped_clean)
    log::warn(
        "a log directory was put back from a copy: what it has may be less than this broker has acknowledged, so "
        "it counts as in sync when it has caught up",
        field("directory", directory));
  return found;
}

Task<Result<>> remember_epoch(Disk& disk, std::vector<std::string> directories, std::optional<EpochNote> note) {
  for (const auto& directory : directories) {
    const std::string path = directory + "/" + std::string(kEpochFile);
    if (note) {
      // What a torn note proves is as little as the one before: that epoch ended with this registration.
      CO_TRY_VOID(co_await disk.replace_file_or_tear(path, [said = *note](std::optional<std::int64_t> born) mutable {
        said.born = born;
        return to_text(said);
      }));
    } else if (disk.exists(path)) {
      CO_TRY_VOID(disk.remove(path));
      CO_TRY_VOID(co_await disk.sync_directory(directory));
    }
  }
  co_return Result<>();
}

}  // namespace thalweg::broker
