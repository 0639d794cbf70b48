#include "storage/repack_in_slices.h"

#include "record/repack.h"
#include "runtime/yielding.h"

namespace thalweg::storage {
namespace {

// What is packed in one go: a millisecond or two by most codecs and levels.
constexpr std::size_t kPackedAtOnce = std::size_t{64} << 10;

}  // namespace

std::optional<record::Codec> wanted_codec(const LogConfig& config) {
  if (config.compression_type == CompressionPolicy::kProducer) return std::nullopt;
  return static_cast<record::Codec>(config.compression_type);
}

std::optional<int> wanted_level(const LogConfig& config) {
  switch (config.compression_type) {
    case CompressionPolicy::kGzip:
      return config.compression_gzip_level;
    case CompressionPolicy::kLz4:
      return config.compression_lz4_level;
    case CompressionPolicy::kZstd:
      return config.compression_zstd_level;
    default:
      return std::nullopt;
  }
}

bool is_long_to_pack(const LogConfig& config, BytesView records, const Walked& walked) {
  const auto wanted = wanted_codec(config);
  if (!wanted || records.size() > static_cast<std::size_t>(config.max_message_bytes)) return false;
  if (walked && (!*walked || (*walked)->unpacked_bytes <= kPackedAtOnce)) return false;
  const auto batch = record::BatchView::at(records);
  if (!batch || batch->is_control() || !batch->codec() || batch->codec() == wanted) return false;
  if (walked) return true;
  // Of a producer that is trusted nobody knows what a compressed batch unpacks to; a wrong checksum must stay wrong.
  return (batch->is_compressed() || records.size() > kPackedAtOnce) && batch->crc_ok();
}

Task<Result<SharedBytes>> repack_in_slices(LogConfig config, SharedBytes records, Walked walked, Turn& turn) {
  const Turn::Held held = co_await turn.take();
  CO_TRY(const auto batch, record::BatchView::at(records));
  record::WalkRoom room;
  record::Repack repack(batch, room,
                        {.codec = *wanted_codec(config),
                         .level = wanted_level(config),
                         .plain_size = walked ? std::size_t((*walked)->unpacked_bytes) : records.size(),
                         .size_max = static_cast<std::size_t>(config.max_message_bytes)});
  while (!repack.over()) {
    CO_TRY_VOID(repack.step(kPackedAtOnce));
    co_await give_way();
  }
  co_return std::move(repack).finish();
}

}  // namespace thalweg::storage
