// What a search finds: records cut to what is shown of them, and how much was looked at for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/types.h"

namespace thalweg::search {

// What a side says by the schema that it names.
struct ReadSide {
  std::int32_t schema_id = 0;
  std::string json;  // the beginning of it
  bool is_cut = false;
  std::string problem;  // why it cannot be read: then there is no JSON
};

// A key, a value or a header's value.
struct Side {
  std::string bytes;     // the first of them
  std::size_t size = 0;  // of all
  std::optional<ReadSide> read = {};
  bool is_cut() const { return bytes.size() < size; }
};

struct Match {
  PartitionId partition;
  Offset offset;
  Timestamp timestamp = kNoTimestamp;
  std::optional<Side> key, value;
  std::vector<std::pair<std::string, std::optional<Side>>> headers;  // the first ones
  std::size_t header_count = 0;                                      // of all
  std::vector<std::optional<std::string>> columns = {};              // as they were wished for; nothing: absent
  std::size_t size = 0;                                              // of the record, unpacked

  // What it takes in memory, about.
  std::size_t bytes() const;
};

// Why nobody knows whether a record matches.
struct TroubledRecord {
  PartitionId partition;
  Offset offset;
  std::string why;
};

// Exact, whatever order the records were looked at in.
struct Counts {
  std::uint64_t records = 0;  // looked at, or passed by because none of a batch can match
  std::uint64_t bytes = 0;    // of their batches, as they lie in the log
  std::uint64_t matches = 0;
  std::uint64_t troubled = 0;    // records of which it is not known
  std::uint64_t unreadable = 0;  // batches that do not unpack

  Counts& operator+=(const Counts& other);
  friend Counts operator-(Counts a, const Counts& b);
  friend bool operator==(const Counts&, const Counts&) = default;
};

}  // namespace thalweg::search
