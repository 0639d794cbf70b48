#include "group/commit_limits.h"

#include <string_view>
#include <variant>

namespace thalweg::group {
namespace {

std::size_t utf16_length(std::string_view utf8) {
  std::size_t length = 0;
  for (const unsigned char byte : utf8) {
    const bool continues = (byte & 0xC0) == 0x80, is_pair = byte >= 0xF0;
    length += continues ? 0 : is_pair ? 2 : 1;
  }
  return length;
}

}  // namespace

bool metadata_fits(const std::optional<std::string>& metadata, const GroupConfig& config) {
  return !metadata || utf16_length(*metadata) <= config.offset_metadata_length_max;
}

bool fits_one_append(const std::vector<OffsetsRecord>& commit, std::size_t bytes_max) {
  constexpr std::size_t kNumbersMax = 128;  // all of a record but its strings
  std::size_t bound = 0, exact = 0;
  for (const auto& record : commit) {
    const auto& offset = std::get<OffsetRecord>(record);
    bound += kNumbersMax + offset.group.size() + offset.topic.size() + offset.value->metadata.size();
  }
  if (bound <= bytes_max) return true;
  for (const auto& record : commit) exact += size_in_batch(record).value_or(0);
  return exact <= bytes_max;
}

}  // namespace thalweg::group
