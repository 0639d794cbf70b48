#include "storage/pieces.h"

#include "runtime/disk.h"

namespace thalweg::storage {

Task<Result<SharedBytes>> gather(Pieces pieces) {
  if (pieces.size() == 1 && std::holds_alternative<SharedBytes>(pieces[0])) co_return std::get<SharedBytes>(pieces[0]);
  std::vector<std::byte> all(size_of(pieces));
  std::size_t filled = 0;
  for (const Piece& piece : pieces) {
    const MutableBytes into = MutableBytes(all).subspan(filled, size_of(piece));
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
  co_return SharedBytes::take(std::move(all));
}

}  // namespace thalweg::storage
