#include "thalweg/client/avro.h"

#include <bit>
#include <map>

namespace thalweg::client {

struct AvroSchema::Node {
  enum class Kind {
    kNull,
    kBoolean,
    kInt,
    kLong,
    kFloat,
    kDouble,
    kBytes,
    kString,
    kRecord,
    kEnum,
    kArray,
    kMap,
    kUnion,
    kFixed
  };
  Kind kind = Kind::kNull;
  std::vector<std::pair<std::string, std::weak_ptr<const Node>>>
      fields;  // of records; branches of unions; the one of arrays and maps
  std::vector<std::string> symbols;
  std::size_t size = 0;
  std::vector<std::shared_ptr<const Node>>
      owned;  // of the root: every node, so that types that contain themselves do not own themselves
};

namespace {

using Node = AvroSchema::Node;
using Kind = Node::Kind;

constexpr int kDepthMost = 100;

class Parser {
 public:
  explicit Parser(Node& root) : root_(root) {}

  Result<std::weak_ptr<const Node>> parse(const Json& json, const std::string& space, int depth) {
    if (depth > kDepthMost) return bad_bytes("the schema is nested deeper than " + std::to_string(kDepthMost));
    if (json.is_string()) return by_name(json.get_ref<const std::string&>(), space);
    if (json.is_array()) return a_union(json, space, depth);
    if (!json.is_object() || !json.contains("type"))
      return bad_bytes("not an Avro schema: " + json.dump().substr(0, 100));
    const Json& type = json["type"];
    if (!type.is_string()) return parse(type, space, depth + 1);
    const auto& name = type.get_ref<const std::string&>();
    if (name == "record" || name == "error") return record(json, space, depth);
    if (name == "enum") return an_enum(json, space);
    if (name == "fixed") return fixed(json, space);
    if (name == "array" || name == "map")
      return many(json, name == "array" ? Kind::kArray : Kind::kMap, name == "array" ? "items" : "values", space,
                  depth);
    return by_name(name, space);
  }

 private:
  std::shared_ptr<Node> add(Kind kind) {
    auto node = std::make_shared<Node>();
    node->kind = kind;
    root_.owned.push_back(node);
    return node;
  }

  static std::string full_name(const std::string& name, const std::string& space) {
    return name.find('.') != std::string::npos || space.empty() ? name : space + "." + name;
  }

  Result<std::weak_ptr<const Node>> by_name(const std::string& name, const std::string& space) {
    static const std::map<std::string, Kind> kPrimitive{
        {"null", Kind::kNull},   {"boolean", Kind::kBoolean}, {"int", Kind::kInt},     {"long", Kind::kLong},
        {"float", Kind::kFloat}, {"double", Kind::kDouble},   {"bytes", Kind::kBytes}, {"string", Kind::kString}};
    if (const auto found = kPrimitive.find(name); found != kPrimitive.end()) return add(found->second);
    for (const auto& full : {full_name(name, space), name})
      if (const auto found = named_.find(full); found != named_.end()) return found->second;
    return bad_bytes("the schema speaks of " + name + ", which it does not define");
  }

  Result<std::string> define(const Json& json, const std::string& space, const std::shared_ptr<Node>& node) {
    if (!json.contains("name") || !json["name"].is_string()) return bad_bytes("a named type without a name");
    const std::string inner =
        json.contains("namespace") && json["namespace"].is_string() ? json["namespace"].get<std::string>() : space;
    const std::string full = full_name(json["name"].get<std::string>(), inner);
    named_[full] = node;
    const auto dot = full.rfind('.');
    return dot == std::string::npos ? inner : full.substr(0, dot);
  }

  Result<std::weak_ptr<const Node>> record(const Json& json, const std::string& space, int depth) {
    auto node = add(Kind::kRecord);
    auto inner = define(json, space, node);
    if (!inner) return std::unexpected(inner.error());
    if (!json.contains("fields") || !json["fields"].is_array()) return bad_bytes("a record without fields");
    for (const Json& field : json["fields"]) {
      if (!field.is_object() || !field.contains("name") || !field["name"].is_string() || !field.contains("type"))
        return bad_bytes("a field without name or type");
      auto type = parse(field["type"], *inner, depth + 1);
      if (!type) return type;
      node->fields.emplace_back(field["name"].get<std::string>(), *type);
    }
    return node;
  }

