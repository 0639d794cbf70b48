// Avro (1.11) of described types: the schema, and the binary form. Integers are int (up to 32 bits) and long, floating
// point is float and double, std::string is string, std::optional<T> the union of null and T with default null, vectors
// are arrays, maps are maps of strings, described types are records..
#pragma once

#include <algorithm>

#include "thalweg/client/json.h"

namespace thalweg::client {

// The Avro schema of a described type, as JSON.
template <IsDescribed T>
std::string avro_schema();

// A writer's schema, parsed and checked. What it may not do is be larger or deeper than is sane: 100 levels.
class THALWEG_EXPORT AvroSchema {
 public:
  static Result<AvroSchema> parse(std::string_view text);
  struct Node;
  const std::shared_ptr<const Node>& root() const { return root_; }

 private:
  explicit AvroSchema(std::shared_ptr<const Node> root) : root_(std::move(root)) {}
  std::shared_ptr<const Node> root_;
};

namespace detail {
THALWEG_EXPORT void avro_long(std::int64_t value, std::string& out);
THALWEG_EXPORT void avro_bytes(std::string_view value, std::string& out);
// The value that the bytes hold under their writer's schema, as JSON; all bytes must be used.
THALWEG_EXPORT Result<Json> avro_decode(const AvroSchema& schema, std::string_view bytes);

template <class T>
Json avro_schema_of(std::vector<std::string>& named) {
  if constexpr (IsDescribed<T>) {
    const std::string name = thalweg_describe(static_cast<const T*>(nullptr)).name;
    if (std::find(named.begin(), named.end(), name) != named.end()) return name;
    named.push_back(name);
    Json fields = Json::array();
    for_each_field<T>([&](const auto& field) {
      using M = std::remove_cvref_t<decltype(std::declval<T&>().*field.member)>;
      Json entry{{"name", field.name}, {"type", avro_schema_of<M>(named)}};
      if constexpr (kIsOptional<M>) entry["default"] = nullptr;
      fields.push_back(std::move(entry));
    });
    return Json{{"type", "record"}, {"name", name}, {"fields", std::move(fields)}};
  } else if constexpr (kIsOptional<T>) {
    return Json::array({"null", avro_schema_of<typename T::value_type>(named)});
  } else if constexpr (kIsVector<T>) {
    return Json{{"type", "array"}, {"items", avro_schema_of<typename T::value_type>(named)}};
  } else if constexpr (kIsMap<T>) {
    return Json{{"type", "map"}, {"values", avro_schema_of<typename T::mapped_type>(named)}};
  } else if constexpr (std::same_as<T, bool>) {
    return "boolean";
  } else if constexpr (std::integral<T>) {
    return sizeof(T) < 4 || (sizeof(T) == 4 && std::is_signed_v<T>) ? "int" : "long";
  } else if constexpr (std::floating_point<T>) {
    return sizeof(T) == 4 ? "float" : "double";
  } else {
    static_assert(std::same_as<T, std::string>, "this field has no Avro type");
    return "string";
  }
}

template <class T>
void avro_write(const T& value, std::string& out) {
  if constexpr (IsDescribed<T>) {
    for_each_field<T>([&](const auto& field) { avro_write(value.*field.member, out); });
  } else if constexpr (kIsOptional<T>) {
    avro_long(value ? 1 : 0, out);
    if (value) avro_write(*value, out);
  } else if constexpr (kIsVector<T> || kIsMap<T>) {
    if (!value.empty()) avro_long(static_cast<std::int64_t>(value.size()), out);
    if constexpr (kIsMap<T>) {
      for (const auto& [name, element] : value) {
        avro_bytes(name, out);
        avro_write(element, out);
      }
    } else {
      for (const auto& element : value) avro_write<typename T::value_type>(element, out);
    }
    out.push_back('\0');
  } else if constexpr (std::same_as<T, bool>) {
    out.push_back(value ? 1 : 0);
  } else if constexpr (std::integral<T>) {
    avro_long(static_cast<std::int64_t>(value), out);
  } else if constexpr (std::floating_point<T>) {
    const auto bits = std::bit_cast<Bits<sizeof(T)>>(value);
    for (std::size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<char>(bits >> (8 * i)));
  } else {
    avro_bytes(value, out);
  }
}

template <class T>
Result<T> avro_read(const AvroSchema& writer, std::string_view bytes) {
  auto json = avro_decode(writer, bytes);
  if (!json) return std::unexpected(json.error());
  T value{};
  if (auto ok = from_json(*json, value, ""); !ok) return std::unexpected(ok.error());
  return value;
}
}  // namespace detail

template <IsDescribed T>
std::string avro_schema() {
  std::vector<std::string> named;
  return detail::avro_schema_of<T>(named).dump();
}

}  // namespace thalweg::client
