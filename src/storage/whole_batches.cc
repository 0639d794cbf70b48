#include "storage/whole_batches.h"

#include <algorithm>
#include <string>

#include "record/unpacker.h"
#include "runtime/yielding.h"

namespace thalweg::storage {
namespace {
constexpr std::size_t kUnpackedAtOnce = std::size_t{128} << 10;
constexpr std::size_t kKept = std::size_t{4} << 20;  // of the memory for unpacking, between two batches
}  // namespace

Task<Result<>> WholeBatches::have(std::size_t bytes) {
  if (position_ >= window_start_ && position_ + bytes <= window_start_ + window_.size()) co_return Result<>{};
  if (bytes > end_ - position_)
    co_return fail(ErrorCode::kCorruptMessage, "a batch is cut off at position " + std::to_string(position_));
  window_start_ = position_;
  window_.resize(std::min<std::uint64_t>(std::max(window_max_, bytes), end_ - position_));
  CO_TRY(const std::size_t n, co_await file_->read(position_, window_));
  window_.resize(n);
  if (n < bytes) co_return fail(ErrorCode::kKafkaStorageError, "log file is shorter than it should be");
  co_return Result<>{};
}

Task<Result<record::BatchView>> WholeBatches::next() {
  CO_TRY_VOID(co_await have(record::kBatchHeaderSize));
  CO_TRY(const auto prefix, record::BatchPrefix::read(at_position()));
  CO_TRY_VOID(co_await have(std::max(prefix.total_size, record::kBatchHeaderSize)));
  CO_TRY(const auto batch, record::BatchView::at(at_position()));
  if (!batch.crc_ok() || batch.last_offset() < batch.base_offset())
    co_return fail(ErrorCode::kCorruptMessage, "wrong CRC at position " + std::to_string(position_));
  position_ += batch.size();
  co_return batch;
}

// ---- Without their codec

struct PlainRecords::Unpacking {
  record::Unpacker unpacker;
  std::vector<std::byte> plain;
};

PlainRecords::PlainRecords() = default;
PlainRecords::~PlainRecords() = default;

Task<Result<std::optional<BytesView>>> PlainRecords::of(record::BatchView batch) {
  if (!batch.codec()) co_return fail(ErrorCode::kUnsupportedCompressionType, "batch with an unknown codec");
  if (!batch.is_compressed()) co_return batch.body();
  co_return co_await unpack(batch);
}

Task<Result<std::optional<BytesView>>> PlainRecords::unpack(record::BatchView batch) {
  if (!unpacking_) unpacking_ = std::make_unique<Unpacking>();
  auto& [unpacker, plain] = *unpacking_;
  if (plain.size() > kKept) std::vector<std::byte>().swap(plain);
  unpacker.start(*batch.codec(), batch.body());
  std::size_t size = 0;
  Pace pace(kUnpackedAtOnce);
  while (!unpacker.over()) {
    if (size >= kUnpackedMax) co_return std::optional<BytesView>{};
    if (plain.size() < size + kUnpackedAtOnce) plain.resize(std::max(plain.size() * 2, size + kUnpackedAtOnce));
    CO_TRY(const std::size_t n, unpacker.next(MutableBytes(plain).subspan(size, kUnpackedAtOnce)));
    size += n;
    if (pace.due(n + 512)) co_await give_way();
  }
  co_return BytesView(plain).first(size);
}

}  // namespace thalweg::storage
