#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/utf8.h"
#include "schema/protobuf/model.h"
#include "schema/protobuf/names.h"

namespace thalweg::schema::protobuf {
namespace {

std::string_view word(Label label) {
  switch (label) {
    case Label::kOptional:
      return "optional ";
    case Label::kRequired:
      return "required ";
    case Label::kRepeated:
      return "repeated ";
    case Label::kNone:
      return "";
  }
  return "";
}

std::string escaped(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const char c = text.front();
    const auto size = first_code_point(text).size;
    constexpr std::string_view kPlain = "\n\r\t\"\\", kShort = "nrt\"\\";
    if (const auto i = kPlain.find(c); i != std::string_view::npos)
      out += std::string("\\") + kShort[i];
    else if (size == 0 || static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      out += fmt::format("\\{:03o}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    else
      out += text.substr(0, size);
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out + "\"";
}

std::string shown(const Reserved& one) {
  if (!one.name.empty()) return escaped(one.name);
  if (one.last == one.first) return std::to_string(one.first);
  if (one.last == kToMax) return fmt::format("{} to max", one.first);
  return fmt::format("{} to {}", one.first, one.last);
}

template <class T, class By>
std::vector<const T*> in_order(const std::vector<T>& all, bool sorted, By by) {
  std::vector<const T*> order;
  for (const auto& one : all) order.push_back(&one);
  // Among equals, those that were first lie first in memory.
  if (sorted)
    std::ranges::sort(order, [&](const T* a, const T* b) {
      const auto x = by(*a), y = by(*b);
      return x != y ? x < y : a < b;
    });
  return order;
}

class Printer {
 public:
  Printer(const PrintOptions& options, const Names& names)
      : normalized_(options.layout == Layout::kNormalized), extensions_(options.extensions), names_(names) {}

  std::string whole(const File& file) {
    scope_ = file.package;
    if (!file.edition.empty())
      line(fmt::format("edition = {};", escaped(file.edition)));
    else if (!file.syntax.empty() && !(normalized_ && file.syntax == "proto2"))
      line(fmt::format("syntax = {};", escaped(file.syntax)));
    if (!file.package.empty()) line(fmt::format("package {};", file.package));
    imports(file);
    section(file.options.empty());
    options(file.options);
    section(file.messages.empty() && file.enums.empty());
    for (const auto& message : file.messages) print(message, "message ");
    for (const auto& enumeration : file.enums) print(enumeration);
    extends(file.extends);
    section(file.services.empty());
    for (const auto& service : file.services) print(service);
    return std::move(out_);
  }

 private:
  void line(std::string_view text) {
    out_.append(2 * depth_, ' ');
    out_ += text;
    out_ += '\n';
  }
  // An empty line before what follows, if something does.
  void section(bool empty) {
    if (!empty && !out_.empty()) out_ += '\n';
  }

  void imports(const File& file) {
    section(file.imports.empty());
    for (const std::string_view kind : {"", "weak", "public"}) {
      std::vector<std::string> paths;
      for (const auto& import : file.imports)
        if (import.kind == kind) paths.push_back(import.path);
      if (normalized_) {
        std::ranges::sort(paths);
        paths.erase(std::ranges::unique(paths).begin(), paths.end());
      }
      for (const auto& path : paths)
        line(kind.empty() ? fmt::format("import {};", escaped(path))
                          : fmt::format("import {} {};", kind, escaped(path)));
    }
  }

  // Its full name where names are normalized and it has one.
  std::string type(const std::string& name) const {
    if (!normalized_ || is_scalar(name)) return name;
    const auto full = names_.resolve(name, scope_);
    return full ? "." + *full : name;
  }

  // ---------------------------------------------------------------------------------------------- options

  void value(std::string& out, const OptionValue& value, std::size_t depth) const {
    const std::string indent(2 * (depth + 1), ' ');
    switch (value.kind) {
      case OptionValue::Kind::kText:
        out += escaped(value.text);
        return;
      case OptionValue::Kind::kWord:
        out += value.text;
        return;
      case OptionValue::Kind::kList:
        out += '[';
        for (std::size_t i = 0; i < value.values.size(); ++i) {
          if (i > 0) out += ", ";
          this->value(out, value.values[i], depth);
        }
        out += ']';
        return;
      case OptionValue::Kind::kMap:
        break;
    }
    out += "{\n";
    const auto keys = in_order(value.names, normalized_, [](const std::string& name) { return name; });
    for (std::size_t i = 0; i < keys.size(); ++i) {
      out += indent + *keys[i] + ": ";
      this->value(out, value.values[static_cast<std::size_t>(keys[i] - value.names.data())], depth + 1);
      out += i + 1 < keys.size() ? ",\n" : "\n";
    }
    out += std::string(2 * depth, ' ') + "}";
  }
  std::vector<const Option*> ordered(const std::vector<Option>& all) const {
    return in_order(all, normalized_, [](const Option& option) { return option.name; });
  }
  std::string assignment(const Option& option, std::size_t depth) const {
    std::string text = option.name + " = ";
    value(text, option.value, depth);
    return text;
  }
  void options(const std::vector<Option>& all) {
    for (const auto* option : ordered(all)) line("option " + assignment(*option, depth_) + ";");
  }
  // " [a = 1]", on lines of their own when there are several.
  std::string bracketed(const std::vector<Option>& all) const {
    if (all.empty()) return "";
    if (all.size() == 1) return " [" + assignment(all[0], depth_) + "]";
    std::string text = " [\n";
    const auto order = ordered(all);
    for (std::size_t i = 0; i < order.size(); ++i)
      text += std::string(2 * (depth_ + 1), ' ') + assignment(*order[i], depth_ + 1) +
              (i + 1 < order.size() ? ",\n" : "\n");
    return text + std::string(2 * depth_, ' ') + "]";
  }

  // ---------------------------------------------------------------------------------------------- messages

  class Scope {
   public:
    Scope(Printer& printer, const std::string& name) : printer_(printer), outer_(printer.scope_) {
      printer_.scope_ = outer_.empty() ? name : outer_ + "." + name;
      ++printer_.depth_;
    }
    ~Scope() {
      printer_.scope_ = std::move(outer_);
      --printer_.depth_;
    }
    Scope(const Scope&) = delete;

   private:
    Printer& printer_;
    std::string outer_;
  };

  void print(const Field& field) {
    const std::string type = field.is_map() && !field.key_type.empty()
                                 ? fmt::format("map<{}, {}>", field.key_type, this->type(field.value_type))
                                 : this->type(field.type);
    line(fmt::format("{}{} {} = {}{};", word(field.label), type, field.name, field.number, bracketed(field.options)));
  }
  void fields(const std::vector<Field>& all) {
    for (const auto* field : in_order(all, normalized_, [](const Field& f) { return f.number; })) print(*field);
  }

  void ranges(std::string_view what, const std::vector<Reserved>& all, const std::vector<Option>& options) {
    std::string text(what);
    for (std::size_t i = 0; i < all.size(); ++i) text += (i > 0 ? ", " : " ") + shown(all[i]);
    line(text + bracketed(options) + ";");
  }
  void reserved(const std::vector<std::vector<Reserved>>& statements) {
    if (!normalized_) {
      for (const auto& statement : statements) ranges("reserved", statement, {});
      return;
    }
    // One statement each, numbers before names.
    std::vector<Reserved> all;
    for (const auto& statement : statements) all.insert(all.end(), statement.begin(), statement.end());
    std::ranges::sort(all, {}, [](const Reserved& one) { return std::tuple(!one.name.empty(), one.first, one.name); });
    for (const auto& one : all) ranges("reserved", {one}, {});
  }
  void extension_ranges(const std::vector<Extensions>& statements) {
    if (!normalized_) {
      for (const auto& statement : statements) ranges("extensions", statement.ranges, statement.options);
      return;
    }
    std::vector<std::pair<Reserved, const Extensions*>> all;
    for (const auto& statement : statements)
      for (const auto& range : statement.ranges) all.emplace_back(range, &statement);
    std::ranges::sort(all, {}, [](const auto& one) { return std::pair(one.first.first, one.first.last); });
    for (const auto& [range, statement] : all) ranges("extensions", {range}, statement->options);
  }

  void print(const Oneof& oneof) {
    line(fmt::format("oneof {} {{", oneof.name));
    ++depth_;
    options(oneof.options);
    fields(oneof.fields);
    --depth_;
    line("}");
  }
  void oneofs(const std::vector<Oneof>& all) {
    const auto first = [](const Oneof& oneof) {
      std::int32_t least = static_cast<std::int32_t>(kNumberMax);
      for (const auto& field : oneof.fields) least = std::min(least, field.number);
      return least;
    };
    for (const auto* oneof : in_order(all, normalized_, first))
      if (!normalized_ || !oneof->fields.empty()) print(*oneof);
  }

  // Recursion is as deep as messages are nested, which the parser bounds.
  void print(const Message& message, std::string_view before) {
    line(fmt::format("{}{} {{", before, message.name));
    body(message);
    line("}");
  }
  void body(const Message& message) {
    const Scope scope(*this, message.name);
    const std::size_t begin = out_.size();
    const auto part = [&](bool empty) {
      if (!empty && out_.size() > begin) out_ += '\n';
    };
    part(message.reserved.empty());
    reserved(message.reserved);
    part(message.options.empty());
    options(message.options);
    part(message.fields.empty());
    fields(message.fields);
    part(message.oneofs.empty());
    oneofs(message.oneofs);
    part(message.groups.empty());
    for (const auto* group : in_order(message.groups, normalized_, [](const Group& g) { return g.number; })) {
      line(fmt::format("{}group {} = {}{} {{", word(group->label), group->message.name, group->number,
                       bracketed(group->field_options)));
      body(group->message);
      line("}");
    }
    if (extensions_) {
      part(message.extensions.empty());
      extension_ranges(message.extensions);
      extends(message.extends);
    }
    part(message.messages.empty() && message.enums.empty());
    for (const auto& inner : message.messages) print(inner, "message ");
    for (const auto& enumeration : message.enums) print(enumeration);
  }

  void extends(const std::vector<Extend>& all) {
    if (!extensions_ || all.empty()) return;
    section(false);
    if (!normalized_) {
      for (const auto& extend : all) print(extend.type, extend.fields);
      return;
    }
    // All that one message is extended by, together, where it is extended first.
    std::vector<std::pair<std::string, std::vector<Field>>> together;
    std::map<std::string, std::size_t> places;
    for (const auto& extend : all) {
      const auto [place, fresh] = places.try_emplace(type(extend.type), together.size());
      if (fresh) together.emplace_back(place->first, std::vector<Field>());
      auto& fields = together[place->second].second;
      fields.insert(fields.end(), extend.fields.begin(), extend.fields.end());
    }
    for (const auto& [name, fields] : together) print(name, fields);
  }
  void print(const std::string& extended, const std::vector<Field>& all) {
    line(fmt::format("extend {} {{", type(extended)));
    ++depth_;
    fields(all);
    --depth_;
    line("}");
  }

  void print(const Enum& enumeration) {
    line(fmt::format("enum {} {{", enumeration.name));
    ++depth_;
    reserved(enumeration.reserved);
    options(enumeration.options);
    // The first one is what is read when there is nothing, in proto3 and in proto2: it stays first among equals.
    for (const auto* value : in_order(enumeration.values, normalized_, [](const EnumValue& v) { return v.number; }))
      line(fmt::format("{} = {}{};", value->name, value->number, bracketed(value->options)));
    --depth_;
    line("}");
  }

  void print(const Service& service) {
    line(fmt::format("service {} {{", service.name));
    ++depth_;
    options(service.options);
    for (const auto& method : service.methods) {
      const auto head = fmt::format("rpc {} ({}{}) returns ({}{})", method.name, method.input_streams ? "stream " : "",
                                    type(method.input), method.output_streams ? "stream " : "", type(method.output));
      if (method.options.empty()) {
        line(head + ";");
        continue;
      }
      line(head + " {");
      ++depth_;
      options(method.options);
      --depth_;
      line("}");
    }
    --depth_;
    line("}");
  }

  const bool normalized_, extensions_;
  const Names& names_;
  std::string out_;
  std::string scope_;
  std::size_t depth_ = 0;
};

}  // namespace

std::string print(const File& file, const PrintOptions& options, const Names& names) {
  return Printer(options, names).whole(file);
}

}  // namespace thalweg::schema::protobuf
