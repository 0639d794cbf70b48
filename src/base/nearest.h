// What somebody meant who mistyped a name.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace thalweg {

// How many letters to change, add, drop or swap with a neighbour to make one word of the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The one of `words` that is nearest to `given`, if any is near enough to be what was meant: a third of the letters may
// be wrong; beyond that a suggestion is a guess.
template <class Words>
std::optional<std::string> nearest(std::string_view given, Words&& words) {
  std::size_t best = std::max<std::size_t>(given.size() / 3, 1) + 1;
  std::optional<std::string> found;
  for (const auto& word : words)
    if (const auto distance = edit_distance(given, word); distance < best) {
      best = distance;
      found = word;
    }
  return found;
}

// "; did you mean orders?", or nothing when no word is near.
template <class Words>
std::string did_you_mean(std::string_view given, Words&& words) {
  const auto found = nearest(given, words);
  return found ? "; did you mean " + *found + "?" : "";
}

}  // namespace thalweg
