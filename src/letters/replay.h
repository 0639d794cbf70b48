// The way back: where a dead letter is sent to, what is left of its headers, and why some stay. The command line and
// the console send letters back by these rules; the toolkit, which links nothing of the server, has the same in
// client/dead_letters.cc.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/types.h"
#include "letters/dead_letter.h"

namespace thalweg::letters {

// The consumer group whose committed offsets say what was sent back before (ReplayMarks).
inline constexpr std::string_view kReplayGroup = "thalweg-dlq-replay";

// Why a letter stays where it is.
enum class Stays { kHoldsNoRecord, kNamesNoTopic, kComesFromQueue };
// Behind its place: "does not say where it comes from".
std::string_view sentence(Stays why);

// The topic that a letter goes to: `to` where one is named, else where it comes from. Never the queue itself: there it
// would be sent back again and again.
std::expected<std::string, Stays> way_back(const DeadLetter& letter, bool has_key, bool has_value,
                                           std::string_view queue, const std::optional<std::string>& to = {});

// A header of a record that goes back says which letter it was, so that who handles it can tell a second arrival, and
// another how often it has gone back.
inline constexpr std::string_view kReplayOf = "thalweg-replay-of";        // "dlq.orders/3/4711"
inline constexpr std::string_view kReplayCount = "thalweg-replay-count";  // "1"

struct LetterPlace {
  std::string_view queue;
  PartitionId partition;
  Offset offset;
};
using OwnedHeader = std::pair<std::string, std::optional<std::string>>;
// The record's own, in their order, and behind them these two; those of an earlier replay are replaced.
std::vector<OwnedHeader> headers_back(std::span<const HeaderBytes> headers, const LetterPlace& place);

}  // namespace thalweg::letters
