#include "schema/avro/defaults.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "json/writer.h"

namespace thalweg::schema::avro {
namespace {

using json::Value;

bool is_integer_within(const Value& value, std::int64_t min, std::int64_t max) {
  const auto number = value.if_number() ? value.if_number()->as_int64() : std::nullopt;
  return number && *number >= min && *number <= max;
}

class Validator {
 public:
  explicit Validator(Work& work) : work_(work) {}

  bool fits(const Node& type, const Value* value) {
    const Level level(depth_);
    if (!value || !level || !work_.take()) return false;
    switch (type.kind) {
      case Kind::kNull:
        return value->is_null();
      case Kind::kBoolean:
        return value->if_bool();
      case Kind::kInt:
        return is_integer_within(*value, std::numeric_limits<std::int32_t>::min(),
                                 std::numeric_limits<std::int32_t>::max());
      case Kind::kLong:
        return is_integer_within(*value, std::numeric_limits<std::int64_t>::min(),
                                 std::numeric_limits<std::int64_t>::max());
      case Kind::kFloat:
      case Kind::kDouble:
        return value->if_number();
      case Kind::kBytes:
      case Kind::kString:
      case Kind::kEnum:
      case Kind::kFixed:
        return value->if_string();
      case Kind::kArray:
        return value->if_array() &&
               std::ranges::all_of(*value->if_array(), [&](const Value& v) { return fits(*type.branches[0], &v); });
      case Kind::kMap:
        return value->if_object() && std::ranges::all_of(value->if_object()->members(), [&](const json::Member& m) {
                 return fits(*type.branches[0], &m.value);
               });
      case Kind::kUnion:
        return std::ranges::any_of(type.branches, [&](const Node* branch) { return fits(*branch, value); });
      case Kind::kRecord:
        return fits_record(type, *value);
    }
    return false;
  }

 private:
  bool fits_record(const Node& type, const Value& value) {
    if (!value.if_object()) return false;
    return std::ranges::all_of(type.fields, [&](const Field& field) {
      const Value* given = value.find(field.name);
      if (!given && field.default_value) given = &*field.default_value;
      return fits(*field.type, given);
    });
  }

  Work& work_;
  std::size_t depth_ = 0;
};

}  // namespace

Result<> check_default(const Field& field, const Node& record, Work& work) {
  if (Validator(work).fits(*field.type, &*field.default_value)) return {};
  if (work.exhausted())
    return fail(ErrorCode::kInvalidRequest,
                fmt::format("the defaults of {} take too long to check", record.name.full()));
  std::string shown = json::write(*field.default_value);
  if (shown.size() > 200) shown = std::string(field.default_value->kind());
  return fail(ErrorCode::kInvalidRequest, fmt::format("the default of field {} does not fit its type, {}: {}",
                                                      field.name, name(field.type->kind), shown));
}

}  // namespace thalweg::schema::avro
