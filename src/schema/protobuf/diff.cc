#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "schema/limits.h"
#include "schema/protobuf/protobuf_schema.h"

namespace thalweg::schema::protobuf {
namespace {

constexpr std::array<std::string_view, 15> kCompatible = {"MESSAGE_ADDED",
                                                          "MESSAGE_MOVED",
                                                          "ENUM_ADDED",
                                                          "ENUM_REMOVED",
                                                          "ENUM_CONST_ADDED",
                                                          "ENUM_CONST_CHANGED",
                                                          "ENUM_CONST_REMOVED",
                                                          "FIELD_ADDED",
                                                          "FIELD_REMOVED",
                                                          "FIELD_NAME_CHANGED",
                                                          "FIELD_STRING_OR_BYTES_LABEL_CHANGED",
                                                          "ONEOF_ADDED",
                                                          "ONEOF_REMOVED",
                                                          "ONEOF_FIELD_ADDED",
                                                          "ONEOF_FIELD_MOVED_TO_TOP_LEVEL"};

// What each says, with {0} for the path, {1} for who reads and {2} for whose data it is.
std::string_view wording(std::string_view type) {
  static const std::map<std::string_view, std::string_view> kWordings = {
      {"PACKAGE_CHANGED", "'{0}': the {1} and the {2} schema are of two packages; a package keeps its name"},
      {"MESSAGE_REMOVED", "'{0}' is a message of the {2} schema and none of the {1} schema; keep it in both"},
      {"FIELD_KIND_CHANGED",
       "'{0}': what is a scalar, a message or a map in the {2} schema is another of the three in the {1} schema; a new "
       "type needs a new number"},
      {"FIELD_SCALAR_KIND_CHANGED",
       "'{0}': the {1} schema has a scalar that is encoded in another way than that of the {2} schema; a new type "
       "needs "
       "a new number"},
      {"FIELD_NAMED_TYPE_CHANGED",
       "'{0}': the message that the {1} schema has here cannot read the one of the {2} schema; a new type needs a new "
       "number"},
      {"FIELD_NUMERIC_LABEL_CHANGED",
       "'{0}': this number has one label in the {1} schema and another in the {2} schema; keep the label"},
      {"REQUIRED_FIELD_ADDED", "'{0}' is required by the {1} schema, and the {2} schema lacks it; make it optional"},
      {"REQUIRED_FIELD_REMOVED", "'{0}' is required by the {2} schema, and the {1} schema lacks it; keep it in both"},
      {"ONEOF_FIELD_REMOVED", "'{0}' is in a oneof of the {2} schema, and the {1} schema lacks it; keep it in both"},
      {"MULTIPLE_FIELDS_MOVED_TO_ONEOF",
       "'{0}': data of the {2} schema may have several fields at once of which the {1} schema allows one; leave them "
       "outside of the oneof"},
      {"FIELD_MOVED_TO_EXISTING_ONEOF",
       "'{0}': the {1} schema has a field in this oneof that excluded none of the others in the {2} schema; leave it "
       "where it was"},
  };
  const auto at = kWordings.find(type);
  return at == kWordings.end() ? "" : at->second;
}

enum class Scalar { kGeneral, kSigned, kText, kFixed32, kFixed64, kFloat, kDouble };

Scalar scalar_of(std::string_view type) {
  if (type == "sint32" || type == "sint64") return Scalar::kSigned;
  if (type == "string" || type == "bytes") return Scalar::kText;
  if (type == "fixed32" || type == "sfixed32") return Scalar::kFixed32;
  if (type == "fixed64" || type == "sfixed64") return Scalar::kFixed64;
  if (type == "float") return Scalar::kFloat;
  if (type == "double") return Scalar::kDouble;
  return Scalar::kGeneral;
}

enum class Kind { kScalar, kMessage, kMap };

// A field's type as one of the two sides sees it.
struct TypeOf {
  Kind kind = Kind::kScalar;
  Scalar scalar = Scalar::kGeneral;
  std::string name;                // of a message: its full name, or as written if it is not known
  const Symbol* symbol = nullptr;  // of a message that is known
};

// One of the two schemas, and where the walk is in it.
struct Side {
  const Names& names;
  std::string scope;

