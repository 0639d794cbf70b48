// A record of the quorum's log as bytes on disk: a header of kRecordHeader bytes, then the base if there is one, then
// whose log it is unless that goes without saying, then entries; padded to whole blocks. Everything is big-endian and
// under one checksum.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "raft/membership.h"

namespace thalweg::raft {

struct HardState {
  std::uint64_t term = 0;
  std::uint64_t vote = 0;
  std::uint64_t commit = 0;
  friend bool operator==(const HardState&, const HardState&) = default;
};

// Where a log begins: entries follow from index + 1 on.
struct Base {
  std::uint64_t index = 0;
  std::uint64_t term = 0;
  Membership membership;
  MemberTable members;
  friend bool operator==(const Base&, const Base&) = default;
};

struct Entry {
  std::uint64_t index = 0;
  std::uint64_t term = 0;
  std::uint32_t type = 0;  // rr_entry_type
  SharedBytes data;
  friend bool operator==(const Entry&, const Entry&) = default;
};

struct Record {
  HardState hard_state;
  std::optional<Base> base;    // the log starts anew here
  std::vector<Entry> entries;  // an index at or below the last one cuts what was there
  MemberId self = kNoMember;   // whose log this is; 0: incarnation 0 of this node
};

inline constexpr std::size_t kRecordHeader = 56;

struct RecordHeader {
  std::uint64_t log_id = 0;  // random, the same in all records of a log
  std::uint64_t sequence = 0;
  std::uint32_t size = 0;  // of what follows the header
};

// Bytes of `record` in its segment, in whole blocks.
std::size_t encoded_size(const Record& record);
// Whole blocks, in memory aligned for direct writes, followed by `zeros` further bytes (a multiple of the block size).
SharedBytes encode_record(const Record& record, std::uint64_t log_id, std::uint64_t sequence, std::size_t zeros);
// A copy of whole blocks, filled up with zeros, in memory aligned for direct writes.
SharedBytes in_blocks(BytesView record);
// The header at the front of `bytes` if a complete record with a right checksum is there.
std::optional<RecordHeader> valid_record(BytesView bytes);
// Bytes of a record in its segment.
std::size_t record_blocks(const RecordHeader& header);
// REQUIRES: valid_record(bytes). An error means a program that is not ours (or newer) wrote it.
Result<Record> decode_record(const SharedBytes& bytes, const RecordHeader& header);

// A base without a member table has the form that was written before there was one.
void put_base(std::vector<std::byte>& to, const Base& base);
// Takes it from the front of `from`; nothing if it is not all there.
std::optional<Base> take_base(BytesView& from);

}  // namespace thalweg::raft
