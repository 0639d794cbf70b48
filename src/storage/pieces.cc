#include "storage/pieces.h"

#include <algorithm>
#include <memory>

#include "runtime/disk.h"

namespace thalweg::storage {

Task<Result<SharedBytes>> gather(Pieces pieces) {
  if (pieces.size() == 1 && std::holds_alternative<SharedBytes>(pieces[0])) co_return std::get<SharedBytes>(pieces[0]);
  // Not cleared first: the shard would be held as long as by the copy itself.
  const std::size_t size = size_of(pieces);
  auto owned = std::make_shared_for_overwrite<std::byte[]>(size);
  const MutableBytes all(owned.get(), size);
  std::size_t filled = 0;
  for (const Piece& piece : pieces) {
    const MutableBytes into = all.subspan(filled, size_of(piece));
    if (const auto* memory = std::get_if<SharedBytes>(&piece)) {
      std::copy(memory->view().begin(), memory->view().end(), into.begin());
    } else {
      const auto& range = std::get<FilePiece>(piece);
      auto* file = dynamic_cast<File*>(range.source.get());
      CHECK(file != nullptr);
      CO_TRY(const std::size_t n, co_await file->read(range.position, into));
      if (n != into.size()) co_return fail(ErrorCode::kKafkaStorageError, "log was cut while it was read");
    }
    filled += into.size();
  }
  co_return SharedBytes(std::move(owned), all);
}

}  // namespace thalweg::storage
