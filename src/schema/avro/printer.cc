#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "json/writer.h"
#include "schema/avro/model.h"
#include "schema/limits.h"

namespace thalweg::schema::avro {
namespace {

using json::Member;
using json::Object;

constexpr std::size_t kOutputMax = 4 * kTextMax;  // written-out references may repeat nothing, but names grow

std::string_view name(Order order) { return order == Order::kDescending ? "descending" : "ignore"; }

// Whether Java's library takes the logical type for one of its own on this type; only those have their properties
// first.
bool is_logical(const Node& node) {
  const auto* property = node.properties.find("logicalType");
  const auto* type = property ? property->if_string() : nullptr;
  if (!type) return false;
  static constexpr std::array<std::pair<std::string_view, Kind>, 13> kTypes = {{
      {"uuid", Kind::kString},
      {"date", Kind::kInt},
      {"time-millis", Kind::kInt},
      {"time-micros", Kind::kLong},
      {"timestamp-millis", Kind::kLong},
      {"timestamp-micros", Kind::kLong},
      {"timestamp-nanos", Kind::kLong},
      {"local-timestamp-millis", Kind::kLong},
      {"local-timestamp-micros", Kind::kLong},
      {"local-timestamp-nanos", Kind::kLong},
      {"big-decimal", Kind::kBytes},
      {"duration", Kind::kFixed},
      {"uuid", Kind::kFixed},
  }};
  if (*type == "decimal") {
    const auto* precision = node.properties.find("precision");
    const auto digits = precision && precision->if_number() ? precision->if_number()->as_int64() : std::nullopt;
    return (node.kind == Kind::kBytes || node.kind == Kind::kFixed) && digits && *digits > 0;
  }
  return std::ranges::any_of(kTypes, [&](const auto& t) { return t.first == *type && t.second == node.kind; });
}

// By name; of a logical type its own properties first.
Object sorted(Object object, bool logical) {
  json::Value all(std::move(object));
  json::sort_members(all);
  if (!logical) return std::move(*all.if_object());
  static constexpr std::array<std::string_view, 3> kFirst = {"logicalType", "precision", "scale"};
  Object ranked;
  for (const auto key : kFirst)
    if (const auto* value = all.find(key)) ranked.set(key, *value);
  for (auto& member : all.if_object()->members())
    if (std::ranges::find(kFirst, member.key) == kFirst.end())
      ranked.add(std::move(member.key), std::move(member.value));
  return ranked;
}

class Printer {
 public:
  Printer(Externals externals, bool normalized) : externals_(externals), normalized_(normalized) {}

  Result<std::string> whole(const Node& root) {
    print(root, "");
    if (too_much_)
      return fail(ErrorCode::kInvalidRequest, "the schema is nested too deep, or too large, to be printed");
    return std::move(out_);
  }

 private:
  void key(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    json::append_string(out_, name);
    out_ += ':';
  }
  void text(std::string_view name, std::string_view value) {
    key(name);
    json::append_string(out_, value);
  }
  template <class Texts>
  void texts(std::string_view name, const Texts& values) {
    key(name);
    out_ += '[';
    for (const auto& value : values) {
      if (out_.back() != '[') out_ += ',';
      json::append_string(out_, value);
    }
    out_ += ']';
  }
  void properties(const Object& given, bool logical) {
    if (given.empty()) return;
    const auto print_all = [&](const Object& object) {
      for (const auto& member : object.members()) {
        key(member.key);
        json::append(out_, member.value);
      }
    };
    if (normalized_)
      print_all(sorted(given, logical));
    else
      print_all(given);
  }
  static std::vector<std::string> as_written(const std::vector<Name>& names, std::string_view space) {
    std::vector<std::string> all;
    for (const auto& name : names) all.push_back(name.within(space));
    return all;
  }

  void print(const Node& node, std::string_view space) {
    const Level level(depth_);
    if (!level || out_.size() > kOutputMax) too_much_ = true;
    if (too_much_) return;
    if (is_named(node.kind)) return print_named(node, space);
    if (node.kind == Kind::kUnion) {
      out_ += '[';
      for (const auto* branch : node.branches) {
        if (branch != node.branches.front()) out_ += ',';
        print(*branch, space);
      }
      out_ += ']';
      return;
    }
    if (is_primitive(node.kind) && node.properties.empty()) return json::append_string(out_, avro::name(node.kind));
    out_ += '{';
    text("type", avro::name(node.kind));
    if (!node.branches.empty()) {
      key(node.kind == Kind::kArray ? "items" : "values");
      print(*node.branches[0], space);
    }
    properties(node.properties, is_logical(node));
    out_ += '}';
  }

