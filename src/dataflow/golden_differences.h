// Where we give something else than Kafka Streams on purpose. A difference that is none any more fails its test.
#pragma once

#include <array>
#include <string_view>

namespace thalweg::streams {

struct GoldenDifference {
  std::string_view topology, script;
  std::string_view why;
};

inline constexpr std::string_view kLostWindows =
    "Kafka Streams forgets windows that have closed and were not sent yet when a record comes that is later by the "
    "store's retention; we send them first";
inline constexpr std::string_view kTies =
    "records of several internal topics have the same time: we take them by topic, in Kafka Streams the order is what "
    "its "
    "heap makes of it, and in a cluster it depends on tasks";

inline constexpr std::array kGoldenDifferences{
    GoldenDifference{"tumbling_on_close", "far ahead", kLostWindows},
    GoldenDifference{"hopping_on_close", "far ahead", kLostWindows},
    GoldenDifference{"sliding_on_close", "far ahead", kLostWindows},
    GoldenDifference{"session_on_close", "far ahead", kLostWindows},
    GoldenDifference{"foreign_join_of_foreign", "left first, then right", kTies},
    GoldenDifference{"foreign_join_of_foreign", "one row of the right for many of the left", kTies},
};

}  // namespace thalweg::streams
