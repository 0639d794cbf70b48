// From the value of an option to the field that keeps it. The field's type is the unit: an option in minutes has a
// field of std::chrono::minutes.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/check.h"
#include "config/option.h"

namespace thalweg::config {

template <auto Field>
struct FieldTraits;
template <class Struct, class T, T Struct::* Field>
struct FieldTraits<Field> {
  using Type = T;
};
template <auto Field>
using FieldType = FieldTraits<Field>::Type;

// REQUIRES: `value` is valid by its row, and the row allows only what fits T
template <class T>
T to_field(const Value& value) {
  if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, double> || std::is_same_v<T, std::string> ||
                std::is_same_v<T, std::vector<std::string>>) {
    return std::get<T>(value);
  } else if constexpr (std::is_same_v<T, std::optional<std::string>>) {
    return std::get<std::string>(value);
  } else {
    const auto number = std::get<std::int64_t>(value);
    if constexpr (std::is_integral_v<T>) {
      CHECK(std::in_range<T>(number));
      return static_cast<T>(number);
    } else if constexpr (requires(T strong) { strong.value; }) {
      CHECK(std::in_range<typename T::rep>(number));
      return T{static_cast<typename T::rep>(number)};
    } else {
      return T(number);  // a duration
    }
  }
}

}  // namespace thalweg::config
