#include "decode/protobuf_reader.h"

#include <algorithm>
#include <bit>

#include "base/base64.h"
#include "base/utf8.h"
#include "base/varint.h"
#include "decode/json_sink.h"
#include "decode/proto_types.h"
#include "decode/protobuf_wire.h"

namespace thalweg::decode {
namespace {

namespace proto = schema::protobuf;

constexpr std::size_t kMessageDepthMax = 64;
constexpr std::size_t kIndexesMax = 64;

struct Scalar {
  std::string_view type;
  WireType wire;
};
constexpr Scalar kScalars[] = {
    {"double", WireType::kFixed64},  {"float", WireType::kFixed32},    {"int32", WireType::kVarint},
    {"int64", WireType::kVarint},    {"uint32", WireType::kVarint},    {"uint64", WireType::kVarint},
    {"sint32", WireType::kVarint},   {"sint64", WireType::kVarint},    {"fixed32", WireType::kFixed32},
    {"fixed64", WireType::kFixed64}, {"sfixed32", WireType::kFixed32}, {"sfixed64", WireType::kFixed64},
    {"bool", WireType::kVarint},
};

std::optional<WireType> wire_of(std::string_view type) {
  const auto known = std::ranges::find(kScalars, type, &Scalar::type);
  return known == std::end(kScalars) ? std::nullopt : std::optional(known->wire);
}

class ProtobufReader {
 public:
  ProtobufReader(const proto::Files& files, std::size_t text_max) : types_(files), sink_(text_max) {}

  Reading read(BytesView bytes) {
    BytesView rest = bytes;
    const auto root = root_of(rest);
    if (root) message(*root, rest, bytes.size() - rest.size(), 0);
    if (flaw_) return std::unexpected(*std::move(flaw_));
    Decoded out{.format = Format::kProtobuf, .text = {}, .is_json = true, .cut = sink_.full(), .why = {}, .flaw = {}};
    out.text = sink_.take();
    if (blemish_) out.flaw = std::move(blemish_);
    return out;
  }

 private:
  bool wrong(std::size_t at, std::string message) {
    flaw_ = Flaw{Format::kProtobuf, at, std::move(message)};
    return false;
  }
  bool wrong(Flaw flaw) {
    flaw_ = std::move(flaw);
    return false;
  }

  // Confluent's "message indexes": zigzag numbers, their count first; 0 alone for the one index 0.
  std::optional<ProtoMessage> root_of(BytesView& rest) {
    std::vector<std::uint64_t> indexes;
    std::int64_t count = 0;
    const auto number = [&](std::int64_t& into) {
      const auto read = read_varint(rest, kMaxVarint64);
      if (!read) return wrong(0, "the bytes end inside the message's place in the schema");
      rest = rest.subspan(read->size);
      into = unzigzag(read->value);
      return true;
    };
    if (!number(count)) return std::nullopt;
    if (count < 0 || std::uint64_t(count) > kIndexesMax) {
      wrong(0, "the message's place in the schema has " + std::to_string(count) + " levels");
      return std::nullopt;
    }
    for (std::int64_t i = 0; i < count; ++i) {
      std::int64_t index = 0;
      if (!number(index)) return std::nullopt;
      indexes.push_back(std::uint64_t(index));
    }
    if (count == 0) indexes.push_back(0);
    auto found = types_.at(indexes);
    if (!found) wrong(0, "the schema has no message at the place that the bytes name");
    return found;
  }

  bool message(const ProtoMessage& type, BytesView bytes, std::size_t offset, std::size_t depth) {
    if (depth > kMessageDepthMax) return wrong(offset, "it is nested too deep");
    if (sink_.full()) return false;
    auto fields = read_wire(bytes, offset);
    if (!fields) return wrong(std::move(fields.error()));
    sink_.raw("{");
    for (const auto& field : type.message->fields)
      if (!member(field, type, *fields, depth)) return false;
    for (const auto& oneof : type.message->oneofs)
      for (const auto& field : oneof.fields)
        if (!member(field, type, *fields, depth)) return false;
    for (const auto& group : type.message->groups)
      if (!group_member(group, type, *fields, depth)) return false;
    for (const auto& [number, values] : *fields)
      if (!unknown(number, values)) return false;
    sink_.raw("}");
    return true;
  }

