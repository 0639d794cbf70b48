// Links if apps/thalweg/fmt_inside.cc has all of fmt that a program may want.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <system_error>
#include <vector>

int main() {
  fmt::print("{} {:.3f} {:>8} {:L} {} {:%H:%M}\n", 1.5f, 2.5, "text", 1234567, std::vector<int>{1, 2}, fmt::gmtime(0));
  fmt::print(stderr, "{}\n", std::chrono::milliseconds(1));
  const auto error = fmt::system_error(1, "{}", "a file");
  return fmt::format("{}", error.what()).empty();
}
