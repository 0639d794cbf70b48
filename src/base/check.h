// CHECK: states what our own code promises. Always on; a failed one is our bug and stops the process before it can
// acknowledge anything more. Never used for what a client or a disk may do: that is a Result.
#pragma once

namespace thalweg {
[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;
}  // namespace thalweg

#define CHECK(condition)                                       \
  do {                                                         \
    if (!(condition)) [[unlikely]]                             \
      ::thalweg::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
