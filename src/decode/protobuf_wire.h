// The fields of one Protobuf message as they lie in its bytes, before anybody knows what they are.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <vector>

#include "base/bytes.h"
#include "decode/decoded.h"

namespace thalweg::decode {

enum class WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kGroup = 3, kEndGroup = 4, kFixed32 = 5 };

// A value: of a number `bits`, of what has a length or is a group `bytes`.
struct WireValue {
  WireType type = WireType::kVarint;
  std::uint64_t bits = 0;
  BytesView bytes;
  std::size_t at = 0;  // where it begins
};
using WireFields = std::map<std::uint32_t, std::vector<WireValue>>;  // by number, values in their order

// `offset` is where `bytes` lie in what flaws count from.
std::expected<WireFields, Flaw> read_wire(BytesView bytes, std::size_t offset);
// One value of that type at the beginning of `bytes`, as packed fields have them; takes it away.
std::expected<WireValue, Flaw> read_wire_value(WireType type, BytesView& bytes, std::size_t offset);

}  // namespace thalweg::decode