  // Writes the field where it is there, and takes it out of those that are left.
  bool member(const proto::Field& field, const ProtoMessage& type, WireFields& fields, std::size_t depth) {
    const auto node = fields.extract(std::uint32_t(field.number));
    if (node.empty()) return true;
    sink_.name(field.name);
    if (field.is_map()) return map(field, type, node.mapped(), depth);
    if (field.label == proto::Label::kRepeated) return repeated(field, type, node.mapped(), depth);
    return value(field.type, type, node.mapped().back(), depth);
  }

  bool repeated(const proto::Field& field, const ProtoMessage& type, const std::vector<WireValue>& values,
                std::size_t depth) {
    const auto packed_as = packed_wire(field.type, type);
    sink_.raw("[");
    for (const auto& one : values) {
      if (one.type == WireType::kBytes && packed_as) {
        if (!packed(*packed_as, field.type, type, one, depth)) return false;
        continue;
      }
      sink_.comma();
      if (!value(field.type, type, one, depth)) return false;
    }
    sink_.raw("]");
    return true;
  }
  std::optional<WireType> packed_wire(const std::string& name, const ProtoMessage& type) const {
    if (const auto scalar = wire_of(name)) return scalar;
    if (name == "string" || name == "bytes") return std::nullopt;
    return types_.find(name, type.full_name).is_enum ? std::optional(WireType::kVarint) : std::nullopt;
  }
  bool packed(WireType wire, const std::string& name, const ProtoMessage& type, const WireValue& all,
              std::size_t depth) {
    for (BytesView rest = all.bytes; !rest.empty();) {
      auto one = read_wire_value(wire, rest, all.at + (all.bytes.size() - rest.size()));
      if (!one) return wrong(std::move(one.error()));
      sink_.comma();
      if (!value(name, type, *one, depth)) return false;
    }
    return true;
  }

  // Entries are messages with the key as field 1 and the value as field 2; one that is missing has its default.
  bool map(const proto::Field& field, const ProtoMessage& type, const std::vector<WireValue>& entries,
           std::size_t depth) {
    sink_.raw("{");
    for (const auto& entry : entries) {
      if (entry.type != WireType::kBytes) return wrong(entry.at, "an entry of map " + field.name + " is no message");
      auto parts = read_wire(entry.bytes, entry.at);
      if (!parts) return wrong(std::move(parts.error()));
      sink_.comma();
      if (!map_key(field.key_type, (*parts)[1])) return false;
      sink_.raw(":");
      const auto& values = (*parts)[2];
      if (values.empty())
        sink_.raw("null");
      else if (!value(field.value_type, type, values.back(), depth))
        return false;
    }
    sink_.raw("}");
    return true;
  }
  bool map_key(const std::string& name, const std::vector<WireValue>& values) {
    if (name == "string") {
      text(values.empty() ? WireValue{} : values.back());
      return true;
    }
    sink_.raw("\"");
    const bool on =
        scalar(name, values.empty() ? WireValue{wire_of(name).value_or(WireType::kVarint), 0, {}, 0} : values.back());
    sink_.raw("\"");
    return on;
  }

  bool group_member(const proto::Group& group, const ProtoMessage& type, WireFields& fields, std::size_t depth) {
    const auto node = fields.extract(std::uint32_t(group.number));
    if (node.empty()) return true;
    const ProtoMessage inner{&group.message, type.full_name + "." + group.message.name};
    sink_.name(group.message.name);
    const bool many = group.label == proto::Label::kRepeated;
    if (many) sink_.raw("[");
    for (const auto& one : node.mapped()) {
      if (many) sink_.comma();
      if (one.type != WireType::kGroup) return wrong(one.at, "field " + group.message.name + " is no group");
      if (!message(inner, one.bytes, one.at, depth + 1)) return false;
      if (!many) break;
    }
    if (many) sink_.raw("]");
    return true;
  }

