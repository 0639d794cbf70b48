// Where we give something else than Kafka Streams on purpose. A difference that is none any more fails its test.
#pragma once

#include <array>
#include <string_view>

namespace thalweg::streams {

struct GoldenDifference {
  std::string_view topology, what;  // a script, with ", restarted" where the task is dropped after every record
  std::string_view why;
};

inline constexpr std::string_view kLostWindows =
    "Kafka Streams forgets windows that have closed and were not sent yet when a record comes that is later by the "
    "store's retention; we send them first";
inline constexpr std::string_view kTies =
    "records of several internal topics have the same time: we take them by topic, Kafka Streams in the order of "
    "its heap, and in a cluster it depends on tasks";

// Only where the task is dropped after every record.
inline constexpr std::string_view kForgottenDelay =
    "a join whose windows are open for both sides may wait longer than it must with what found no partner, as in Kafka "
    "Streams; that it does is kept in memory alone, so after a restart it comes at once";

inline constexpr std::array kGoldenDifferences{
    GoldenDifference{"stream_outer_join", "sides take turns, restarted", kForgottenDelay},
    GoldenDifference{"stream_left_join_lopsided", "sides take turns, restarted", kForgottenDelay},
    GoldenDifference{"stream_outer_join_lopsided", "sides take turns, restarted", kForgottenDelay},
    GoldenDifference{"tumbling_on_close", "far ahead", kLostWindows},
    GoldenDifference{"hopping_on_close", "far ahead", kLostWindows},
    GoldenDifference{"sliding_on_close", "far ahead", kLostWindows},
    GoldenDifference{"session_on_close", "far ahead", kLostWindows},
    GoldenDifference{"foreign_join_of_foreign", "left first, then right", kTies},
    GoldenDifference{"foreign_join_of_foreign", "one row of the right for many of the left", kTies},
};

}  // namespace thalweg::streams