  Result<std::weak_ptr<const Node>> an_enum(const Json& json, const std::string& space) {
    auto node = add(Kind::kEnum);
    if (auto inner = define(json, space, node); !inner) return std::unexpected(inner.error());
    if (!json.contains("symbols") || !json["symbols"].is_array()) return bad_bytes("an enum without symbols");
    for (const Json& symbol : json["symbols"]) {
      if (!symbol.is_string()) return bad_bytes("a symbol that is not a string");
      node->symbols.push_back(symbol.get<std::string>());
    }
    return node;
  }

  Result<std::weak_ptr<const Node>> fixed(const Json& json, const std::string& space) {
    auto node = add(Kind::kFixed);
    if (auto inner = define(json, space, node); !inner) return std::unexpected(inner.error());
    if (!json.contains("size") || !json["size"].is_number_unsigned()) return bad_bytes("a fixed without size");
    node->size = json["size"].get<std::size_t>();
    return node;
  }

  Result<std::weak_ptr<const Node>> many(const Json& json, Kind kind, const char* of, const std::string& space,
                                         int depth) {
    auto node = add(kind);
    if (!json.contains(of)) return bad_bytes(std::string("an array or map without ") + of);
    auto type = parse(json[of], space, depth + 1);
    if (!type) return type;
    node->fields.emplace_back("", *type);
    return node;
  }

  Result<std::weak_ptr<const Node>> a_union(const Json& json, const std::string& space, int depth) {
    auto node = add(Kind::kUnion);
    for (const Json& branch : json) {
      auto type = parse(branch, space, depth + 1);
      if (!type) return type;
      node->fields.emplace_back("", *type);
    }
    return node;
  }

  Node& root_;
  std::map<std::string, std::shared_ptr<const Node>> named_;
};

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : bytes_(bytes), budget_(bytes.size() + 1000) {}
  bool at_end() const { return bytes_.empty(); }

  Result<Json> decode(const Node& node, int depth) {
    if (depth > kDepthMost) return bad_bytes("Avro: nested deeper than " + std::to_string(kDepthMost));
    // Values that take no bytes (null, empty records) must not make much of little.
    if (budget_-- == 0) return bad_bytes("Avro: more values than bytes");
    switch (node.kind) {
      case Kind::kNull:
        return Json(nullptr);
      case Kind::kBoolean:
        return boolean();
      case Kind::kInt:
      case Kind::kLong:
        return integer();
      case Kind::kFloat:
        return floating<float, std::uint32_t>();
      case Kind::kDouble:
        return floating<double, std::uint64_t>();
      case Kind::kBytes:
      case Kind::kString:
        return text();
      case Kind::kFixed:
        return take(node.size);
      case Kind::kEnum:
        return symbol(node);
      case Kind::kRecord:
        return record(node, depth);
      case Kind::kUnion:
        return branch(node, depth);
      case Kind::kArray:
      case Kind::kMap:
        return blocks(node, depth);
    }
    return bad_bytes("Avro: unknown type");
  }

 private:
  static std::unexpected<Error> short_of_bytes() { return bad_bytes("Avro: the bytes end too early"); }

