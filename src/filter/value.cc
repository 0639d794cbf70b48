#include "filter/value.h"

#include <cmath>

namespace thalweg::filter {
namespace {

// Whether the whole part of a double, in range or not, is before, at or behind the integer; then what is left decides.
template <class Integer>
std::partial_ordering compare_with_double(Integer a, double b, double begin, double end) {
  if (std::isnan(b)) return std::partial_ordering::unordered;
  if (b < begin) return std::partial_ordering::greater;
  if (b >= end) return std::partial_ordering::less;
  const double whole = std::floor(b);
  const auto other = static_cast<Integer>(whole);
  if (a != other) return a < other ? std::partial_ordering::less : std::partial_ordering::greater;
  return b > whole ? std::partial_ordering::less : std::partial_ordering::equivalent;
}

constexpr double kTwoTo63 = 9223372036854775808.0;

}  // namespace

std::partial_ordering compare_numbers(const Value& a, const Value& b) {
  if (a.kind == Kind::kDouble && b.kind == Kind::kDouble) return a.real <=> b.real;
  if (b.kind == Kind::kDouble)
    return a.kind == Kind::kInt ? compare_with_double(a.integer, b.real, -kTwoTo63, kTwoTo63)
                                : compare_with_double(a.as_uint(), b.real, 0, 2 * kTwoTo63);
  if (a.kind == Kind::kDouble) return 0 <=> compare_numbers(b, a);
  if (a.kind == b.kind) return a.kind == Kind::kInt ? a.integer <=> b.integer : a.as_uint() <=> b.as_uint();
  if (a.kind == Kind::kUint) return 0 <=> compare_numbers(b, a);
  return a.integer < 0 ? std::strong_ordering::less : a.as_uint() <=> b.as_uint();
}

std::string_view type_name(Kind kind) {
  switch (kind) {
    case Kind::kAbsent:
    case Kind::kSide:
      return "";
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kUint:
      return "uint";
    case Kind::kDouble:
      return "double";
    case Kind::kString:
      return "string";
    case Kind::kBytes:
      return "bytes";
    case Kind::kTimestamp:
      return "timestamp";
    case Kind::kDuration:
      return "duration";
    case Kind::kList:
    case Kind::kJsonList:
      return "list";
    case Kind::kJsonMap:
    case Kind::kHeaders:
      return "map";
  }
  return "";
}

}  // namespace thalweg::filter
