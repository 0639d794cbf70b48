#include "sim/sim_disk.h"

#include <algorithm>

namespace thalweg::sim {
namespace {

constexpr std::size_t kSector = 512;
using Content = std::vector<std::byte>;

std::unexpected<Error> failure(std::string_view path, const char* why) {
  return fail(ErrorCode::kKafkaStorageError, std::string(path) + ": " + why);
}

void put(Content& content, std::uint64_t position, BytesView bytes) {
  if (bytes.empty()) return;
  if (content.size() < position + bytes.size()) content.resize(position + bytes.size());
  std::memcpy(content.data() + position, bytes.data(), bytes.size());
}

// The next part of a path, which goes off its front; empty at the end.
std::string_view next_part(std::string_view& path) {
  for (;;) {
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(part.size());
    if (part != ".") return part;
  }
}
bool is_root(std::string_view path) { return next_part(path).empty(); }

// A change that is in the page cache and perhaps not on the disk.
struct Change {
  std::uint64_t sequence;
  bool is_truncate;
  std::uint64_t position;  // or the new size
  SharedBytes bytes;
};

void make_change(Content& to, const Change& change) {
  if (change.is_truncate)
    to.resize(change.position);
  else
    put(to, change.position, change.bytes);
}

// What a write leaves behind when power fails in the middle: any of its sectors. Says whether it is all there.
bool apply_torn(Simulation& simulation, Content& to, std::uint64_t position, BytesView bytes) {
  bool whole = true;
  while (!bytes.empty()) {
    const std::size_t n = std::min(bytes.size(), kSector - position % kSector);
    const bool kept = simulation.below(2) == 0;
    if (kept) put(to, position, bytes.first(n));
    whole = whole && kept;
    position += n;
    bytes = bytes.subspan(n);
  }
  return whole;
}

}  // namespace

struct SimDisk::Inode {
  Inode(std::shared_ptr<std::uint64_t> used, std::int64_t number) : born(number), used_(std::move(used)) {}
  ~Inode() { *used_ -= cache.size(); }
  void change(Change c, Timestamp now) {
    modified = now;
    *used_ -= cache.size();
    make_change(cache, c);
    *used_ += cache.size();
    dirty.push_back(std::move(c));
  }
  // Changes before `end` reach the disk, or are dropped. Says how many were dropped that had been called durable.
  std::uint64_t clean(std::uint64_t end, bool written) {
    std::size_t n = 0;
    std::uint64_t broken = 0;
    for (; n < dirty.size() && dirty[n].sequence < end; ++n)
      written ? make_change(durable, dirty[n]) : void(broken += dirty[n].sequence < claimed);
    dirty.erase(dirty.begin(), dirty.begin() + static_cast<std::ptrdiff_t>(n));
    return broken;
  }
  void reset_cache() {
    *used_ -= cache.size();
    cache = durable;
    *used_ += cache.size();
  }
  const std::int64_t born;
  Content cache, durable;
  std::vector<Change> dirty;
  std::uint64_t unread_from = UINT64_MAX;  // the changes from this one on were written unread
  std::uint64_t next_sequence = 0;
  Timestamp modified = kStartOfTime;       // of the last change, on the disk or not
  std::uint64_t claimed = 0;               // a sync lied that all changes before this one are durable
  std::map<std::uint64_t, Change> direct;  // durable writes under way

 private:
  const std::shared_ptr<std::uint64_t> used_;
};

struct SimDisk::Directory {
  using Names = std::map<std::string, Entry, std::less<>>;

  void set(std::string_view name, Entry entry) {
    const auto at = now.find(name);
    at == now.end() ? void(now.emplace(name, entry)) : void(at->second = entry);
    unsynced.push_back({std::string(name), std::move(entry)});
    ++changes;
  }
  void erase(Names::iterator at) {
    unsynced.push_back({at->first, {}});
    ++changes;
    now.erase(at);
  }
  // The changes before number `end` are on the disk.
  void clean(std::uint64_t end) {
    const std::uint64_t first = changes - unsynced.size();
    const auto until = unsynced.begin() + static_cast<std::ptrdiff_t>(std::max(end, first) - first);
    for (auto change = unsynced.begin(); change != until; ++change)
      if (change->second == Entry{})
        durable.erase(change->first);
      else
        durable.insert_or_assign(change->first, std::move(change->second));
    unsynced.erase(unsynced.begin(), until);
  }
  // Power fails, and the names are those of now, or of the last sync.
  void lose(bool kept) {
    kept ? durable = now : now = durable;
    unsynced.clear();
  }

