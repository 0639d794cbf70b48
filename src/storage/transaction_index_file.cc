#include "storage/transaction_index_file.h"

namespace thalweg::storage {

Result<> TransactionIndexFile::load() {
  TRY_VOID(file_.load());
  return {};
}

Result<std::vector<AbortedTransaction>> TransactionIndexFile::entries() const {
  if (empty()) return std::vector<AbortedTransaction>{};
  TRY(const auto bytes, file_.read_all());
  return parse_transaction_index(bytes);
}

Result<> TransactionIndexFile::truncate_to(Offset end) {
  auto readable = entries();
  while (!readable && readable.error().code == ErrorCode::kCorruptMessage && !empty()) {
    file_.keep(file_.size() - 1);
    readable = entries();
  }
  TRY(const auto all, std::move(readable));
  file_.keep(entries_below(all, end));
  return {};
}

}  // namespace thalweg::storage
