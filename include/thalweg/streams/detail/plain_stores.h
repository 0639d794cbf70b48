// Stores of the Processor API: values without a timestamp of their own. What the changelog is told has the time of the
// record that is processed. (MeteredKeyValueStore over ChangeLoggingKeyValueBytesStore)
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
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

template <class K, class V>
class PlainKeyValueStore : public KeyValueStore<K, V>, public StoreBase {
 public:
  PlainKeyValueStore(StateStore& state, TaskRuntime& runtime, Serde<K> key, Serde<V> value)
      : state_(state),
        runtime_(runtime),
        codec_(state.name(), runtime.changelog_topic(state.name()), std::move(key), std::move(value)) {}

  std::optional<V> get(const K& key) const override { return read(codec_.key_bytes(key)); }
  void put(const K& key, std::optional<V> value) override { write(codec_.key_bytes(key), value); }
  std::optional<V> put_if_absent(const K& key, V value) override {
    const std::string bytes = codec_.key_bytes(key);
    auto before = read(bytes);
    if (!before) write(bytes, std::move(value));
    return before;
  }
  Cursor<K, V> range(const std::optional<K>& from, const std::optional<K>& to) const override {
    return cursor(key_range(codec_, from, to));
  }
  Cursor<K, V> prefix(std::string_view bytes) const override {
    return cursor({std::string(bytes), after_prefix(std::string(bytes))});
  }
  void restore(const RawRecord& record) override {
    if (record.key) state_.put(*record.key, record.value);
  }

 private:
  std::optional<V> read(std::string_view key) const {
    const auto bytes = state_.get(key);
    return bytes ? std::optional<V>(codec_.value(*bytes)) : std::nullopt;
  }
  void write(std::string_view key, const std::optional<V>& value) {
    std::optional<std::string> bytes;
    if (value) bytes = codec_.value_bytes(*value);
    state_.put(key, bytes);
    state_.log(key, bytes, runtime_.record_time());
  }
  Cursor<K, V> cursor(const ByteRange& range) const {
    return decoding<K, V>(state_.scan(range.from, range.to), [this](const ByteCursor& at) {
      return std::optional(std::pair(codec_.key(at.key()), codec_.value(at.value())));
    });
  }

  StateStore& state_;
  TaskRuntime& runtime_;
  StoreCodec<K, V> codec_;
};

}  // namespace thalweg::streams::detail
