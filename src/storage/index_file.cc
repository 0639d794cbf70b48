#include "storage/index_file.h"

#include <algorithm>

#include "base/check.h"

namespace thalweg::storage {

Result<bool> IndexFile::load() {
  on_disk_ = 0;
  rewrite_ = false;
  tail_.clear();
  const auto file = files_->open(path());
  if (!file && !files_->exists(path())) return true;
  if (!file) return std::unexpected(file.error());
  on_disk_ = (*file)->size() / entry_size_;
  rewrite_ = (*file)->size() % entry_size_ != 0;
  return !rewrite_;
}

void IndexFile::append(BytesView entry) {
  CHECK(entry.size() == entry_size_);
  tail_.insert(tail_.end(), entry.begin(), entry.end());
}

Result<> IndexFile::read(std::size_t i, std::byte* to) const {
  CHECK(i < size());
  if (i >= on_disk_) {
    std::copy_n(tail_.data() + (i - on_disk_) * entry_size_, entry_size_, to);
    return {};
  }
  TRY(const FilePtr file, files_->open(path()));
  TRY(const std::size_t n, file->read_now(i * entry_size_, {to, entry_size_}));
  if (n != entry_size_) return fail(ErrorCode::kKafkaStorageError, path() + ": became shorter than its entries");
  return {};
}

Result<std::vector<std::byte>> IndexFile::read_all() const {
  std::vector<std::byte> all(on_disk_ * entry_size_);
  if (on_disk_ > 0) {
    TRY(const FilePtr file, files_->open(path()));
    TRY(const std::size_t n, file->read_now(0, all));
    if (n != all.size()) return fail(ErrorCode::kKafkaStorageError, path() + ": became shorter than its entries");
  }
  all.insert(all.end(), tail_.begin(), tail_.end());
  return all;
}

void IndexFile::keep(std::size_t count) {
  CHECK(count <= size());
  if (count >= on_disk_) {
    tail_.resize((count - on_disk_) * entry_size_);
    return;
  }
  rewrite_ = true;
  on_disk_ = count;
  tail_.clear();
}

Result<> IndexFile::flush() {
  if (tail_.empty() && !rewrite_) return {};
  TRY(const FilePtr file, files_->create(path()));
  if (rewrite_) TRY_VOID(file->truncate(on_disk_ * entry_size_));
  rewrite_ = true;  // until all is there, a prefix may be
  TRY_VOID(file->write(on_disk_ * entry_size_, tail_));
  rewrite_ = false;
  on_disk_ += tail_.size() / entry_size_;
  tail_ = {};
  return {};
}

}  // namespace thalweg::storage
