// What is wrong with a filter's text, and where: for a person who looks at it.
#pragma once

#include <cstddef>
#include <expected>
#include <string>

namespace thalweg::filter {

struct Mistake {
  std::size_t at = 0, length = 0;  // in bytes of the text
  std::string message;             // one sentence: what is wrong, and what is right
  std::string nearest;             // the known name that was probably meant; empty: none is near
  friend bool operator==(const Mistake&, const Mistake&) = default;
};

template <class T>
using Checked = std::expected<T, Mistake>;

}  // namespace thalweg::filter
