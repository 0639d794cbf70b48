// From types to the bytes of stores and back: serdes with a store's changelog as their topic, numbers as Kafka writes
// them, and typed cursors.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "thalweg/streams/detail/store.h"
#include "thalweg/streams/detail/window_math.h"
#include "thalweg/streams/types.h"

namespace thalweg::streams::detail {

template <class T>
Serde<T> serde_or(MaybeSerde<T> given) {
  if (given) return *std::move(given);
  if constexpr (kIsWindowed<T>) {  // the type does not say which windows they are
    const Error none{.code = client::kCannotWrite,
                     .message = "a windowed key needs time_windowed() or session_windowed()"};
    return Serde<T>(
        "none",
        [none](const T&, std::string&, const client::SerdeContext&) -> Result<> { return std::unexpected(none); },
        [none](std::string_view, const client::SerdeContext&) -> Result<T> { return std::unexpected(none); });
  } else {
    return client::serde_of<T>();
  }
}

// Big endian, so that bytes sort as numbers do; negative ones sort last.
inline void append_i64(std::string& out, std::int64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> shift));
}
// REQUIRES: 8 bytes at `at`
inline std::int64_t read_i64(std::string_view bytes, std::size_t at = 0) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 8; ++i) bits = bits << 8 | static_cast<unsigned char>(bytes[at + i]);
  return static_cast<std::int64_t>(bits);
}

inline std::int64_t millis(Timestamp time) { return time.time_since_epoch().count(); }
inline Timestamp at_millis(std::int64_t time) { return Timestamp(milliseconds(time)); }

// The first bytes that come after all that begin with `prefix`; nothing: none do.
inline std::optional<std::string> after_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  if (prefix.empty()) return {};
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

[[noreturn]] inline void bytes_are_damaged(std::string_view store, std::string_view what) {
  throw StoreFailure({.code = client::kBadBytes,
                      .message = "store '" + std::string(store) + "': " + std::string(what) +
                                 "; where its serde has changed, remove the store's local state and its changelog",
                      .fatal = true});
}

// The two serdes of a store.
template <class K, class V>
class StoreCodec {
 public:
  StoreCodec(std::string store, std::string changelog, Serde<K> key, Serde<V> value)
      : store_(std::move(store)), topic_(std::move(changelog)), key_(std::move(key)), value_(std::move(value)) {}

  std::string key_bytes(const K& key) const { return bytes(key_, key, true); }
  std::string value_bytes(const V& value) const { return bytes(value_, value, false); }
  void append_value(const V& value, std::string& out) const { append(value_, value, false, out); }
  K key(std::string_view bytes) const { return read(key_, bytes, true); }
  V value(std::string_view bytes) const { return read(value_, bytes, false); }
  const std::string& store() const { return store_; }

 private:
  template <class T>
  void append(const Serde<T>& serde, const T& value, bool is_key, std::string& out) const {
    if (auto ok = serde.write(value, out, {.topic = topic_, .is_key = is_key}); !ok)
      throw std::runtime_error("store '" + store_ + "': " + ok.error().message);
  }
  template <class T>
  std::string bytes(const Serde<T>& serde, const T& value, bool is_key) const {
    std::string out;
    append(serde, value, is_key, out);
    return out;
  }
  template <class T>
  T read(const Serde<T>& serde, std::string_view bytes, bool is_key) const {
    auto value = serde.read(bytes, {.topic = topic_, .is_key = is_key});
    if (!value) bytes_are_damaged(store_, value.error().message);
    return *std::move(value);
  }

  std::string store_, topic_;
  Serde<K> key_;
  Serde<V> value_;
};

}  // namespace thalweg::streams::detail
