// A decimal number that is the whole text, as checkpoint files have them.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace thalweg::storage {

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace thalweg::storage
