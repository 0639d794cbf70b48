// The topologies of tests/interop/streams-golden/Windows.java.
#include <gtest/gtest.h>

#include "dataflow/testing_golden.h"
#include "thalweg/streams/windowed.h"

namespace thalweg::streams {
namespace {

using golden::comma, golden::Maybe, golden::out, golden::own_value, golden::stream;
using Text = std::string;

const TimeWindows kTumbling = TimeWindows::of(10ms, 5ms), kHopping = kTumbling.advance_by(4ms);
constexpr SlidingWindows kSliding{10ms, 5ms};
constexpr SessionWindows kSessions{5ms, 2ms};

auto grouped(StreamsBuilder& b) { return stream(b, "in").group_by_key(); }
Text empty_text() { return {}; }
// Java adds what is not there as "null".
Text joined(const Text&, const Maybe& value, const Text& sum) { return sum + value.value_or("null"); }
Maybe joined_or_dropped(const Text& key, const Maybe& value, const Text& sum) {
  return value == "drop" ? Maybe() : joined(key, value, sum);
}
Text with_bar(const Text&, const Text& x, const Text& y) { return x + "|" + y; }

std::vector<Golden> of_times() {
  return {
      {"tumbling_count", [](StreamsBuilder& b) { out(grouped(b).windowed_by(kTumbling).count().to_stream()); }},
      {"tumbling_count_named", [](StreamsBuilder& b) {
         out(grouped(b).windowed_by(kTumbling).count({.store = "per-window"}, {"n"}).to_stream());
       }},
      {"tumbling_no_grace_reduce", [](StreamsBuilder& b) {
         out(grouped(b).windowed_by(TimeWindows::of(10ms, 0ms)).reduce(comma).to_stream());
       }},
      {"tumbling_count_rekeyed", [](StreamsBuilder& b) {
         out(stream(b, "in").group_by(own_value).windowed_by(kTumbling).count().to_stream());
       }},
      {"tumbling_windowed_key",
       [](StreamsBuilder& b) { grouped(b).windowed_by(kTumbling).count().to_stream().to("out"); }},
      {"hopping_count", [](StreamsBuilder& b) { out(grouped(b).windowed_by(kHopping).count().to_stream()); }},
      {"hopping_aggregate", [](StreamsBuilder& b) {
         out(grouped(b).windowed_by(kHopping).aggregate(empty_text, joined_or_dropped).to_stream());
       }},
      {"sliding_count", [](StreamsBuilder& b) { out(grouped(b).windowed_by(kSliding).count().to_stream()); }},
      {"sliding_aggregate", [](StreamsBuilder& b) {
         out(grouped(b).windowed_by(kSliding).aggregate(empty_text, joined).to_stream());
       }},
  };
}

std::vector<Golden> of_sessions() {
  return {
      {"session_count", [](StreamsBuilder& b) { out(grouped(b).windowed_by(kSessions).count().to_stream()); }},
      {"session_reduce", [](StreamsBuilder& b) { out(grouped(b).windowed_by(kSessions).reduce(comma).to_stream()); }},
      {"session_aggregate", [](StreamsBuilder& b) {
         out(grouped(b).windowed_by(kSessions).aggregate(empty_text, joined, with_bar, {.store = "visits"}).to_stream());
       }},
      {"session_windowed_key",
       [](StreamsBuilder& b) { grouped(b).windowed_by(kSessions).count().to_stream().to("out"); }},
  };
}

std::vector<Golden> of_closes() {
  return {
      {"tumbling_on_close", [](StreamsBuilder& b) {
         out(grouped(b)
                 .windowed_by(kTumbling)
                 .emit(Emit::kOnClose)
                 .count({.store = "n", .retention = 100s})
                 .to_stream());
       }},
      {"hopping_on_close", [](StreamsBuilder& b) {
         out(grouped(b)
                 .windowed_by(kHopping)
                 .emit(Emit::kOnClose)
                 .aggregate(empty_text, joined, {.store = "sums", .retention = 100s})
                 .to_stream());
       }},
      {"sliding_on_close", [](StreamsBuilder& b) {
         out(grouped(b)
                 .windowed_by(kSliding)
                 .emit(Emit::kOnClose)
                 .count({.store = "n", .retention = 100s})
                 .to_stream());
       }},
      {"session_on_close", [](StreamsBuilder& b) {
         out(grouped(b)
                 .windowed_by(kSessions)
                 .emit(Emit::kOnClose)
                 .count({.store = "n", .retention = 100s})
                 .to_stream());
       }},
  };
}

class WindowGoldens : public testing::TestWithParam<Golden> {};
TEST_P(WindowGoldens, AreAsKafkaStreamsHasThem) { replay(GetParam()); }
const auto by_name = [](const auto& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Times, WindowGoldens, testing::ValuesIn(of_times()), by_name);
INSTANTIATE_TEST_SUITE_P(Sessions, WindowGoldens, testing::ValuesIn(of_sessions()), by_name);
INSTANTIATE_TEST_SUITE_P(Closes, WindowGoldens, testing::ValuesIn(of_closes()), by_name);

}  // namespace
}  // namespace thalweg::streams
