#include "thalweg/streams/detail/foreign_key.h"

#include <bit>

#include "dataflow/byte_reader.h"
#include "thalweg/streams/detail/store_bytes.h"

namespace thalweg::streams::detail {
namespace {

constexpr std::uint64_t kSeed = 104729;
constexpr std::uint64_t kFirst = 0x87c37b91114253d5, kSecond = 0x4cf5ad432745937f;
constexpr std::uint8_t kSubscriptionVersion = 1, kNoHash = 0x80;

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}
std::uint64_t mixed_first(std::uint64_t k) { return std::rotl(k * kFirst, 31) * kSecond; }
std::uint64_t mixed_second(std::uint64_t k) { return std::rotl(k * kSecond, 33) * kFirst; }
std::uint64_t finished(std::uint64_t h) {
  h = (h ^ h >> 33) * 0xff51afd7ed558ccd;
  h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53;
  return h ^ h >> 33;
}

void append_hash(std::string& out, const RowHash& hash) {
  for (const std::uint64_t half : hash) append_i64(out, static_cast<std::int64_t>(half));
}
RowHash read_hash(ByteReader& in) {
  const auto first = static_cast<std::uint64_t>(in.i64());
  return {first, static_cast<std::uint64_t>(in.i64())};
}

Result<Subscription> read_subscription(std::string_view bytes) {
  ByteReader in(bytes);
  const std::uint8_t head = in.u8();
  const std::uint8_t instruction = in.u8();
  const std::uint8_t version = head & ~kNoHash;
  Subscription read{.instruction = static_cast<Instruction>(instruction)};
  if (!(head & kNoHash)) read.hash = read_hash(in);
  const std::size_t tail = version > 0 ? 4 : 0;
  if (!in.ok() || in.size() < tail || version > kSubscriptionVersion || instruction > 3)
    return client::bad_bytes("a subscription of a foreign-key join that is damaged or too new");
  read.primary_key = in.bytes(in.size() - tail);
  read.partition = version > 0 ? in.i32() : -1;
  return read;
}

}  // namespace

RowHash row_hash(std::string_view bytes) {
  std::uint64_t h1 = kSeed, h2 = kSeed;
  const std::size_t size = bytes.size();
  for (; bytes.size() >= 16; bytes.remove_prefix(16)) {
    h1 = (std::rotl(h1 ^ mixed_first(little_endian(bytes.substr(0, 8))), 27) + h2) * 5 + 0x52dce729;
    h2 = (std::rotl(h2 ^ mixed_second(little_endian(bytes.substr(8, 8))), 31) + h1) * 5 + 0x38495ab5;
  }
  if (bytes.size() > 8) h2 ^= mixed_second(little_endian(bytes.substr(8)));
  if (!bytes.empty()) h1 ^= mixed_first(little_endian(bytes.substr(0, 8)));
  h1 ^= size;
  h2 ^= size;
  h1 += h2;
  h2 += h1;
  h1 = finished(h1);
  h2 = finished(h2);
  h1 += h2;
  return {h1, h2 + h1};
}

Serde<Subscription> subscription_serde() {
  return {"foreign-key subscription",
          [](const Subscription& value, std::string& out, const client::SerdeContext&) -> Result<> {
            out.push_back(static_cast<char>(value.hash ? kSubscriptionVersion : kSubscriptionVersion | kNoHash));
            out.push_back(static_cast<char>(value.instruction));
            if (value.hash) append_hash(out, *value.hash);
            out += value.primary_key;
            append_i32(out, value.partition);
            return {};
          },
          [](std::string_view bytes, const client::SerdeContext&) { return read_subscription(bytes); }};
}

std::optional<AnswerBytes> split_answer(std::string_view bytes) {
  ByteReader in(bytes);
  const std::uint8_t head = in.u8();
  AnswerBytes parts;
  if (!(head & kNoHash)) parts.hash = read_hash(in);
  if (!in.ok() || (head & ~kNoHash) != 0) return {};
  if (in.size() > 0) parts.row = in.bytes(in.size());
  return parts;
}
void append_answer_head(std::string& out, const std::optional<RowHash>& hash) {
  out.push_back(static_cast<char>(hash ? 0 : kNoHash));
  if (hash) append_hash(out, *hash);
}

std::string foreign_prefix(std::string_view foreign_key) {
  std::string bytes;
  append_i32(bytes, static_cast<std::int32_t>(foreign_key.size()));
  return bytes += foreign_key;
}
std::optional<std::string_view> primary_key_in(std::string_view combined) {
  ByteReader in(combined);
  const std::int32_t size = in.i32();
  if (size < 0) return {};
  in.bytes(static_cast<std::size_t>(size));
  if (!in.ok()) return {};
  return in.bytes(in.size());
}

}  // namespace thalweg::streams::detail