  Names now, durable;
  std::vector<std::pair<std::string, Entry>> unsynced;  // what makes `durable` into `now`; an empty entry: removed
  std::uint64_t changes = 0;                            // so far
  std::uint64_t syncs_begun = 0, newest_synced = 0;
  bool claimed = false;  // a sync lied that the names are durable
};

SimDisk::SimDisk(Simulation& simulation, DiskFaults f)
    : faults(f),
      simulation_(simulation),
      root_(std::make_shared<Directory>()),
      open_files_promised_(f.open_files_max) {}
SimDisk::~SimDisk() = default;

std::uint64_t SimDisk::used_bytes() const { return *used_; }

Result<SimDisk::Place> SimDisk::place_of(std::string_view path) const {
  std::string_view rest = path;
  std::string_view name = next_part(rest);
  if (name.empty()) return failure(path, "not a file name");
  Directory* at = root_.get();
  for (std::string_view next = next_part(rest); !next.empty(); name = std::exchange(next, next_part(rest))) {
    const auto directory = at->now.find(name);
    if (directory == at->now.end() || !directory->second.directory) return failure(path, "no such file or directory");
    at = directory->second.directory.get();
  }
  return Place{at, name};
}

const SimDisk::Entry* SimDisk::find(std::string_view path) const {
  const auto place = place_of(path);
  if (!place) return nullptr;
  const auto at = place->parent->now.find(place->name);
  return at == place->parent->now.end() ? nullptr : &at->second;
}

Result<FilePtr> SimDisk::open(const std::string& path, OpenMode mode) {
  if (*open_files_ >= faults.open_files_max) return std::unexpected(Disk::out_of_files(path));
  TRY(const Place place, place_of(path));
  auto at = place.parent->now.find(place.name);
  if (at == place.parent->now.end()) {
    if (mode == OpenMode::kRead || mode == OpenMode::kReadWrite) return failure(path, "no such file or directory");
    place.parent->set(place.name, Entry{nullptr, make_file()});
    at = place.parent->now.find(place.name);
  }
  if (!at->second.file) return failure(path, "is a directory");
  auto file = std::make_shared<SimFile>(*this, path, at->second.file);
  if (mode == OpenMode::kTruncate || mode == OpenMode::kTruncateSecret) TRY_VOID(file->truncate(0));
  return file;
}

Result<> SimDisk::rename(const std::string& from, const std::string& to) {
  TRY(const Place source, place_of(from));
  TRY(const Place target, place_of(to));
  const auto at = source.parent->now.find(source.name);
  if (at == source.parent->now.end()) return failure(from, "no such file or directory");
  const auto there = target.parent->now.find(target.name);
  if (there != target.parent->now.end() && there->second.directory && !there->second.directory->now.empty())
    return failure(to, "directory not empty");
  Entry entry = at->second;
  source.parent->erase(at);
  target.parent->set(target.name, std::move(entry));
  return {};
}

Result<> SimDisk::remove(const std::string& path) {
  const auto place = place_of(path);
  if (!place) return {};
  const auto at = place->parent->now.find(place->name);
  if (at == place->parent->now.end()) return {};
  if (at->second.directory) return failure(path, "is a directory");
  place->parent->erase(at);
  return {};
}

Result<> SimDisk::remove_directory(const std::string& path) {
  const auto place = place_of(path);
  if (!place) return {};
  if (const auto at = place->parent->now.find(place->name); at != place->parent->now.end()) place->parent->erase(at);
  return {};
}

Result<> SimDisk::make_directory(const std::string& path) {
  Directory* at = root_.get();
  std::string_view rest = path;
  for (std::string_view part = next_part(rest); !part.empty(); part = next_part(rest)) {
    if (!at->now.contains(part)) at->set(part, Entry{std::make_shared<Directory>(), nullptr});
    const Entry& entry = at->now.find(part)->second;
    if (entry.file) return failure(path, "not a directory");
    at = entry.directory.get();
  }
  return {};
}

Result<std::vector<DirectoryEntry>> SimDisk::list(const std::string& path) {
  const Directory* directory = root_.get();
  if (!is_root(path)) {
    const Entry* entry = find(path);
    if (!entry || !entry->directory) return failure(path, "no such directory");
    directory = entry->directory.get();
  }
  std::vector<DirectoryEntry> entries;
  for (const auto& [name, entry] : directory->now) entries.push_back({name, entry.directory != nullptr});
  return entries;
}

bool SimDisk::exists(const std::string& path) { return is_root(path) || find(path) != nullptr; }

Result<Timestamp> SimDisk::modified(const std::string& path) {
  const Entry* entry = find(path);
  if (!entry || !entry->file) return failure(path, "no such file");
  return entry->file->modified;
}

std::shared_ptr<SimDisk::Inode> SimDisk::make_file() { return std::make_shared<Inode>(used_, ++files_made_); }

// Which of the files it is that were ever made: as good as a time, of which no two have the same.
std::optional<std::int64_t> SimDisk::born(const std::string& path) {
  const Entry* entry = find(path);
  return entry && entry->file ? std::optional(entry->file->born) : std::nullopt;
}

SimDisk::Entry SimDisk::copy_of(const Entry& entry) {
  if (entry.file) {
    auto file = make_file();
    file->durable = entry.file->cache;
    file->reset_cache();
    file->modified = entry.file->modified;
    return {nullptr, std::move(file)};
  }
  auto directory = std::make_shared<Directory>();
  for (const auto& [name, inside] : entry.directory->now) directory->now.emplace(name, copy_of(inside));
  directory->durable = directory->now;
  return {std::move(directory), nullptr};
}

void SimDisk::copy(const std::string& from, const std::string& to) {
  const Entry* const entry = find(from);
  const auto place = place_of(to);
  CHECK(entry && place);
  place->parent->set(place->name, copy_of(*entry));
  place->parent->clean(place->parent->changes);
}

Result<DiskSpace> SimDisk::space(const std::string&) {
  return DiskSpace{faults.capacity, faults.capacity - std::min(faults.capacity, *used_)};
}

Task<Result<>> SimDisk::sync_outcome(const std::string& path, bool& lied) {
  ++syncs_;
  co_await simulation_.wait(simulation_.between(faults.sync_min, faults.sync_max));
  lied = false;
  if (simulation_.one_in(faults.sync_fails_one_in)) {
    ++failed_syncs_;
    co_return failure(path, "input/output error");
  }
  if (simulation_.one_in(faults.sync_lies_one_in)) ++false_syncs_, lied = true;
  co_return Result<>();
}

Task<Result<>> SimDisk::sync_directory(const std::string& path) {
  const Entry* entry = find(path);
  if (!is_root(path) && (!entry || !entry->directory)) co_return failure(path, "no such directory");
  const auto directory = is_root(path) ? root_ : entry->directory;
  const std::uint64_t end = directory->changes;
  const std::uint64_t sync = ++directory->syncs_begun;
  bool lied = false;
  CO_TRY_VOID(co_await sync_outcome(path, lied));
  // Syncs may overtake each other; an older one takes nothing back.
  if (lied) {
    directory->claimed = true;
  } else if (sync > directory->newest_synced) {
    directory->newest_synced = sync;
    directory->clean(end);
    directory->claimed = false;
  }
  co_return Result<>();
}

Result<std::shared_ptr<void>> SimDisk::lock(const std::string& path) {
  TRY_VOID(open(path, OpenMode::kCreate));
  if (!locks_.insert(path).second) return failure(path, "locked by another process");
  return std::shared_ptr<void>(this, [path](void* disk) { static_cast<SimDisk*>(disk)->locks_.erase(path); });
}

void SimDisk::power_loss() {
  locks_.clear();
  lose(*root_);
}

void SimDisk::process_killed() {
  locks_.clear();
  finish_direct(*root_);
}

void SimDisk::finish_direct(Directory& directory) {
  for (auto& [name, entry] : directory.now) {
    if (entry.directory) {
      finish_direct(*entry.directory);
      continue;
    }
    lose_unread(*entry.file);
    for (auto& [id, write] : std::exchange(entry.file->direct, {})) entry.file->change(write, simulation_.date());
  }
}

void SimDisk::lose_unread(Inode& file) {
  const auto first =
      std::ranges::find_if(file.dirty, [&](const Change& change) { return change.sequence >= file.unread_from; });
  file.unread_from = UINT64_MAX;
  if (first == file.dirty.end()) return;
  const auto kept = static_cast<std::ptrdiff_t>(simulation_.below(std::uint64_t(file.dirty.end() - first) + 1));
  file.dirty.erase(first + kept, file.dirty.end());
  file.reset_cache();
  for (const Change& change : file.dirty) {
    *used_ -= file.cache.size();
    make_change(file.cache, change);
    *used_ += file.cache.size();
  }
}

void SimDisk::lose(Directory& directory) {
  if (directory.now != directory.durable) {
    const bool kept = simulation_.below(2) == 0;
    directory.lose(kept);
    broken_promises_ += !kept && directory.claimed;
  }
  directory.unsynced.clear();
  directory.claimed = false;
  for (auto& [name, entry] : directory.now) entry.directory ? lose(*entry.directory) : lose(*entry.file);
}

void SimDisk::lose(Inode& file) {
  enum { kAll, kNothing, kSome };
  const auto kept = simulation_.below(3);
  std::vector<int> fates;  // 0 lost, 1 whole, 2 torn
  for (std::size_t i = 0; i < file.dirty.size(); ++i)
    fates.push_back(kept == kAll ? 1 : kept == kNothing ? 0 : static_cast<int>(simulation_.below(3)));
  // A file system does not forget a truncation and remember what was written after it.
  bool later_kept = false;
  for (std::size_t i = fates.size(); i-- > 0;) {
    if (file.dirty[i].is_truncate && (later_kept || fates[i] == 2)) fates[i] = 1;
    later_kept = later_kept || fates[i] != 0;
  }
  for (std::size_t i = 0; i < fates.size(); ++i) {
    const Change& change = file.dirty[i];
    bool kept = fates[i] == 1;
    if (kept) make_change(file.durable, change);
    if (fates[i] == 2) kept = apply_torn(simulation_, file.durable, change.position, change.bytes);
    broken_promises_ += !kept && change.sequence < file.claimed;
  }
  for (const auto& [id, write] : file.direct) apply_torn(simulation_, file.durable, write.position, write.bytes);
  file.direct.clear();
  file.dirty.clear();
  file.unread_from = UINT64_MAX;
  file.reset_cache();
}

std::uint64_t SimFile::size() const { return inode_->cache.size(); }

Result<> SimFile::write(std::uint64_t position, BytesView bytes) {
  inode_->unread_from = UINT64_MAX;
  const std::uint64_t end = position + bytes.size();
  const std::uint64_t growth = end > size() ? end - size() : 0;
  const std::uint64_t room = disk_.faults.capacity - std::min(disk_.faults.capacity, *disk_.used_);
  const std::uint64_t refused = std::min<std::uint64_t>(growth > room ? growth - room : 0, bytes.size());
  if (const auto written = bytes.first(bytes.size() - refused); !written.empty())
    inode_->change({inode_->next_sequence++, false, position, SharedBytes::copy_of(written)}, disk_.simulation_.date());
  if (refused > 0) return std::unexpected(Disk::full(path_));
  return {};
}

// At the end of the file only, as others do it. What is written or cut otherwise brings it to the page cache first.
Result<> SimFile::write_unread(std::uint64_t position, BytesView bytes) {
  const std::uint64_t unread_from =
      position == size() ? std::min(inode_->unread_from, inode_->next_sequence) : UINT64_MAX;
  TRY_VOID(write(position, bytes));
  inode_->unread_from = unread_from;
  return {};
}

Result<> SimFile::truncate(std::uint64_t size) {
  inode_->unread_from = UINT64_MAX;
  inode_->change({inode_->next_sequence++, true, size, {}}, disk_.simulation_.date());
  return {};
}

Task<Result<std::size_t>> SimFile::read(std::uint64_t position, MutableBytes into) {
  if (disk_.simulation_.one_in(disk_.faults.cold_read_one_in))
    co_await disk_.simulation_.wait(
        disk_.simulation_.between(std::chrono::microseconds(20), std::chrono::milliseconds(2)));
  co_return read_now(position, into);
}

Result<std::size_t> SimFile::read_now(std::uint64_t position, MutableBytes into) {
  const auto& content = inode_->cache;
  if (position >= content.size() || into.empty()) return std::size_t{0};
  const std::size_t n = std::min<std::uint64_t>(into.size(), content.size() - position);
  std::memcpy(into.data(), content.data() + position, n);
  return n;
}

Task<Result<>> SimFile::sync() {
  const auto inode = inode_;
  const std::uint64_t end = inode->next_sequence;
  bool lied = false;
  const auto outcome = co_await disk_.sync_outcome(path_, lied);
  if (inode->unread_from != UINT64_MAX) inode->unread_from = std::max(inode->unread_from, end);
  if (lied)
    inode->claimed = std::max(inode->claimed, end);
  else
    disk_.broken_promises_ += inode->clean(end, outcome.has_value());
  co_return outcome;
}

Task<Result<>> SimFile::write_durable(std::uint64_t position, SharedBytes blocks) {
  CHECK(position % kBlock == 0 && blocks.size() % kBlock == 0);
  const auto inode = inode_;
  const std::uint64_t end = position + blocks.size();
  const std::uint64_t growth = end > size() ? end - size() : 0;
  if (growth > disk_.faults.capacity - std::min(disk_.faults.capacity, *disk_.used_))
    co_return std::unexpected(Disk::full(path_));
  const std::uint64_t id = inode->next_sequence++;
  inode->direct.emplace(id, Change{id, false, position, blocks});
  bool lied = false;
  const auto outcome = co_await disk_.sync_outcome(path_, lied);
  const auto done = inode->direct.extract(id);
  if (!outcome) co_return outcome;
  inode->change(done.mapped(), disk_.simulation_.date());
  if (lied)
    inode->claimed = inode->next_sequence;
  else
    inode->clean(inode->next_sequence, true);
  co_return Result<>();
}

}  // namespace thalweg::sim
