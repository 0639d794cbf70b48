#include "letters/replay.h"

#include <algorithm>
#include <cstdint>

#include "base/number.h"

namespace thalweg::letters {
namespace {

// A stranger may have written anything into it.
constexpr std::int32_t kCountMax = 1'000'000;

std::int32_t times_before(std::span<const HeaderBytes> headers) {
  std::int32_t times = 0;
  for (const auto& [name, bytes] : headers)
    if (name == kReplayCount && bytes) times = parse_number<std::int32_t>(*bytes).value_or(0);
  return std::clamp(times, 0, kCountMax);
}

bool is_of_replay(std::string_view header) { return header == kReplayOf || header == kReplayCount; }

}  // namespace

std::string_view sentence(Stays why) {
  switch (why) {
    case Stays::kHoldsNoRecord:
      return "does not hold the record, only its place: the share group was not told to copy "
             "(errors.deadletterqueue.copy.record.enable)";
    case Stays::kNamesNoTopic:
      return "does not say where it comes from";
    case Stays::kComesFromQueue:
      return "comes from this queue itself";
  }
  return "";
}

std::expected<std::string, Stays> way_back(const DeadLetter& letter, bool has_key, bool has_value,
                                           std::string_view queue, const std::optional<std::string>& to) {
  if (lacks_record(letter, has_key, has_value)) return std::unexpected(Stays::kHoldsNoRecord);
  std::string topic = to ? *to : letter.topic.value_or("");
  if (topic.empty()) return std::unexpected(Stays::kNamesNoTopic);
  if (topic == queue) return std::unexpected(Stays::kComesFromQueue);
  return topic;
}

std::vector<OwnedHeader> headers_back(std::span<const HeaderBytes> headers, const LetterPlace& place) {
  std::vector<OwnedHeader> back;
  for (const auto& [name, bytes] : headers)
    if (!is_of_family(name) && !is_of_replay(name))
      back.emplace_back(name, bytes ? std::optional(std::string(*bytes)) : std::nullopt);
  back.emplace_back(kReplayOf,
                    std::string(place.queue) + "/" + to_string(place.partition) + "/" + to_string(place.offset));
  back.emplace_back(kReplayCount, std::to_string(times_before(headers) + 1));
  return back;
}

}  // namespace thalweg::letters
