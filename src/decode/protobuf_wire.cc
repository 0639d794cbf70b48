#include "decode/protobuf_wire.h"

#include <cstring>
#include <string>

#include "base/result.h"
#include "base/varint.h"

namespace thalweg::decode {
namespace {

constexpr std::size_t kGroupDepthMax = 64;

std::unexpected<Flaw> broken(std::size_t at, std::string message) {
  return std::unexpected(Flaw{Format::kProtobuf, at, std::move(message)});
}

std::uint64_t little_endian(BytesView bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  return value;
}

struct Tag {
  std::uint32_t number;
  WireType type;
};

std::expected<std::uint64_t, Flaw> take_varint(BytesView& bytes, std::size_t offset) {
  const auto read = read_varint(bytes, kMaxVarint64);
  if (!read) return broken(offset, "the bytes end inside a number, or it is too long");
  bytes = bytes.subspan(read->size);
  return read->value;
}

std::expected<Tag, Flaw> take_tag(BytesView& bytes, std::size_t offset) {
  TRY(const auto tag, take_varint(bytes, offset));
  const auto type = tag & 7;
  if (type > 5 || tag >> 3 == 0 || tag >> 3 > 536'870'911)
    return broken(offset, "no field has number " + std::to_string(tag >> 3) + " and wire type " + std::to_string(type));
  return Tag{std::uint32_t(tag >> 3), static_cast<WireType>(type)};
}

// What lies before the end of the group, which is taken as well. Groups within it are skipped by depth.
std::expected<WireValue, Flaw> take_group(BytesView& bytes, std::size_t offset) {
  const BytesView whole = bytes;
  for (std::size_t depth = 1;;) {
    const std::size_t at = whole.size() - bytes.size();
    TRY(const auto tag, take_tag(bytes, offset + at));
    if (tag.type == WireType::kGroup) {
      if (++depth > kGroupDepthMax) return broken(offset + at, "groups are nested too deep");
    } else if (tag.type == WireType::kEndGroup) {
      if (--depth == 0) return WireValue{WireType::kGroup, 0, whole.first(at), offset};
    } else {
      TRY_VOID(read_wire_value(tag.type, bytes, offset + (whole.size() - bytes.size())));
    }
  }
}

}  // namespace

std::expected<WireValue, Flaw> read_wire_value(WireType type, BytesView& bytes, std::size_t offset) {
  WireValue value{type, 0, {}, offset};
  switch (type) {
    case WireType::kVarint: {
      TRY(value.bits, take_varint(bytes, offset));
      return value;
    }
    case WireType::kFixed64:
    case WireType::kFixed32: {
      const std::size_t size = type == WireType::kFixed64 ? 8 : 4;
      if (bytes.size() < size) return broken(offset, "the bytes end inside a number");
      value.bits = little_endian(bytes.first(size));
      bytes = bytes.subspan(size);
      return value;
    }
    case WireType::kBytes: {
      TRY(const auto size, take_varint(bytes, offset));
      if (size > bytes.size())
        return broken(offset,
                      std::to_string(size) + " bytes should follow, and there are " + std::to_string(bytes.size()));
      value.bytes = bytes.first(std::size_t(size));
      value.at = offset + varint_size(size);
      bytes = bytes.subspan(std::size_t(size));
      return value;
    }
    case WireType::kGroup:
      return take_group(bytes, offset);
    case WireType::kEndGroup:
      break;
  }
  return broken(offset, "a group ends that has not begun");
}

std::expected<WireFields, Flaw> read_wire(BytesView bytes, std::size_t offset) {
  WireFields fields;
  for (BytesView rest = bytes; !rest.empty();) {
    TRY(const auto tag, take_tag(rest, offset + (bytes.size() - rest.size())));
    TRY(const auto value, read_wire_value(tag.type, rest, offset + (bytes.size() - rest.size())));
    fields[tag.number].push_back(value);
  }
  return fields;
}

}  // namespace thalweg::decode
