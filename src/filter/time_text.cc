#include "filter/time_text.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>

namespace thalweg::filter {
namespace {

using std::chrono::milliseconds, std::chrono::sys_days, std::chrono::sys_time, std::chrono::year_month_day;

constexpr std::int64_t kDayMs = 86'400'000;
// Of the years 1 to 9999, which four digits can write.
constexpr std::int64_t kFirstMs = -62'135'596'800'000, kLastMs = 253'402'300'799'999;

// Takes digits, signs and numbers off the front; what does not fit makes all that follow not fit.
class Taker {
 public:
  explicit Taker(std::string_view text) : rest_(text) {}
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool take_if(char c) {
    if (peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void take(char c) { ok_ = take_if(c) && ok_; }
  std::int64_t digits(int count) {
    std::int64_t value = 0;
    for (int i = 0; i < count; ++i) {
      const char c = peek();
      if (c < '0' || c > '9') {
        ok_ = false;
        return 0;
      }
      value = value * 10 + (c - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }
  // Behind a dot: of a second, in milliseconds.
  std::int64_t fraction_ms() {
    std::int64_t ms = 0;
    int count = 0;
    for (; peek() >= '0' && peek() <= '9'; ++count, rest_.remove_prefix(1))
      if (count < 3) ms = ms * 10 + (peek() - '0');
    ok_ = ok_ && count > 0;
    for (; count < 3; ++count) ms *= 10;
    return ms;
  }
  void fail_unless(bool good) { ok_ = ok_ && good; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

std::int64_t zone_minutes(Taker& taker) {
  if (taker.take_if('Z') || taker.take_if('z')) return 0;
  const bool west = taker.peek() == '-';
  if (!taker.take_if('-')) taker.take('+');
  const std::int64_t hours = taker.digits(2);
  taker.take(':');
  const std::int64_t minutes = taker.digits(2);
  taker.fail_unless(hours < 24 && minutes < 60);
  return (west ? -1 : 1) * (hours * 60 + minutes);
}

std::int64_t clock_ms(Taker& taker) {
  const std::int64_t hour = taker.digits(2);
  taker.take(':');
  const std::int64_t minute = taker.digits(2);
  taker.take(':');
  const std::int64_t second = taker.digits(2);
  const std::int64_t ms = taker.take_if('.') ? taker.fraction_ms() : 0;
  const std::int64_t zone = zone_minutes(taker);
  taker.fail_unless(hour < 24 && minute < 60 && second < 60);
  return (hour * 3600 + (minute - zone) * 60 + second) * 1000 + ms;
}

// In milliseconds; 0: there is no such unit.
double take_unit(std::string_view& text) {
  static constexpr struct {
    std::string_view name;
    double ms;
  } kUnits[] = {{"ms", 1}, {"us", 1e-3}, {"ns", 1e-6}, {"d", 864e5}, {"h", 36e5}, {"m", 6e4}, {"s", 1e3}};
  for (const auto& unit : kUnits)
    if (text.starts_with(unit.name)) {
      text.remove_prefix(unit.name.size());
      return unit.ms;
    }
  return 0;
}

}  // namespace

std::optional<std::int64_t> parse_timestamp(std::string_view text) {
  Taker taker(text);
  const std::int64_t year = taker.digits(4);
  taker.take('-');
  const std::int64_t month = taker.digits(2);
  taker.take('-');
  const std::int64_t day = taker.digits(2);
  const year_month_day date{std::chrono::year(int(year)), std::chrono::month(unsigned(month)),
                            std::chrono::day(unsigned(day))};
  if (!taker.ok() || year < 1 || !date.ok()) return std::nullopt;
  const std::int64_t midnight = sys_days(date).time_since_epoch().count() * kDayMs;
  if (taker.at_end()) return midnight;
  if (!taker.take_if('T') && !taker.take_if('t')) taker.take(' ');
  const std::int64_t ms = clock_ms(taker);
  return taker.ok() && taker.at_end() ? std::optional(midnight + ms) : std::nullopt;
}

std::string timestamp_text(std::int64_t ms) {
  if (ms < kFirstMs || ms > kLastMs) return std::to_string(ms);
  const sys_time<milliseconds> at{milliseconds(ms)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const year_month_day date(day);
  const std::int64_t rest = (at - day).count();
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", int(date.year()), unsigned(date.month()),
                                 unsigned(date.day()), rest / 3'600'000, rest / 60'000 % 60, rest / 1000 % 60);
  if (rest % 1000 != 0) text += fmt::format(".{:03}", rest % 1000);
  return text + "Z";
}

std::optional<std::int64_t> parse_duration(std::string_view text) {
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return 0;
  double sum = 0;
  bool any = false;
  while (!text.empty()) {
    const auto size = std::min(text.find_first_not_of("0123456789."), text.size());
    // Whole parts are exact up to 2^53 milliseconds, which is more years than there were.
    double number = 0, scale = 0;
    for (const char c : text.substr(0, size)) {
      if (c == '.' && scale != 0) return std::nullopt;
      if (c == '.') {
        scale = 1;
        continue;
      }
      number = number * 10 + (c - '0');
      scale *= 10;
    }
    if (size == 0 || text.substr(0, size) == ".") return std::nullopt;
    text.remove_prefix(size);
    const double unit = take_unit(text);
    if (unit == 0) return std::nullopt;
    sum += number * unit / (scale == 0 ? 1 : scale);
    any = true;
  }
  if (!any || !(sum < 9e15)) return std::nullopt;
  return static_cast<std::int64_t>(minus ? -sum : sum);
}

std::string duration_text(std::int64_t ms) {
  if (ms % 1000 == 0) return std::to_string(ms / 1000) + "s";
  std::string fraction = fmt::format("{:03}", std::abs(ms % 1000));
  while (fraction.ends_with('0')) fraction.pop_back();
  return fmt::format("{}{}.{}s", ms < 0 ? "-" : "", std::abs(ms / 1000), fraction);
}

}  // namespace thalweg::filter