  Result<std::int64_t> varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) return short_of_bytes();
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
    }
    return bad_bytes("Avro: a number of more than 64 bits");
  }

  Result<Json> integer() {
    auto value = varint();
    if (!value) return std::unexpected(value.error());
    return Json(*value);
  }

  Result<Json> boolean() {
    if (bytes_.empty()) return short_of_bytes();
    const char byte = bytes_.front();
    bytes_.remove_prefix(1);
    if (byte != 0 && byte != 1) return bad_bytes("Avro: a boolean that is neither 0 nor 1");
    return Json(byte == 1);
  }

  template <class T, class U>
  Result<Json> floating() {
    if (bytes_.size() < sizeof(T)) return short_of_bytes();
    U bits = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      bits |= static_cast<U>(static_cast<unsigned char>(bytes_[i])) << (8 * i);
    bytes_.remove_prefix(sizeof(T));
    return Json(std::bit_cast<T>(bits));
  }

  Result<Json> take(std::size_t size) {
    if (bytes_.size() < size) return short_of_bytes();
    Json value = std::string(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return value;
  }

  Result<Json> text() {
    auto size = varint();
    if (!size) return std::unexpected(size.error());
    if (*size < 0) return bad_bytes("Avro: a negative length");
    return take(static_cast<std::size_t>(*size));
  }

  Result<Json> symbol(const Node& node) {
    auto index = varint();
    if (!index) return std::unexpected(index.error());
    if (*index < 0 || static_cast<std::size_t>(*index) >= node.symbols.size())
      return bad_bytes("Avro: a symbol that the enum does not have");
    return Json(node.symbols[static_cast<std::size_t>(*index)]);
  }

  Result<Json> record(const Node& node, int depth) {
    Json json = Json::object();
    for (const auto& [name, type] : node.fields) {
      auto value = decode(*type.lock(), depth + 1);
      if (!value) return value;
      json[name] = *std::move(value);
    }
    return json;
  }

  Result<Json> branch(const Node& node, int depth) {
    auto index = varint();
    if (!index) return std::unexpected(index.error());
    if (*index < 0 || static_cast<std::size_t>(*index) >= node.fields.size())
      return bad_bytes("Avro: a branch that the union does not have");
    return decode(*node.fields[static_cast<std::size_t>(*index)].second.lock(), depth + 1);
  }

  Result<Json> blocks(const Node& node, int depth) {
    const bool is_map = node.kind == Kind::kMap;
    Json json = is_map ? Json::object() : Json::array();
    while (true) {
      auto count = varint();
      if (!count) return std::unexpected(count.error());
      if (*count == 0) return json;
      if (*count < 0)  // followed by the block's size in bytes, which we do not need
        if (auto size = varint(); !size) return std::unexpected(size.error());
      const std::uint64_t entries =
          *count < 0 ? ~static_cast<std::uint64_t>(*count) + 1 : static_cast<std::uint64_t>(*count);
      for (std::uint64_t i = 0; i < entries; ++i) {
        Result<Json> key = is_map ? text() : Result<Json>(Json());
        if (!key) return key;
        auto value = decode(*node.fields[0].second.lock(), depth + 1);
        if (!value) return value;
        if (is_map)
          json[key->get<std::string>()] = *std::move(value);
        else
          json.push_back(*std::move(value));
      }
    }
  }

  std::string_view bytes_;
  std::size_t budget_;
};

}  // namespace

Result<AvroSchema> AvroSchema::parse(std::string_view text) {
  auto json = detail::parse_json(text);
  if (!json) return std::unexpected(json.error());
  // The root has everything; what it is itself is its only field.
  auto root = std::make_shared<Node>();
  auto type = Parser(*root).parse(*json, "", 0);
  if (!type) return std::unexpected(type.error());
  root->fields.emplace_back("", *type);
  return AvroSchema(std::move(root));
}

namespace detail {

void avro_long(std::int64_t value, std::string& out) {
  std::uint64_t bits = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
  for (; bits >= 0x80; bits >>= 7) out.push_back(static_cast<char>(bits | 0x80));
  out.push_back(static_cast<char>(bits));
}

void avro_bytes(std::string_view value, std::string& out) {
  avro_long(static_cast<std::int64_t>(value.size()), out);
  out += value;
}

Result<Json> avro_decode(const AvroSchema& schema, std::string_view bytes) {
  Decoder decoder(bytes);
  auto value = decoder.decode(*schema.root()->fields[0].second.lock(), 0);
  if (value && !decoder.at_end()) return bad_bytes("Avro: bytes are left over");
  return value;
}

}  // namespace detail
}  // namespace thalweg::client
