#include "record/repack.h"

#include <memory>

#include "base/crc32c.h"

namespace thalweg::record {

Result<std::size_t> PackingReader::feed(BytesView bytes, bool) {
  packer_.add(bytes);
  const std::size_t size = kBatchHeaderSize + packer_.size();
  if (size > size_max_)
    return fail(
        ErrorCode::kMessageTooLarge,
        "batch of " + std::to_string(size) + " bytes or more in another codec, max is " + std::to_string(size_max_));
  return bytes.size();
}

SharedBytes Repack::finish() && {
  CHECK(walk_.over());
  const SharedBytes body = std::move(walk_.reader()).finish();
  const std::size_t size = kBatchHeaderSize + body.size();
  auto memory = std::make_shared_for_overwrite<std::byte[]>(size);
  const MutableBytes whole(memory.get(), size);
  std::memcpy(whole.data(), batch_.bytes().data(), kBatchHeaderSize);
  if (!body.empty()) std::memcpy(whole.data() + kBatchHeaderSize, body.data(), body.size());
  const auto attributes =
      static_cast<std::int16_t>((batch_.attributes() & ~attribute::kCodecMask) | static_cast<std::int16_t>(codec_));
  store_be(whole.data() + batch_field::kLength, static_cast<std::int32_t>(size - kLogOverhead));
  store_be(whole.data() + batch_field::kAttributes, attributes);
  store_be(whole.data() + batch_field::kCrc, crc32c(BytesView(whole).subspan(batch_field::kAttributes)));
  return {std::move(memory), BytesView(whole)};
}

}  // namespace thalweg::record
