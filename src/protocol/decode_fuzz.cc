// Any bytes, given to any decoder. The first two bytes pick the message, the third the version.
// What decodes must encode to bytes that decode to the same message again.
#include <cstring>

#include "base/check.h"
#include "protocol/testing/registry_entry.h"

using thalweg::BytesView;
using thalweg::SharedBytes;
using thalweg::protocol::all_messages;
using thalweg::protocol::RegistryEntry;

namespace {

constexpr std::size_t kHeadSize = 3;

struct Choice {
  const RegistryEntry& message;
  std::int16_t version;
};

Choice choose(const std::uint8_t* head) {
  const auto messages = all_messages();
  const RegistryEntry& message = messages[(head[0] | head[1] << 8) % messages.size()];
  const int versions = message.max_version - message.min_version + 1;
  return {message, static_cast<std::int16_t>(message.min_version + head[2] % versions)};
}

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t size_max);

// Well-formed messages are rare among random bytes, so every now and then one takes the input's place.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t size_max,
                                               unsigned int seed) {
  if (seed % 16 != 0 || size < kHeadSize) return LLVMFuzzerMutate(data, size, size_max);
  data[0] = static_cast<std::uint8_t>(seed >> 4);
  data[1] = static_cast<std::uint8_t>(seed >> 12);
  const Choice choice = choose(data);
  const SharedBytes bytes = choice.message.encode_filled(seed, choice.version);
  if (kHeadSize + bytes.size() > size_max) return size;
  if (!bytes.empty()) std::memcpy(data + kHeadSize, bytes.data(), bytes.size());
  return kHeadSize + bytes.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kHeadSize) return -1;
  const Choice choice = choose(data);
  const SharedBytes bytes = SharedBytes::copy_of(std::as_bytes(std::span(data + kHeadSize, size - kHeadSize)));
  const auto once = choice.message.recode(bytes, choice.version);
  if (!once) return 0;
  const auto twice = choice.message.recode(*once, choice.version);
  CHECK(twice && *twice == *once);
  return 0;
}
