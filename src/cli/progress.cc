#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace thalweg::cli {

Progress::Progress(Session session, bool visible)
    : terminal_(session.terminal()),
      clock_(session.context.shard.clock),
      visible_(visible && terminal_.err_is_terminal()) {}

void Progress::show(std::int64_t count) {
  constexpr Millis kPause{200};
  if (!visible_ || clock_.now() < next_) return;
  next_ = clock_.now() + kPause;
  terminal_.err(fmt::format("\r{} records", count));
}

void Progress::finish(std::int64_t count) {
  if (visible_) terminal_.err(fmt::format("\r{} records\n", count));
}

std::string bar_text(double share) {
  constexpr int kWidth = 24, kWhole = 100;
  share = std::clamp(share, 0.0, 1.0);
  const auto full = static_cast<int>(share * kWidth);
  return fmt::format("[{:#<{}}{:-<{}}] {:>3}%", "", full, "", kWidth - full, static_cast<int>(share * kWhole));
}

std::string bytes_text(std::int64_t bytes) {
  constexpr std::string_view kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB"};
  constexpr double kStep = 1000;
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (amount >= kStep && unit + 1 < std::size(kUnits)) {
    amount /= kStep;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

void Bar::show(double share, const std::string& text) {
  if (!visible_) return;
  shown_ = true;
  constexpr std::string_view kToTheEnd = "\x1b[K";
  terminal_.err(fmt::format("\r{} {}{}", bar_text(share), text, kToTheEnd));
}

void Bar::finish() {
  if (std::exchange(shown_, false)) terminal_.err("\n");
}

}  // namespace thalweg::cli
