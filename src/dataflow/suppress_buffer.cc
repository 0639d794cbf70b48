#include "thalweg/streams/detail/suppress_buffer.h"

#include <algorithm>
#include <utility>

#include "dataflow/byte_reader.h"
#include "thalweg/streams/detail/store_bytes.h"

namespace thalweg::streams::detail {
namespace {

constexpr char kByTime = 0, kByKey = 1;
constexpr std::int32_t kAbsent = -1, kSameAsPrior = -2;
constexpr std::string_view kFrom{"\0", 1}, kTo{"\1", 1};
constexpr std::string_view kSuppressVersion = "\3";

std::string by_time(std::int64_t time, std::string_view key) {
  std::string bytes(1, kByTime);
  append_i64(bytes, time);
  return bytes += key;
}
std::string by_key(std::string_view key) { return std::string(1, kByKey) += key; }

void append_sized(std::string& out, const Suppress::Value& value) {
  append_i32(out, value ? static_cast<std::int32_t>(value->size()) : kAbsent);
  if (value) out += *value;
}

std::string written(const Suppress& entry) {
  std::string out;
  append_i64(out, millis(entry.context.timestamp));
  append_i64(out, entry.context.offset);
  append_sized(out, entry.context.topic);
  append_i32(out, entry.context.partition);
  append_i32(out, static_cast<std::int32_t>(entry.context.headers.size()));
  for (const auto& header : entry.context.headers) {
    append_sized(out, header.name);
    append_sized(out, header.value);
  }
  append_sized(out, entry.prior);
  if (entry.before && entry.before == entry.prior)
    append_i32(out, kSameAsPrior);
  else
    append_sized(out, entry.before);
  append_sized(out, entry.now);
  return out;
}

Suppress::Value sized(ByteReader& in) {
  const std::int32_t size = in.i32();
  return size < 0 ? Suppress::Value() : Suppress::Value(in.bytes(static_cast<std::size_t>(size)));
}

// Nothing: damaged.
std::optional<Suppress> read(std::string_view bytes) {
  ByteReader in(bytes);
  Suppress entry;
  entry.context.timestamp = at_millis(in.i64());
  entry.context.offset = in.i64();
  entry.context.topic = sized(in).value_or("");
  entry.context.partition = in.i32();
  for (std::int32_t left = in.i32(); left > 0 && in.ok(); --left) {
    std::string name = sized(in).value_or("");
    entry.context.headers.add(std::move(name), sized(in));
  }
  entry.prior = sized(in);
  const std::int32_t size = in.i32();
  if (size == kSameAsPrior)
    entry.before = entry.prior;
  else if (size >= 0)
    entry.before = std::string(in.bytes(static_cast<std::size_t>(size)));
  entry.now = sized(in);
  return in.ok() ? std::optional(std::move(entry)) : std::nullopt;
}

std::size_t size_of(const Suppress::Value& value) { return value ? value->size() : 0; }

std::size_t counted(std::string_view key, const Suppress& entry) {
  std::size_t size = 8 + key.size() + 8 + 8 + entry.context.topic.size() + 4;
  for (const auto& header : entry.context.headers) size += header.name.size() + size_of(header.value);
  if (entry.before != entry.prior) size += size_of(entry.before);
  return size + size_of(entry.prior) + size_of(entry.now);
}

}  // namespace

SuppressCounts& SuppressBuffer::counts() {
  if (counts_) return *counts_;
  counts_.emplace();
  for (const auto at = state_.scan(kFrom, kTo); at->next();) {
    const auto entry = read(at->value());
    if (!entry || at->key().size() < 9) bytes_are_damaged(state_.name(), "an update that waits is cut short");
    if (counts_->records++ == 0) counts_->oldest = read_i64(at->key(), 1);
    counts_->bytes += counted(at->key().substr(9), *entry);
  }
  return *counts_;
}

std::int64_t SuppressBuffer::oldest() { return counts().oldest; }
std::size_t SuppressBuffer::records() { return counts().records; }
std::size_t SuppressBuffer::bytes() { return counts().bytes; }

void SuppressBuffer::write(std::string_view key, std::int64_t time, const std::string& value) {
  state_.put(by_time(time, key), value);
  std::string at;
  append_i64(at, time);
  state_.put(by_key(key), at);
}
void SuppressBuffer::erase(std::string_view key, std::int64_t time) {
  state_.put(by_time(time, key), std::nullopt);
  state_.put(by_key(key), std::nullopt);
}

void SuppressBuffer::put(std::string_view key, std::int64_t time, Suppress::Value now, Suppress::Value before,
                         SuppressContext context) {
  SuppressCounts& counts = this->counts();
  Suppress entry{.context = std::move(context), .prior = before, .before = std::move(before), .now = std::move(now)};
  if (const auto at = state_.get(by_key(key))) {
    time = read_i64(*at);
    const auto waiting = state_.get(by_time(time, key));
    auto last = waiting ? read(*waiting) : std::nullopt;
    if (!last) bytes_are_damaged(state_.name(), "an update that waits is cut short");
    counts.bytes -= counted(key, *last);
    entry.prior = std::move(last->prior);
  } else {
    ++counts.records;
    counts.oldest = std::min(counts.oldest, time);
  }
  counts.bytes += counted(key, entry);
  std::string value = written(entry);
  write(key, time, value);
  append_i64(value, time);
  state_.log(key, value, std::nullopt, Headers{{"v", std::string(kSuppressVersion)}});
}

void SuppressBuffer::evict_while(const std::function<bool()>& go_on,
                                 const std::function<void(std::string_view, Suppress)>& use) {
  SuppressCounts& counts = this->counts();
  if (counts.records == 0 || !go_on()) return;
  const auto at = state_.scan(kFrom, kTo);
  bool more = at->next();
  while (more && go_on()) {
    const std::string key(at->key().substr(9));
    const std::int64_t time = read_i64(at->key(), 1);
    auto entry = read(at->value());
    if (!entry) bytes_are_damaged(state_.name(), "an update that waits is cut short");
    const std::size_t size = counted(key, *entry);
    use(key, *std::move(entry));
    erase(key, time);
    state_.log(key, std::nullopt, std::nullopt);
    counts.bytes -= size;
    --counts.records;
    more = at->next();
    counts.oldest = more ? read_i64(at->key(), 1) : std::numeric_limits<std::int64_t>::max();
  }
}

std::optional<Suppress::Value> SuppressBuffer::prior(std::string_view key) const {
  const auto at = state_.get(by_key(key));
  if (!at) return {};
  const auto waiting = state_.get(by_time(read_i64(*at), key));
  auto entry = waiting ? read(*waiting) : std::nullopt;
  if (!entry) bytes_are_damaged(state_.name(), "an update that waits is cut short");
  return std::move(entry->prior);
}

void SuppressBuffer::restore(const RawRecord& record) {
  if (!record.key) bytes_are_damaged(state_.name(), "a record of the changelog without a key");
  counts_.reset();
  if (const auto at = state_.get(by_key(*record.key))) erase(*record.key, read_i64(*at));
  if (!record.value) return;
  if (record.headers.last("v") != kSuppressVersion)
    bytes_are_damaged(state_.name(), "its changelog was written by Kafka Streams before 2.6, whose format is not read");
  const std::size_t end = record.value->size() - std::min<std::size_t>(record.value->size(), 8);
  if (end == 0 || !read(record.value->substr(0, end)))
    bytes_are_damaged(state_.name(), "an update that waits is cut short");
  write(*record.key, read_i64(*record.value, end), std::string(record.value->substr(0, end)));
}

}  // namespace thalweg::streams::detail
