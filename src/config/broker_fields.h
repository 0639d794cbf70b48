// What binds a row to its field of BrokerConfig: the last thing that the rows of broker_*_options.cc say. Private to
// this module.
#pragma once

#include <algorithm>

#include "config/broker_config.h"
#include "config/field.h"

namespace thalweg::config {

namespace internal {

template <class T>
inline constexpr bool kIsSpan = false;
template <class Period>
inline constexpr bool kIsSpan<std::chrono::duration<std::int64_t, Period>> = true;

template <auto Field>
Result<> set(BrokerConfig& config, const Value& value) {
  using T = FieldType<Field>;
  if constexpr (kIsSpan<T>)
    config.*Field = std::clamp<T>(to_field<T>(value), -kLongestSpan, kLongestSpan);
  else
    config.*Field = to_field<T>(value);
  return {};
}

template <auto Field, auto Parse>
Result<> parse_and_set(BrokerConfig& config, const Value& value) {
  TRY(config.*Field, Parse(to_string(value)));
  return {};
}

}  // namespace internal

template <auto Field>
inline constexpr Setter into = &internal::set<Field>;
// For what has a syntax of its own: Parse gives a Result.
template <auto Field, auto Parse>
inline constexpr Setter parsed_into = &internal::parse_and_set<Field, Parse>;

Result<> set_roles(BrokerConfig& config, const Value& value);
Result<> set_controller_listeners(BrokerConfig& config, const Value& value);
Result<> set_durability(BrokerConfig& config, const Value& value);
// Kafka's two classes by their names; others are classes of Java.
Result<> set_replica_selector(BrokerConfig& config, const Value& value);

}  // namespace thalweg::config
