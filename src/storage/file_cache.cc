#include "storage/file_cache.h"

namespace thalweg::storage {

Result<FilePtr> FileCache::open(const std::string& path) { return find_or(path, OpenMode::kReadWrite); }
Result<FilePtr> FileCache::create(const std::string& path) { return find_or(path, OpenMode::kCreate); }

Result<FilePtr> FileCache::find_or(const std::string& path, OpenMode mode) {
  if (const auto found = by_path_.find(path); found != by_path_.end()) {
    files_.splice(files_.begin(), files_, found->second);
    return found->second->file;
  }
  TRY(FilePtr file, disk_.open(path, mode));
  files_.push_front({path, file});
  by_path_.emplace(path, files_.begin());
  while (files_.size() > capacity_) {
    by_path_.erase(files_.back().path);
    files_.pop_back();
  }
  return file;
}

void FileCache::forget(const std::string& path) {
  const auto found = by_path_.find(path);
  if (found == by_path_.end()) return;
  files_.erase(found->second);
  by_path_.erase(found);
}

}  // namespace thalweg::storage
