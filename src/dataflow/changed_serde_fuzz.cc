// Any bytes as a row's change on a repartition topic: parts of them, or damaged. What was read is written as it was,
// but for a length that was written with more bytes than it needs.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "thalweg/streams/detail/changed_serde.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg::streams::detail;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto parts = split_change(bytes);
  if (!parts) return 0;
  const auto copied = [](std::optional<std::string_view> part) {
    return part ? std::optional<std::string>(*part) : std::nullopt;
  };
  const std::string again = joined_change(copied(parts->now), copied(parts->before));
  if (again.size() > size || again.back() != bytes.back()) std::abort();
  const auto second = split_change(again);
  if (!second || second->now != parts->now || second->before != parts->before) std::abort();
  return 0;
}
