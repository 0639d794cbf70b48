// What bounds a filter: its text, and what it may do to one record. Nothing that passes these is endless or huge.
#pragma once

#include <cstddef>
#include <cstdint>

namespace thalweg::filter {

inline constexpr std::size_t kTextMax = 4096;         // bytes of an expression
inline constexpr std::size_t kDepthMax = 32;          // of parentheses, calls, lists and signs within each other
inline constexpr std::size_t kNodesMax = 256;         // operators, names and literals
inline constexpr std::size_t kPatternMemory = 65536;  // bytes of a compiled regular expression, and of its states

inline constexpr std::uint32_t kStepsMax = 10'000;                   // for a record; every element of a list counts
inline constexpr std::size_t kLookedAtMax = std::size_t{128} << 20;  // bytes of a record, each time it is read
inline constexpr std::size_t kBytesOfStep = 16;                      // that are looked at, as work()
inline constexpr std::size_t kMadeMax = std::size_t{1} << 20;        // bytes of text that is made: lower, +, hex

}  // namespace thalweg::filter
