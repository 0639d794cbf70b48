// Typed cursors over those of bytes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "thalweg/streams/detail/store_bytes.h"
#include "thalweg/streams/store_types.h"

namespace thalweg::streams::detail {

// [from, to] in bytes; `keys` decodes.
struct ByteRange {
  std::string from;
  std::optional<std::string> to;  // exclusive; nothing: no bound
};
template <class K, class V>
ByteRange key_range(const StoreCodec<K, V>& codec, const std::optional<K>& from, const std::optional<K>& to) {
  ByteRange range;
  if (from) range.from = codec.key_bytes(*from);
  if (to) range.to = codec.key_bytes(*to) + '\0';
  return range;
}

// A typed cursor over bytes. `Decode` makes (key, value) of a ByteCursor; nothing: skips the entry.
template <class K, class V, class Decode>
class DecodingSource : public Cursor<K, V>::Source {
 public:
  DecodingSource(std::unique_ptr<ByteCursor> bytes, Decode decode)
      : bytes_(std::move(bytes)), decode_(std::move(decode)) {}
  bool next(std::optional<std::pair<K, V>>& into) override {
    while (bytes_->next())
      if (auto entry = decode_(*bytes_)) return into.emplace(*std::move(entry)), true;
    return false;
  }

 private:
  std::unique_ptr<ByteCursor> bytes_;
  Decode decode_;
};
template <class K, class V, class Decode>
Cursor<K, V> decoding(std::unique_ptr<ByteCursor> bytes, Decode decode) {
  return Cursor<K, V>(std::make_unique<DecodingSource<K, V, Decode>>(std::move(bytes), std::move(decode)));
}

}  // namespace thalweg::streams::detail