  bool value(const std::string& name, const ProtoMessage& scope, const WireValue& one, std::size_t depth) {
    if (sink_.full()) return false;
    if (wire_of(name)) return scalar(name, one);
    if (name == "string" || name == "bytes") {
      if (one.type != WireType::kBytes) return wrong(one.at, "a " + name + " has another wire type");
      if (name == "string")
        text(one);
      else
        sink_.string(base64(as_text(one.bytes)));
      return true;
    }
    const auto type = types_.find(name, scope.full_name);
    if (type.is_enum) return symbol(type.enumeration, one);
    if (one.type != WireType::kBytes) return wrong(one.at, "a " + name + " has another wire type");
    if (type.message) return message(*type.message, one.bytes, one.at, depth + 1);
    sink_.string(base64(as_text(one.bytes)));  // of a file that is only known by name
    return true;
  }

  void text(const WireValue& one) {
    if (!blemish_ && !is_utf8(as_text(one.bytes)))
      blemish_ = Flaw{Format::kProtobuf, one.at, "a string is not UTF-8; U+FFFD stands for what is wrong"};
    sink_.string(as_text(one.bytes));
  }

  bool symbol(const proto::Enum* known, const WireValue& one) {
    if (one.type != WireType::kVarint) return wrong(one.at, "an enum has another wire type");
    const auto number = static_cast<std::int32_t>(one.bits);
    if (known) {
      const auto named = std::ranges::find(known->values, number, &proto::EnumValue::number);
      if (named != known->values.end()) {
        sink_.string(named->name);
        return true;
      }
    }
    sink_.raw(std::to_string(number));
    return true;
  }

  bool scalar(std::string_view name, const WireValue& one) {
    if (one.type != wire_of(name)) return wrong(one.at, "a " + std::string(name) + " has another wire type");
    const auto bits = one.bits;
    const auto low = static_cast<std::uint32_t>(bits);
    if (name == "double")
      sink_.real(std::bit_cast<double>(bits));
    else if (name == "float")
      sink_.real(std::bit_cast<float>(low));
    else if (name == "bool")
      sink_.raw(bits ? "true" : "false");
    else if (name == "int32" || name == "sfixed32")
      sink_.raw(std::to_string(static_cast<std::int32_t>(low)));
    else if (name == "uint32" || name == "fixed32")
      sink_.raw(std::to_string(low));
    else if (name == "sint32")
      sink_.raw(std::to_string(static_cast<std::int32_t>(unzigzag(low))));
    else if (name == "sint64")
      sink_.raw(std::to_string(unzigzag(bits)));
    else if (name == "int64" || name == "sfixed64")
      sink_.raw(std::to_string(static_cast<std::int64_t>(bits)));
    else
      sink_.raw(std::to_string(bits));
    return true;
  }

  // By its number; of several the values in an array. Numbers as they lie there, what has a length in base64.
  bool unknown(std::uint32_t number, const std::vector<WireValue>& values) {
    sink_.name(std::to_string(number));
    if (values.size() > 1) sink_.raw("[");
    for (const auto& one : values) {
      if (sink_.full()) return false;
      if (values.size() > 1) sink_.comma();
      const bool has_bytes = one.type == WireType::kBytes || one.type == WireType::kGroup;
      if (has_bytes)
        sink_.string(base64(as_text(one.bytes)));
      else
        sink_.raw(std::to_string(one.bits));
    }
    if (values.size() > 1) sink_.raw("]");
    return true;
  }

  const ProtoTypes types_;
  JsonSink sink_;
  std::optional<Flaw> flaw_, blemish_;  // it ends here; it goes on
};

}  // namespace

Reading read_protobuf(const proto::Files& files, BytesView bytes, std::size_t text_max) {
  return ProtobufReader(files, text_max).read(bytes);
}

}  // namespace thalweg::decode
