#include "runtime/write_again.h"

#include <algorithm>
#include <vector>

#include "runtime/yielding.h"

namespace thalweg {
namespace {
constexpr std::uint64_t kCopied = 1 << 20;  // at a time
}

// The length, too: it may have been a truncation whose sync failed, and then the longer file would come back with a
// power loss.
Task<Result<>> write_again(FilePtr file) {
  std::vector<std::byte> bytes(std::min<std::uint64_t>(file->size(), kCopied));
  Pace pace(kBytesAtOnce);
  for (std::uint64_t at = 0; at < file->size(); at += bytes.size()) {
    CO_TRY(const std::size_t n, co_await file->read(at, bytes));
    CO_TRY_VOID(file->write(at, BytesView(bytes).first(n)));
    if (pace.due(n)) co_await give_way();
  }
  co_return file->truncate(file->size());
}

}  // namespace thalweg
