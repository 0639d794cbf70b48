// Windowed counts against models that keep all records and count anew.
#include <gtest/gtest.h>

#include <random>

#include "thalweg/streams/builder.h"
#include "thalweg/streams/test_driver.h"
#include "thalweg/streams/windowed.h"

namespace thalweg::streams::windowed_property_tests {
namespace {

using Text = std::string;
using Span = std::pair<std::int64_t, std::int64_t>;  // start and end
using Counts = std::map<Span, std::int64_t>;
constexpr milliseconds kForEver{1'000'000'000};

// Records of one key at random times, mostly in order; what a table of windows then says.
template <class W>
Counts counted(W windows, const std::vector<std::int64_t>& times) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in").group_by_key().windowed_by(windows).count().to_stream().to("out");
  const auto topology = builder.build();
  EXPECT_TRUE(topology);
  TestDriver driver(*topology);
  auto in = driver.input<Text, Text>("in");
  Serde<Windowed<Text>> key = session_windowed<Text>();
  if constexpr (!std::same_as<W, SessionWindows>) key = time_windowed<Text>(detail::size_of(windows));
  auto out = driver.output<Windowed<Text>, std::optional<std::int64_t>>("out", {.key = key});
  Counts counts;
  for (const std::int64_t time : times) {
    in.pipe("k", "v", Timestamp(milliseconds(time)));
    while (!out.empty()) {
      const auto update = out.read();
      const Window window = update.key.window;
      const Span at(window.start.time_since_epoch().count(), window.end.time_since_epoch().count());
      if (update.value)
        counts[at] = *update.value;
      else
        counts.erase(at);
    }
  }
  return counts;
}

class WindowedProperties : public testing::Test {
 protected:
  std::vector<std::int64_t> times() {
    std::vector<std::int64_t> times;
    std::int64_t now = static_cast<std::int64_t>(below(30));
    for (int i = 0; i < 30; ++i) {
      now += static_cast<std::int64_t>(below(6));
      times.push_back(std::max<std::int64_t>(0, below(3) == 0 ? now - static_cast<std::int64_t>(below(40)) : now));
    }
    return times;
  }
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  std::mt19937_64 random_{42};
};

TEST_F(WindowedProperties, TimeWindowsCountWhatCameBeforeTheyClosed) {
  for (int round = 0; round < 300 && !HasFailure(); ++round) {
    const auto size = static_cast<std::int64_t>(1 + below(20)),
               advance = static_cast<std::int64_t>(1 + below(static_cast<std::uint64_t>(size))),
               grace = static_cast<std::int64_t>(below(15));
    const auto at = times();
    Counts expected;
    std::int64_t highest = 0;
    for (const std::int64_t time : at) {
      highest = std::max(highest, time);
      for (std::int64_t start = 0; start <= time; start += advance)
        if (time < start + size && start + size > highest - grace) ++expected[{start, start + size}];
    }
    EXPECT_EQ(counted(TimeWindows{milliseconds(size), milliseconds(grace), milliseconds(advance)}, at), expected)
        << size << " " << advance << " " << grace;
  }
}

TEST_F(WindowedProperties, SlidingWindowsAreThoseThatDifferAndHoldWhatIsInThem) {
  for (int round = 0; round < 300 && !HasFailure(); ++round) {
    const auto length = static_cast<std::int64_t>(below(25));
    const auto at = times();
    Counts expected;
    const auto held = [&](std::int64_t start) {
      return std::ranges::count_if(at, [&](std::int64_t time) { return time >= start && time <= start + length; });
    };
    for (const std::int64_t time : at) {
      const std::int64_t left = std::max<std::int64_t>(0, time - length);
      expected[{left, left + length}] = held(left);
      if (held(time + 1) > 0) expected[{time + 1, time + 1 + length}] = held(time + 1);
    }
    EXPECT_EQ(counted(SlidingWindows{milliseconds(length), kForEver}, at), expected) << length;
  }
}

TEST_F(WindowedProperties, SessionsAreWhatLiesNoFurtherApartThanTheGap) {
  for (int round = 0; round < 300 && !HasFailure(); ++round) {
    const auto gap = static_cast<std::int64_t>(1 + below(8));
    const auto at = times();
    auto sorted = at;
    std::ranges::sort(sorted);
    Counts expected;
    for (std::size_t i = 0; i < sorted.size();) {
      std::size_t next = i + 1;
      while (next < sorted.size() && sorted[next] - sorted[next - 1] <= gap) ++next;
      expected[{sorted[i], sorted[next - 1]}] = static_cast<std::int64_t>(next - i);
      i = next;
    }
    EXPECT_EQ(counted(SessionWindows{milliseconds(gap), kForEver}, at), expected) << gap;
  }
}

}  // namespace
}  // namespace thalweg::streams::windowed_property_tests
