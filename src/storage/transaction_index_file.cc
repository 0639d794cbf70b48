#include "storage/transaction_index_file.h"

namespace thalweg::storage {

Result<> TransactionIndexFile::load() {
  TRY(const FilePtr file, files_->open(path_));
  on_disk_ = file->size() / AbortedTransaction::kSize;
  rewrite_ = file->size() % AbortedTransaction::kSize != 0;
  return {};
}

Result<std::vector<AbortedTransaction>> TransactionIndexFile::entries() const {
  std::vector<AbortedTransaction> all;
  if (on_disk_ > 0) {
    TRY(const FilePtr file, files_->open(path_));
    std::vector<std::byte> bytes(on_disk_ * AbortedTransaction::kSize);
    TRY(const std::size_t n, file->read_now(0, bytes));
    TRY(all, parse_transaction_index(BytesView(bytes).first(n)));
  }
  all.insert(all.end(), tail_.begin(), tail_.end());
  return all;
}

Result<> TransactionIndexFile::truncate_to(Offset end) {
  if (empty()) return {};
  auto readable = entries();
  while (!readable && readable.error().code == ErrorCode::kCorruptMessage && on_disk_ > 0) {
    --on_disk_;
    rewrite_ = true;
    readable = entries();
  }
  TRY(const auto all, std::move(readable));
  const std::size_t keep = entries_below(all, end);
  if (keep == all.size()) return {};
  if (keep < on_disk_) {
    on_disk_ = keep;
    rewrite_ = true;
    tail_.clear();
  } else {
    tail_.erase(tail_.begin() + static_cast<std::ptrdiff_t>(keep - on_disk_), tail_.end());
  }
  return {};
}

Result<> TransactionIndexFile::flush() {
  if (tail_.empty() && !rewrite_) return {};
  TRY(const FilePtr file, files_->create(path_));
  if (rewrite_) TRY_VOID(file->truncate(on_disk_ * AbortedTransaction::kSize));
  rewrite_ = false;
  std::vector<std::byte> bytes;
  for (const AbortedTransaction& entry : tail_) {
    const auto encoded = entry.encode();
    bytes.insert(bytes.end(), encoded.begin(), encoded.end());
  }
  if (auto written = file->write(on_disk_ * AbortedTransaction::kSize, bytes); !written) {
    rewrite_ = true;
    return written;
  }
  on_disk_ += tail_.size();
  tail_ = {};
  return {};
}

}  // namespace thalweg::storage
