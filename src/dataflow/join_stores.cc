#include "thalweg/streams/detail/join_stores.h"

#include "dataflow/byte_reader.h"
#include "thalweg/streams/detail/store_bytes.h"

namespace thalweg::streams::detail {
namespace {

// Beside the segments and their highest time.
constexpr std::string_view kNumber = "\xfe";

std::uint32_t read_u32(std::string_view bytes) { return static_cast<std::uint32_t>(ByteReader(bytes).i32()); }

std::string lonely_key(const LonelyBytes::Place& place) {
  std::string key;
  append_i64(key, place.time);
  key.push_back(place.left ? 1 : 0);
  return key += place.key;
}

// Kafka's ListSerializer for entries of unequal sizes.
constexpr char kVariableSizes = 1;
std::string one_more(std::optional<std::string> list, bool left, std::string_view value) {
  if (!list) {
    list = std::string(1, kVariableSizes);
    append_i32(*list, 0);
  }
  const std::uint32_t count = read_u32(std::string_view(*list).substr(1)) + 1;
  std::string number;
  append_i32(number, static_cast<std::int32_t>(count));
  list->replace(1, 4, number);
  append_i32(*list, static_cast<std::int32_t>(value.size() + 1));
  list->push_back(left ? 1 : 0);
  list->append(value);
  return *std::move(list);
}

}  // namespace

JoinBytes::JoinBytes(StateStore& state, milliseconds retention)
    : state_(state), bytes_(state, {.retention = retention, .extra = 4}) {}

std::string JoinBytes::next_number() {
  const auto last = state_.get(kNumber);
  std::string next;
  append_i32(next, static_cast<std::int32_t>(((last && last->size() == 4 ? read_u32(*last) : 0) + 1) & 0x7fffffff));
  state_.put(kNumber, next);
  return next;
}

bool JoinBytes::put(std::string_view key, std::int64_t time, std::optional<std::string_view> value) {
  const std::string number = next_number();
  const bool kept = !value || bytes_.put(key, time, number, value);
  state_.log(bytes_.outside(key, time, number), value, at_millis(time));
  return kept;
}

void JoinBytes::restore(const RawRecord& record) {
  const auto parts = record.key ? bytes_.parts(*record.key) : std::nullopt;
  if (!parts) bytes_are_damaged(state_.name(), "a record of the changelog whose key has no time");
  state_.put(kNumber, parts->extra);
  if (record.value) bytes_.put(parts->key, parts->time, parts->extra, *record.value);
}

void LonelyBytes::add(const Place& place, std::string_view value, Timestamp now) {
  const std::string key = lonely_key(place);
  const std::string list = one_more(state_.get(key), place.left, value);
  state_.put(key, list);
  state_.log(key, list, now);
}

void LonelyBytes::remove_if_there(const Place& place, Timestamp now) {
  const std::string key = lonely_key(place);
  if (state_.get(key)) remove(key, now);
}

void LonelyBytes::remove(std::string_view key, Timestamp now) {
  state_.put(key, std::nullopt);
  state_.log(key, std::nullopt, now);
}

std::optional<LonelyBytes::Place> LonelyBytes::place(std::string_view key) {
  if (key.size() < 9) return {};
  return Place{.time = read_i64(key), .left = key[8] == 1, .key = key.substr(9)};
}

std::optional<std::vector<std::string_view>> LonelyBytes::values(std::string_view list) {
  if (list.size() < 5 || list[0] != kVariableSizes) return {};
  std::uint32_t count = read_u32(list.substr(1));
  list.remove_prefix(5);
  std::vector<std::string_view> values;
  for (; count > 0; --count) {
    if (list.size() < 5) return {};
    const std::uint32_t size = read_u32(list);
    if (size == 0 || size > list.size() - 4) return {};
    values.push_back(list.substr(5, size - 1));
    list.remove_prefix(4 + size);
  }
  return values;
}

void LonelyBytes::restore(const RawRecord& record) {
  if (!record.key || !place(*record.key))
    bytes_are_damaged(state_.name(), "a record of the changelog without its time");
  if (record.value && !values(*record.value)) bytes_are_damaged(state_.name(), "a list in the changelog is cut short");
  state_.put(*record.key, record.value);
}

}  // namespace thalweg::streams::detail
