// Times and spans as people write them, in milliseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thalweg::filter {

// RFC 3339: "2026-01-31T12:00:00Z", with a fraction and "+01:00"; a date alone is its midnight in UTC. Years 1 to 9999;
// what is finer than a millisecond is dropped.
std::optional<std::int64_t> parse_timestamp(std::string_view text);
// "2026-01-31T12:00:00.123Z"; in digits alone where the year has more than four of them.
std::string timestamp_text(std::int64_t ms);

// "90m", "1h30m", "1.5s", "-250ms"; units d, h, m, s, ms, us, ns. What is finer than a millisecond is dropped.
std::optional<std::int64_t> parse_duration(std::string_view text);
// "5400s", "0.25s"
std::string duration_text(std::int64_t ms);

}  // namespace thalweg::filter
