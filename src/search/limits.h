// What bounds a search, in bytes, records and time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace thalweg::search {

inline constexpr std::size_t kWindowBytes = std::size_t{1} << 20;      // of a log, read and looked at in one go
inline constexpr std::size_t kWindowBytesMin = std::size_t{64} << 10;  // the least, where others need the machine
inline constexpr std::size_t kUnpackedMax = std::size_t{64} << 20;  // of one batch; one that grows beyond is unreadable
inline constexpr std::uint64_t kWorkMax = 2'000'000;                // steps of a filter in one go: some 20 ms
inline constexpr int kTriesMax = 3;                                 // newest first, with less to look at each
inline constexpr std::size_t kReadMax = std::size_t{8} << 20;       // of JSON that a schema makes of one value
inline constexpr std::size_t kSchemasMax = 100;                     // that one search asks for
inline constexpr std::size_t kFoundBytesMax = std::size_t{256} << 10;  // of matches of one window
inline constexpr std::size_t kMatchesMax = 500;                        // of one answer
inline constexpr std::size_t kPreviewMax = std::size_t{64} << 10;      // of a key, a value or a header in an answer
inline constexpr std::size_t kColumnsMax = 8;                          // of one search
inline constexpr std::size_t kColumnMax = 256;                         // bytes of one in an answer
inline constexpr std::size_t kHeadersMax = 32;                         // shown of one record
inline constexpr std::size_t kPartitionsMax = 256;  // of one search: what a cursor has to say of them
inline constexpr std::size_t kTroublesShown = 3;

}  // namespace thalweg::search