  TypeOf type_of(const std::string& type) const {
    if (is_scalar(type)) return {.kind = Kind::kScalar, .scalar = scalar_of(type), .name = type};
    const auto full = names.resolve(type, scope);
    if (!full) return {.kind = Kind::kMessage, .name = type};
    const auto* symbol = names.find(*full);
    if (symbol->is_enum) return {.kind = Kind::kScalar, .scalar = Scalar::kGeneral, .name = *full};
    return {.kind = Kind::kMessage, .name = *full, .symbol = symbol};
  }
};

std::string without_package(const std::string& full, const std::string& package) {
  return !package.empty() && full.starts_with(package + ".") ? full.substr(package.size() + 1) : full;
}

// Fields of a message by number, whether in a oneof or not; a group is a field of the message's type.
struct ByNumber {
  std::map<std::int32_t, Field> fields;
  std::map<std::int32_t, std::string> oneofs;
  std::map<std::string, const Oneof*> by_name;

  explicit ByNumber(const Message& message) {
    for (const auto& field : message.fields) fields.emplace(field.number, field);
    for (const auto& group : message.groups)
      fields.emplace(
          group.number,
          Field{.label = group.label, .type = group.message.name, .name = group.message.name, .number = group.number});
    for (const auto& oneof : message.oneofs) {
      by_name.emplace(oneof.name, &oneof);
      for (const auto& field : oneof.fields) {
        fields.emplace(field.number, field);
        oneofs.emplace(field.number, oneof.name);
      }
    }
  }
  const std::string* oneof_of(std::int32_t number) const {
    const auto at = oneofs.find(number);
    return at == oneofs.end() ? nullptr : &at->second;
  }
};

class Walk {
 public:
  Walk(const Files& original, const Files& update, const Sides& sides)
      : original_file_(original.own),
        update_file_(update.own),
        original_{original.names, original.own.package},
        update_{update.names, update.own.package},
        sides_(sides) {}

  Comparison whole() {
    if (original_file_.package != update_file_.package) add("PACKAGE_CHANGED");
    messages(original_file_.messages, update_file_.messages);
    enums(original_file_.enums, update_file_.enums);
    result_.failure = failure_;
    return std::move(result_);
  }

 private:
  // One step further along the path, and into the scopes of both if it is a message.
  class In {
   public:
    In(Walk& walk, std::string_view name, bool is_scope)
        : walk_(walk), size_(walk.path_.size()), original_(walk.original_.scope), update_(walk.update_.scope) {
      walk.path_ += '/';
      walk.path_ += name;
      if (!is_scope) return;
      for (auto* scope : {&walk.original_.scope, &walk.update_.scope}) {
        if (!scope->empty()) *scope += '.';
        *scope += name;
      }
    }
    ~In() {
      walk_.path_.resize(size_);
      walk_.original_.scope = std::move(original_);
      walk_.update_.scope = std::move(update_);
    }
    In(const In&) = delete;

   private:
    Walk& walk_;
    const std::size_t size_;
    std::string original_, update_;
  };

  void add(std::string_view type) {
    const std::string path = path_.empty() ? "#/" : "#" + path_;
    const bool compatible = std::ranges::find(kCompatible, type) != kCompatible.end();
    if (!compatible) ++incompatible_;
    if (result_.differences.size() >= kDifferencesMax || !told_.insert({std::string(type), path}).second) return;
    const auto words = wording(type);
    const auto text = words.empty() ? "" : fmt::format(fmt::runtime(words), path, sides_.reader, sides_.writer);
    result_.differences.push_back(
        {std::string(type), path, fmt::format("{{errorType:\"{}\", description:\"{}\"}}", type, text), compatible});
  }

  template <class T>
  static std::map<std::string_view, std::pair<const T*, std::size_t>> by_name(const std::vector<T>& all) {
    std::map<std::string_view, std::pair<const T*, std::size_t>> map;
    for (std::size_t i = 0; i < all.size(); ++i) map[all[i].name] = {&all[i], i};
    return map;
  }

  // Those of the original in their order, then those that are new.
  void messages(const std::vector<Message>& original, const std::vector<Message>& update) {
    const auto before = by_name(original), after = by_name(update);
    for (const auto& message : original) {
      const In in(*this, message.name, true);
      const auto at = after.find(message.name);
      if (at == after.end()) {
        add("MESSAGE_REMOVED");
        continue;
      }
      compare(message, *at->second.first);
      if (at->second.second != before.at(message.name).second) add("MESSAGE_MOVED");
    }
    for (const auto& message : update) {
      if (before.contains(message.name)) continue;
      const In in(*this, message.name, true);
      add("MESSAGE_ADDED");
    }
  }

