// What has the same fixed width on the wire in every version.
#pragma once

#include <type_traits>

#include "base/error_code.h"
#include "base/types.h"
#include "base/uuid.h"

namespace thalweg::protocol {

template <class T>
inline constexpr bool is_strong = false;
template <class Rep, class Tag>
inline constexpr bool is_strong<Strong<Rep, Tag>> = true;

template <class T>
concept Scalar = std::is_integral_v<T> || std::is_same_v<T, double> || std::is_same_v<T, Uuid> ||
                 std::is_same_v<T, ErrorCode> || is_strong<T>;

}  // namespace thalweg::protocol
