// What both directions of snappy need to know of the framing that Java's clients use. Private to this module.
#pragma once

#include <array>
#include <cstddef>

namespace thalweg::record {

inline constexpr std::array<unsigned char, 8> kXerialMagic = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};
// The magic, version 1, least compatible version 1.
inline constexpr std::size_t kXerialHeader = kXerialMagic.size() + 8;
inline constexpr std::size_t kXerialBlock = 32 * 1024;

}  // namespace thalweg::record