  void enums(const std::vector<Enum>& original, const std::vector<Enum>& update) {
    const auto before = by_name(original), after = by_name(update);
    for (const auto& enumeration : original) {
      const In in(*this, enumeration.name, false);
      if (const auto at = after.find(enumeration.name); at != after.end())
        compare(enumeration, *at->second.first);
      else
        add("ENUM_REMOVED");
    }
    for (const auto& enumeration : update) {
      if (before.contains(enumeration.name)) continue;
      const In in(*this, enumeration.name, false);
      add("ENUM_ADDED");
    }
  }

  void compare(const Enum& original, const Enum& update) {
    std::map<std::int32_t, std::pair<const EnumValue*, const EnumValue*>> values;
    for (const auto& value : original.values) values[value.number].first = &value;
    for (const auto& value : update.values) values[value.number].second = &value;
    for (const auto& [number, both] : values) {
      if (both.first && both.second && both.first->name == both.second->name) continue;
      const In in(*this, std::to_string(number), false);
      add(!both.second ? "ENUM_CONST_REMOVED" : !both.first ? "ENUM_CONST_ADDED" : "ENUM_CONST_CHANGED");
    }
  }

  // Two messages; each pair once, however many fields have them as types.
  void compare(const Message& original, const Message& update) {
    if (failure_) return;
    const Level level(depth_);
    if (!level || !work_.take(1 + original.fields.size() + update.fields.size())) {
      failure_ = "the schemas are too complex to be compared";
      return;
    }
    const auto [seen, fresh] = verdicts_.try_emplace({&original, &update}, true);
    if (!fresh) {
      incompatible_ += seen->second ? 0 : 1;
      return;
    }
    const std::size_t before = incompatible_;
    const ByNumber old_fields(original), new_fields(update);
    moves(update, old_fields);
    containers(old_fields, new_fields);
    std::set<std::int32_t> numbers;
    for (const auto& [number, field] : old_fields.fields) numbers.insert(number);
    for (const auto& [number, field] : new_fields.fields) numbers.insert(number);
    for (const auto number : numbers) compare_number(number, old_fields, new_fields);
    messages(original.messages, update.messages);
    enums(original.enums, update.enums);
    verdicts_[{&original, &update}] = incompatible_ == before;
  }

  // Fields that were free of each other must not exclude each other now.
  void moves(const Message& update, const ByNumber& before) {
    for (const auto& oneof : update.oneofs) {
      std::set<std::string> origins;
      int from_top = 0;
      for (const auto& field : oneof.fields) {
        if (const auto* was = before.oneof_of(field.number)) {
          origins.insert("oneof " + *was);
        } else if (before.fields.contains(field.number)) {
          origins.insert("field " + std::to_string(field.number));
          ++from_top;
        }
      }
      if (origins.size() < 2) continue;
      const In in(*this, oneof.name, false);
      add(from_top > 1 ? "MULTIPLE_FIELDS_MOVED_TO_ONEOF" : "FIELD_MOVED_TO_EXISTING_ONEOF");
    }
  }

  void containers(const ByNumber& before, const ByNumber& after) {
    std::set<std::string> names;
    for (const auto& [name, oneof] : before.by_name) names.insert(name);
    for (const auto& [name, oneof] : after.by_name) names.insert(name);
    for (const auto& name : names) {
      const bool was = before.by_name.contains(name), is = after.by_name.contains(name);
      if (was == is) continue;
      const In in(*this, name, false);
      add(was ? "ONEOF_REMOVED" : "ONEOF_ADDED");
    }
  }

  // A oneof that went with all its fields loses nothing that is still asked for.
  static bool gone_whole(const std::string& name, const ByNumber& before, const ByNumber& after) {
    if (after.by_name.contains(name)) return false;
    return std::ranges::none_of(before.by_name.at(name)->fields,
                                [&](const Field& field) { return after.fields.contains(field.number); });
  }

  void add_at(const std::string* oneof, std::int32_t number, std::string_view type) {
    std::optional<In> outer;
    if (oneof) outer.emplace(*this, *oneof, false);
    const In in(*this, std::to_string(number), false);
    add(type);
  }

