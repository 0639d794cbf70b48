// What is remembered of changes, as lines of a file: a checksum of eight hexadecimal digits, a space, an object of
// JSON.
//
//   5be0cd19 {"cluster":"…","since":…}        the first one: whose changes, and that all since then are here
//   1f83d9ab {"change":{"at":…,"source":…}}   a change
//   9b05688c {"seen":{"index":…,"at":…}}      all that the metadata say up to there stands above; also beside a change
//
// What one look at the metadata found ends with the index of that look. Where it does not, a crash came between, and
// the same is found again from the index before: so nothing is told twice. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "console/api_types.h"

namespace thalweg::console {

// How far the metadata were looked at.
struct SeenUpTo {
  std::int64_t index = 0;
  Timestamp at = kNoTimestamp;
  bool stopped = false;  // the server was told to stop then
  friend bool operator==(const SeenUpTo&, const SeenUpTo&) = default;
};

struct ChangeLine {
  struct Head {
    std::string cluster;
    Timestamp since = kNoTimestamp;
  };
  std::optional<Head> head;
  std::optional<Change> change;
  std::optional<SeenUpTo> seen;
};

// With its line feed, filled up with spaces to `size` bytes where it is shorter. A `gone` is not written: it is what
// the image says when somebody asks.
std::string written(const ChangeLine& line, std::size_t size = 0);
// Without its line feed. Nothing where it is damaged. Members that are not known are passed over.
std::optional<ChangeLine> read_line(std::string_view text);

}  // namespace thalweg::console
