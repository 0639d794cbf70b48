#include "raft/quorum_record.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <string>

#include "base/crc32c.h"
#include "base/endian.h"
#include "raft/wire.h"
#include "runtime/disk.h"

namespace thalweg::raft {
namespace {

constexpr std::uint32_t kRecordMagic = 0x54575131;       // "TWQ1"
constexpr std::uint32_t kHasBase = 1, kHasSelf = 2;      // flags of a record
constexpr std::uint8_t kAutoLeave = 1, kHasMembers = 2;  // flags of a base
constexpr std::size_t kChecksummedFrom = 8;

// The header, in order: magic, checksum, log id, sequence, size, flags, then the hard state.
constexpr std::size_t kLogIdAt = 8, kSequenceAt = 16, kSizeAt = 24, kFlagsAt = 28, kHardStateAt = 32;
static_assert(kHardStateAt + 3 * 8 == kRecordHeader);

constexpr std::size_t round_up(std::size_t size) { return (size + File::kBlock - 1) / File::kBlock * File::kBlock; }

struct Aligned {
  std::shared_ptr<std::byte> memory;
  MutableBytes bytes;
};

Aligned aligned(std::size_t size) {
  constexpr std::align_val_t alignment{File::kBlock};
  auto* raw = static_cast<std::byte*>(::operator new(size, alignment));
  return {std::shared_ptr<std::byte>(raw, [](std::byte* p) { ::operator delete(p, std::align_val_t{File::kBlock}); }),
          MutableBytes(raw, size)};
}

std::vector<std::byte> base_bytes(const Record& record) {
  std::vector<std::byte> bytes;
  if (record.base) put_base(bytes, *record.base);
  return bytes;
}

std::size_t payload_size(const Record& record) {
  std::size_t size = base_bytes(record).size() + (record.self == kNoMember ? 0 : sizeof(MemberId));
  for (const Entry& entry : record.entries) size += 24 + entry.data.size();
  return size;
}

std::vector<std::byte> encode_payload(const Record& record) {
  std::vector<std::byte> payload;
  payload.reserve(payload_size(record));
  put(payload, BytesView(base_bytes(record)));
  if (record.self != kNoMember) put(payload, record.self);
  for (const Entry& entry : record.entries) {
    put(payload, entry.index);
    put(payload, entry.term);
    put(payload, entry.type);
    put(payload, static_cast<std::uint32_t>(entry.data.size()));
    put(payload, entry.data.view());
  }
  return payload;
}

std::optional<Entry> take_entry(const SharedBytes& bytes, BytesView& from) {
  Entry entry;
  std::uint32_t size = 0;
  if (!take(from, entry.index) || !take(from, entry.term) || !take(from, entry.type) || !take(from, size))
    return std::nullopt;
  if (size > from.size()) return std::nullopt;
  entry.data = bytes.slice(static_cast<std::size_t>(from.data() - bytes.data()), size);
  from = from.subspan(size);
  return entry;
}

}  // namespace

std::size_t encoded_size(const Record& record) { return round_up(kRecordHeader + payload_size(record)); }

SharedBytes encode_record(const Record& record, std::uint64_t log_id, std::uint64_t sequence, std::size_t zeros) {
  const std::vector<std::byte> payload = encode_payload(record);
  const std::size_t used = kRecordHeader + payload.size();
  Aligned out = aligned(round_up(used) + zeros);
  std::byte* at = out.bytes.data();
  store_be(at, kRecordMagic);
  store_be(at + kLogIdAt, log_id);
  store_be(at + kSequenceAt, sequence);
  store_be(at + kSizeAt, static_cast<std::uint32_t>(payload.size()));
  store_be(at + kFlagsAt, (record.base ? kHasBase : 0) | (record.self != kNoMember ? kHasSelf : 0));
  store_be(at + kHardStateAt, record.hard_state.term);
  store_be(at + kHardStateAt + 8, record.hard_state.vote);
  store_be(at + kHardStateAt + 16, record.hard_state.commit);
  std::ranges::copy(payload, at + kRecordHeader);
  std::ranges::fill(out.bytes.subspan(used), std::byte{0});
  store_be(at + 4, crc32c(BytesView(at, used).subspan(kChecksummedFrom)));
  return {out.memory, out.bytes};
}

SharedBytes in_blocks(BytesView record) {
  Aligned out = aligned(round_up(record.size()));
  std::ranges::copy(record, out.bytes.data());
  std::ranges::fill(out.bytes.subspan(record.size()), std::byte{0});
  return {out.memory, out.bytes};
}

std::optional<RecordHeader> valid_record(BytesView bytes) {
  if (bytes.size() < kRecordHeader || load_be<std::uint32_t>(bytes.data()) != kRecordMagic) return std::nullopt;
  RecordHeader header;
  header.log_id = load_be<std::uint64_t>(bytes.data() + kLogIdAt);
  header.sequence = load_be<std::uint64_t>(bytes.data() + kSequenceAt);
  header.size = load_be<std::uint32_t>(bytes.data() + kSizeAt);
  if (header.size > bytes.size() - kRecordHeader) return std::nullopt;
  const std::uint32_t checksum =
      crc32c(bytes.subspan(kChecksummedFrom, kRecordHeader - kChecksummedFrom + header.size));
  if (load_be<std::uint32_t>(bytes.data() + 4) != checksum) return std::nullopt;
  return header;
}

std::size_t record_blocks(const RecordHeader& header) { return round_up(kRecordHeader + header.size); }

Result<Record> decode_record(const SharedBytes& bytes, const RecordHeader& header) {
  const auto strange = [&] {
    return fail(ErrorCode::kKafkaStorageError, "record " + std::to_string(header.sequence) +
                                                   " of the metadata log is in a form this program does not know");
  };
  Record record;
  record.hard_state.term = load_be<std::uint64_t>(bytes.data() + kHardStateAt);
  record.hard_state.vote = load_be<std::uint64_t>(bytes.data() + kHardStateAt + 8);
  record.hard_state.commit = load_be<std::uint64_t>(bytes.data() + kHardStateAt + 16);
  const auto flags = load_be<std::uint32_t>(bytes.data() + kFlagsAt);
  if ((flags & ~(kHasBase | kHasSelf)) != 0) return strange();
  BytesView rest = bytes.view().subspan(kRecordHeader, header.size);
  if (flags & kHasBase) {
    record.base = take_base(rest);
    if (!record.base) return strange();
  }
  if ((flags & kHasSelf) && (!take(rest, record.self) || record.self == kNoMember)) return strange();
  while (!rest.empty()) {
    auto entry = take_entry(bytes, rest);
    if (!entry) return strange();
    record.entries.push_back(*std::move(entry));
  }
  return record;
}

void put_base(std::vector<std::byte>& to, const Base& base) {
  put(to, base.index);
  put(to, base.term);
  const Membership& m = base.membership;
  for (const auto* list : {&m.voters, &m.learners, &m.outgoing, &m.learners_next}) {
    put(to, static_cast<std::uint32_t>(list->size()));
    for (const MemberId member : *list) put(to, member);
  }
  const bool has_members = !base.members.empty();
  put(to, static_cast<std::uint8_t>((m.auto_leave ? kAutoLeave : 0) | (has_members ? kHasMembers : 0)));
  if (has_members) put_members(to, base.members);
}

std::optional<Base> take_base(BytesView& from) {
  Base base;
  if (!take(from, base.index) || !take(from, base.term)) return std::nullopt;
  Membership& m = base.membership;
  for (auto* list : {&m.voters, &m.learners, &m.outgoing, &m.learners_next}) {
    std::uint32_t count = 0;
    if (!take(from, count) || count > from.size() / sizeof(MemberId)) return std::nullopt;
    list->resize(count);
    for (MemberId& member : *list) {
      if (!take(from, member)) return std::nullopt;
    }
  }
  std::uint8_t flags = 0;
  if (!take(from, flags) || (flags & ~(kAutoLeave | kHasMembers)) != 0) return std::nullopt;
  m.auto_leave = (flags & kAutoLeave) != 0;
  if (flags & kHasMembers) {
    auto members = take_members(from);
    if (!members) return std::nullopt;
    base.members = *std::move(members);
  }
  return base;
}

}  // namespace thalweg::raft