  void compare_number(std::int32_t number, const ByNumber& before, const ByNumber& after) {
    const auto old_field = before.fields.find(number), new_field = after.fields.find(number);
    const auto *old_oneof = before.oneof_of(number), *new_oneof = after.oneof_of(number);
    if (new_field == after.fields.end()) {
      if (!old_oneof)
        add_at(nullptr, number,
               old_field->second.label == Label::kRequired ? "REQUIRED_FIELD_REMOVED" : "FIELD_REMOVED");
      else if (!gone_whole(*old_oneof, before, after))
        add_at(old_oneof, number, "ONEOF_FIELD_REMOVED");
      return;
    }
    if (old_field == before.fields.end()) {
      if (new_oneof)
        add_at(new_oneof, number, "ONEOF_FIELD_ADDED");
      else
        add_at(nullptr, number, new_field->second.label == Label::kRequired ? "REQUIRED_FIELD_ADDED" : "FIELD_ADDED");
      return;
    }
    if (old_oneof && !new_oneof) add_at(nullptr, number, "ONEOF_FIELD_MOVED_TO_TOP_LEVEL");
    std::optional<In> outer;
    if (new_oneof) outer.emplace(*this, *new_oneof, false);
    const In in(*this, std::to_string(number), false);
    compare(old_field->second, new_field->second);
  }

  void compare(const Field& original, const Field& update) {
    if (original.name != update.name) add("FIELD_NAME_CHANGED");
    const bool was_map = original.is_map() && !original.key_type.empty();
    const bool is_map = update.is_map() && !update.key_type.empty();
    if (was_map != is_map) return add("FIELD_KIND_CHANGED");
    if (is_map) {
      types(original.key_type, update.key_type, std::nullopt);
      types(original.value_type, update.value_type, std::nullopt);
      return;
    }
    types(original.type, update.type, std::pair(original.label, update.label));
  }

  void types(const std::string& original, const std::string& update, std::optional<std::pair<Label, Label>> labels) {
    const auto before = original_.type_of(original), after = update_.type_of(update);
    if (before.kind != after.kind) return add("FIELD_KIND_CHANGED");
    if (before.kind == Kind::kMessage) return message_types(before, after);
    if (before.scalar != after.scalar) return add("FIELD_SCALAR_KIND_CHANGED");
    const bool relabelled =
        labels && labels->first != Label::kNone && labels->second != Label::kNone && labels->first != labels->second;
    if (relabelled)
      add(before.scalar == Scalar::kText ? "FIELD_STRING_OR_BYTES_LABEL_CHANGED" : "FIELD_NUMERIC_LABEL_CHANGED");
  }

  void message_types(const TypeOf& original, const TypeOf& update) {
    if (!original.symbol || !update.symbol) {
      if (original.name != update.name) add("FIELD_NAMED_TYPE_CHANGED");
      return;
    }
    const auto local = without_package(original.name, original.symbol->package);
    if (local != without_package(update.name, update.symbol->package)) return add("FIELD_NAMED_TYPE_CHANGED");
    const bool same_reference = !original.symbol->subject.empty() &&
                                original.symbol->subject == update.symbol->subject &&
                                original.symbol->version == update.symbol->version;
    if (same_reference || !original.symbol->message || !update.symbol->message) return;
    const std::size_t before = incompatible_;
    {
      // The walk goes on where the type is, and comes back.
      std::string path = std::exchange(path_, "/" + local);
      std::ranges::replace(path_, '.', '/');
      std::string old_scope = std::exchange(original_.scope, original.name);
      std::string new_scope = std::exchange(update_.scope, update.name);
      compare(*original.symbol->message, *update.symbol->message);
      path_ = std::move(path);
      original_.scope = std::move(old_scope);
      update_.scope = std::move(new_scope);
    }
    if (incompatible_ != before) add("FIELD_NAMED_TYPE_CHANGED");
  }

  const File &original_file_, &update_file_;
  Side original_, update_;
  const Sides& sides_;
  Comparison result_;
  std::set<std::pair<std::string, std::string>> told_;
  std::map<std::pair<const Message*, const Message*>, bool> verdicts_;  // true while under way
  std::string path_;
  std::size_t incompatible_ = 0;
  std::size_t depth_ = 0;
  Work work_;
  std::optional<std::string> failure_;
};

}  // namespace

Comparison compare(const Files& original, const Files& update, const Sides& sides) {
  return Walk(original, update, sides).whole();
}

}  // namespace thalweg::schema::protobuf
