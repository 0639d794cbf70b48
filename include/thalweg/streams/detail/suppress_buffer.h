// Updates of a table that wait: one for each key, the last, in the order of a time and then of the key's bytes.
// (InMemoryTimeOrderedKeyValueChangeBuffer, BufferValue)
//
// The changelog has the key, and as value the record's context, prior, old and new value, and the time; header v = 3,
// no timestamp. Kept are, in one store:
//   0, int64 time, key -> the changelog's value without the time
//   1, key -> int64 time
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "thalweg/client/export.h"
#include "thalweg/streams/detail/store.h"

namespace thalweg::streams::detail {

// Where an update came from: it goes on as if it had just come. (ProcessorRecordContext)
struct SuppressContext {
  Timestamp timestamp{};
  std::int64_t offset = 0;
  std::string topic;
  std::int32_t partition = 0;
  Headers headers;
};

struct Suppress {
  using Value = std::optional<std::string>;
  SuppressContext context;
  // `prior`: what those below know; `before`: what the last update changed.
  Value prior, before, now;
};

struct SuppressCounts {
  std::int64_t oldest = std::numeric_limits<std::int64_t>::max();
  std::size_t records = 0, bytes = 0;
};

class THALWEG_EXPORT SuppressBuffer : public StoreBase {
 public:
  explicit SuppressBuffer(StateStore& state) : state_(state) {}

  // An update of a key that waits already keeps its time and what those below know.
  void put(std::string_view key, std::int64_t time, Suppress::Value now, Suppress::Value before, SuppressContext);
  // The first as long as there is one and `go_on()`: given to `use`, then gone.
  void evict_while(const std::function<bool()>& go_on, const std::function<void(std::string_view key, Suppress)>& use);
  // What those below know of a key; nothing: it does not wait.
  std::optional<Suppress::Value> prior(std::string_view key) const;

  // Of the first; the highest there is: none waits.
  std::int64_t oldest();
  std::size_t records();
  // As Kafka Streams counts them for maxBytes.
  std::size_t bytes();

  void restore(const RawRecord&) override;

 private:
  SuppressCounts& counts();
  void write(std::string_view key, std::int64_t time, const std::string& value);
  void erase(std::string_view key, std::int64_t time);

  StateStore& state_;
  std::optional<SuppressCounts> counts_;  // counted when they are first asked for
};

}  // namespace thalweg::streams::detail
