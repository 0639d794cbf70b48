// What goes with a page so that its first screen waits for no round trip: the questions that the screen asks, and how
// their answers stand in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace thalweg::console {

// What the page at this address asks first, by the addresses that the script uses (web/src/screens).
std::vector<std::string> first_questions(std::string_view target);

// JSON as it may stand in a script element.
std::string within_script(std::string_view json);

}  // namespace thalweg::console
