// The topologies of tests/interop/streams-golden/Windows.java, and those of Suppressions.java that have windows.
#include <gtest/gtest.h>

#include "dataflow/testing_golden.h"
#include "thalweg/streams/windowed.h"

namespace thalweg::streams::golden_windows {
namespace {

using golden::Maybe, golden::out, golden::own_value, golden::stream;
using Text = std::string;

const auto kTumbling = TimeWindows::of(10ms, 5ms);
const auto kHopping = kTumbling.advance_by(4ms);
const SlidingWindows kSliding{10ms, 5ms};
const SessionWindows kSessions{5ms, 2ms};
constexpr milliseconds kLong{100'000};  // retention

KGroupedStream<Text, Maybe> grouped(StreamsBuilder& b) { return stream(b, "in").group_by_key(); }
Text empty() { return {}; }
// Java writes what is not there as "null".
Text with_comma(const Text& x, const Maybe& y) { return x + "," + y.value_or("null"); }
Text appended(const Text&, const Maybe& value, const Text& sum) { return sum + value.value_or("null"); }
std::optional<Text> appended_or_dropped(const Text&, const Maybe& value, const Text& sum) {
  return value == "drop" ? std::optional<Text>() : sum + value.value_or("null");
}
Text side_by_side(const Text&, const Text& x, const Text& y) { return x + "|" + y; }
bool not_of_two(const Text& value) { return !value.starts_with("2"); }
Text loudly(const Text& value) { return value + "!"; }

template <class W>
void counted(StreamsBuilder& b, const W& windows, Materialized<Text, std::int64_t> how = {}) {
  out(grouped(b).windowed_by(windows).count(std::move(how)).to_stream());
}
template <class W>
void counted_on_close(StreamsBuilder& b, const W& windows) {
  out(grouped(b).windowed_by(windows).emit(Emit::kOnClose).count({.store = "n", .retention = kLong}).to_stream());
}
template <class W>
void closed(StreamsBuilder& b, const W& windows, Suppressed how = Suppressed::until_window_closes()) {
  out(grouped(b).windowed_by(windows).count().suppress(std::move(how)).to_stream());
}

std::vector<Golden> windows() {
  return {
      {"tumbling_count", [](StreamsBuilder& b) { counted(b, kTumbling); }},
      {"tumbling_count_named",
       [](StreamsBuilder& b) {
         out(grouped(b).windowed_by(kTumbling).count({.store = "per-window"}, {"n"}).to_stream());
       }},
      {"tumbling_no_grace_reduce",
       [](StreamsBuilder& b) {
         out(grouped(b).windowed_by(TimeWindows::of(10ms, 0ms)).reduce(with_comma).to_stream());
       }},
      {"tumbling_count_rekeyed",
       [](StreamsBuilder& b) { out(stream(b, "in").group_by(own_value).windowed_by(kTumbling).count().to_stream()); }},
      {"tumbling_windowed_key",
       [](StreamsBuilder& b) { grouped(b).windowed_by(kTumbling).count().to_stream().to("out"); }},
      {"hopping_count", [](StreamsBuilder& b) { counted(b, kHopping); }},
      {"hopping_aggregate",
       [](StreamsBuilder& b) {
         out(grouped(b).windowed_by(kHopping).aggregate(empty, appended_or_dropped).to_stream());
       }},
      {"sliding_count", [](StreamsBuilder& b) { counted(b, kSliding); }},
      {"sliding_aggregate",
       [](StreamsBuilder& b) { out(grouped(b).windowed_by(kSliding).aggregate(empty, appended).to_stream()); }},
      {"session_count", [](StreamsBuilder& b) { counted(b, kSessions); }},
      {"session_reduce",
       [](StreamsBuilder& b) { out(grouped(b).windowed_by(kSessions).reduce(with_comma).to_stream()); }},
      {"session_aggregate",
       [](StreamsBuilder& b) {
         out(grouped(b)
                 .windowed_by(kSessions)
                 .aggregate(empty, appended, side_by_side, {.store = "visits"})
                 .to_stream());
       }},
      {"session_windowed_key",
       [](StreamsBuilder& b) { grouped(b).windowed_by(kSessions).count().to_stream().to("out"); }},
      {"tumbling_on_close", [](StreamsBuilder& b) { counted_on_close(b, kTumbling); }},
      {"hopping_on_close",
       [](StreamsBuilder& b) {
         out(grouped(b)
                 .windowed_by(kHopping)
                 .emit(Emit::kOnClose)
                 .aggregate(empty, appended, {.store = "sums", .retention = kLong})
                 .to_stream());
       }},
      {"sliding_on_close", [](StreamsBuilder& b) { counted_on_close(b, kSliding); }},
      {"session_on_close", [](StreamsBuilder& b) { counted_on_close(b, kSessions); }},
  };
}

std::vector<Golden> suppressed_windows() {
  return {
      {"suppress_tumbling", [](StreamsBuilder& b) { closed(b, kTumbling); }},
      {"suppress_named",
       [](StreamsBuilder& b) {
         auto how = Suppressed::until_window_closes();
         how.name = "final";
         closed(b, kTumbling, how);
       }},
      {"suppress_hopping_mapped",
       [](StreamsBuilder& b) {
         out(grouped(b)
                 .windowed_by(kHopping)
                 .reduce(with_comma)
                 .filter(not_of_two)
                 .map_values(loudly)
                 .suppress(Suppressed::until_window_closes())
                 .to_stream());
       }},
      {"suppress_sliding", [](StreamsBuilder& b) { closed(b, kSliding); }},
      {"suppress_sessions", [](StreamsBuilder& b) { closed(b, kSessions); }},
  };
}

class GoldenWindows : public testing::TestWithParam<Golden> {};
TEST_P(GoldenWindows, GiveWhatKafkaStreamsGives) { replay(GetParam()); }
INSTANTIATE_TEST_SUITE_P(Streams, GoldenWindows, testing::ValuesIn(windows()),
                         [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(Suppressed, GoldenWindows, testing::ValuesIn(suppressed_windows()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace thalweg::streams::golden_windows