  void print_named(const Node& node, std::string_view space) {
    const bool by_name = node.external && externals_ == Externals::kByName;
    if (by_name || !known_.insert(&node).second) return json::append_string(out_, node.name.within(space));
    out_ += '{';
    text("type", node.is_error && !normalized_ ? "error" : avro::name(node.kind));
    text("name", node.name.name);
    if (node.name.space != space) text("namespace", node.name.space);
    if (node.doc && !(normalized_ && node.doc->empty())) text("doc", *node.doc);
    if (node.kind == Kind::kRecord) print_fields(node);
    if (node.kind == Kind::kEnum) texts("symbols", node.symbols);
    if (node.default_symbol) text("default", *node.default_symbol);
    if (node.kind == Kind::kFixed) {
      key("size");
      out_ += std::to_string(node.size);
    }
    properties(node.properties, is_logical(node));
    if (!node.aliases.empty()) {
      auto aliases = node.aliases;
      if (normalized_) std::ranges::sort(aliases, {}, [](const Name& name) { return name.full(); });
      texts("aliases", as_written(aliases, node.name.space));
    }
    out_ += '}';
  }

  void print_fields(const Node& record) {
    key("fields");
    out_ += '[';
    for (const auto& field : record.fields) {
      if (out_.back() != '[') out_ += ',';
      out_ += '{';
      text("name", field.name);
      key("type");
      print(*field.type, record.name.space);
      if (field.doc) text("doc", *field.doc);
      if (field.default_value) print_default(*field.default_value);
      if (field.order != Order::kAscending) text("order", name(field.order));
      if (!field.aliases.empty()) {
        auto aliases = field.aliases;
        if (normalized_) std::ranges::sort(aliases);
        texts("aliases", aliases);
      }
      properties(field.properties, false);
      out_ += '}';
    }
    out_ += ']';
  }
  void print_default(const json::Value& value) {
    key("default");
    if (!normalized_) return json::append(out_, value);
    json::Value in_order = value;
    json::sort_members(in_order);
    json::append(out_, in_order);
  }

  const Externals externals_;
  const bool normalized_;
  std::string out_;
  std::set<const Node*> known_;
  std::size_t depth_ = 0;
  bool too_much_ = false;
};

// Names in full, nothing but what decides about how data is read, no white space.
class CanonicalPrinter {
 public:
  Result<std::string> whole(const Node& root) {
    print(root);
    if (too_much_)
      return fail(ErrorCode::kInvalidRequest, "the schema is nested too deep, or too large, to be printed");
    return std::move(out_);
  }

 private:
  void print(const Node& node) {
    const Level level(depth_);
    if (!level || out_.size() > kOutputMax) too_much_ = true;
    if (too_much_) return;
    if (is_primitive(node.kind)) return json::append_string(out_, avro::name(node.kind));
    if (node.kind == Kind::kUnion) return print_branches(node);
    if (node.kind == Kind::kArray || node.kind == Kind::kMap) {
      out_ += node.kind == Kind::kArray ? R"({"type":"array","items":)" : R"({"type":"map","values":)";
      print(*node.branches[0]);
      out_ += '}';
      return;
    }
    const auto name = json::quoted(node.name.full());
    if (!known_.insert(&node).second) {
      out_ += name;
      return;
    }
    out_ += fmt::format(R"({{"name":{},"type":"{}")", name, avro::name(node.kind));
    if (node.kind == Kind::kFixed) out_ += fmt::format(R"(,"size":{})", node.size);
    if (node.kind == Kind::kEnum) print_symbols(node);
    if (node.kind == Kind::kRecord) print_fields(node);
    out_ += '}';
  }
  void print_branches(const Node& node) {
    out_ += '[';
    for (const auto* branch : node.branches) {
      if (out_.back() != '[') out_ += ',';
      print(*branch);
    }
    out_ += ']';
  }
  void print_symbols(const Node& node) {
    out_ += R"(,"symbols":[)";
    for (const auto& symbol : node.symbols) {
      if (out_.back() != '[') out_ += ',';
      json::append_string(out_, symbol);
    }
    out_ += ']';
  }
  void print_fields(const Node& node) {
    out_ += R"(,"fields":[)";
    for (const auto& field : node.fields) {
      if (out_.back() != '[') out_ += ',';
      out_ += R"({"name":)";
      json::append_string(out_, field.name);
      out_ += R"(,"type":)";
      print(*field.type);
      out_ += '}';
    }
    out_ += ']';
  }

  std::string out_;
  std::set<const Node*> known_;
  std::size_t depth_ = 0;
  bool too_much_ = false;
};

}  // namespace

Result<std::string> print(const Graph& graph, Externals externals) {
  return Printer(externals, false).whole(*graph.root);
}
Result<std::string> print_normalized(const Graph& graph) {
  return Printer(Externals::kByName, true).whole(*graph.root);
}
Result<std::string> canonical_form(const Graph& graph) { return CanonicalPrinter().whole(*graph.root); }

}  // namespace thalweg::schema::avro
