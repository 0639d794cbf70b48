#include "storage/file_cache.h"

#include "base/check.h"

namespace thalweg::storage {

FileCache::FileCache(Disk& disk, std::size_t usual, std::size_t most) : disk_(disk), usual_(usual), most_(most) {
  CHECK(usual_ >= 1 && usual_ <= most_);
}

Result<FilePtr> FileCache::open(const std::string& path) { return find_or(path, OpenMode::kReadWrite); }
Result<FilePtr> FileCache::create(const std::string& path) { return find_or(path, OpenMode::kCreate); }

Result<FilePtr> FileCache::find_or(const std::string& path, OpenMode mode) {
  if (const auto found = by_path_.find(path); found != by_path_.end()) {
    files_.splice(files_.begin(), files_, found->second);
    return found->second->file;
  }
  shrink_to(usual_ - 1);
  if (files_.size() >= most_ && !close_one(files_.size())) return std::unexpected(Disk::out_of_files(path));
  auto file = disk_.open(path, mode);
  // The process has none left, whoever took them: what nobody needs right now is given back, down to the last.
  while (!file && Disk::is_out_of_files(file.error()) && close_one(files_.size())) file = disk_.open(path, mode);
  if (!file) return file;
  files_.push_front({path, *file});
  by_path_.emplace(path, files_.begin());
  return file;
}

void FileCache::shrink_to(std::size_t size) {
  while (files_.size() > size && close_one(kLooksPerFile)) {
  }
}

// The least recently used one that nobody holds. Those that somebody holds are in use, so they move to the front.
bool FileCache::close_one(std::size_t looks) {
  for (std::size_t i = 0; i < looks && !files_.empty(); ++i) {
    const auto last = std::prev(files_.end());
    if (last->file.use_count() == 1) {  // other shards may hold one, but only this one gives them out
      by_path_.erase(last->path);
      files_.pop_back();
      return true;
    }
    files_.splice(files_.begin(), files_, last);
  }
  return false;
}

void FileCache::forget(const std::string& path) {
  const auto found = by_path_.find(path);
  if (found == by_path_.end()) return;
  files_.erase(found->second);
  by_path_.erase(found);
}

}  // namespace thalweg::storage
