#include "dataflow/partition_group.h"

#include <gtest/gtest.h>

#include <charconv>
#include <random>

namespace thalweg::streams::detail {
namespace {

Timestamp at(std::int64_t ms) { return Timestamp(milliseconds(ms)); }

// A value is what its record is: a timestamp; "bad"; "drop", which the extractor says; "after", which is one later than
// the partition's time; "never", which no handler is asked about.
class ScriptedHead : public Head {
 public:
  Result<std::int64_t> decode(const RawRecord& record, std::int64_t partition_time) override {
    ++decoded;
    const std::string_view value = *record.value;
    if (value == "bad") return client::bad_bytes("bad");
    if (value == "never") return std::unexpected(Error{.code = kInvalidTimestamp, .message = "never"});
    if (value == "drop") return -1;
    if (value == "after") return partition_time + 1;
    std::int64_t time = 0;
    std::from_chars(value.data(), value.data() + value.size(), time);
    return time;
  }
  void process() override {}
  static inline int decoded = 0;
};

struct Fixture {
  explicit Fixture(std::size_t inputs, milliseconds idle = milliseconds(0)) : offsets(inputs) {
    std::vector<std::unique_ptr<Head>> heads;
    for (std::size_t i = 0; i < inputs; ++i) heads.push_back(std::make_unique<ScriptedHead>());
    group.emplace(std::move(heads), idle);
  }
  void add(std::size_t input, std::vector<std::string> values) {
    std::vector<RawRecord> records;
    for (std::string& value : values) {
      auto owner = std::make_shared<const std::string>(std::move(value));
      records.push_back({.offset = offsets[input]++, .value = *owner, .owner = owner});
    }
    group->add(input, records);
  }
  void end(std::size_t input, std::int64_t now) { group->at_end(input, offsets[input], at(now)); }
  // "1:5": from input 1, of time 5; "1:-" passed over; "": none is ready; "!": failed.
  std::string next(std::int64_t now) {
    const auto next = group->next(at(now), passed_over);
    if (!next) return "!";
    if (!*next) return "";
    return std::to_string((*next)->input) + ":" + ((*next)->head ? std::to_string((*next)->timestamp) : "-");
  }

  std::vector<std::int64_t> offsets;
  bool resume = true;
  int bad = 0, dropped = 0;
  PassedOver passed_over{.resume = [this](std::size_t, const RawRecord&, const Error&) { return ++bad, resume; },
                         .dropped = [this](const RawRecord&) { ++dropped; }};
  std::optional<PartitionGroup> group;
};

TEST(PartitionGroup, TakesTheSmallestTimeAndTheFirstInputOfEqualOnes) {
  Fixture f(3);
  f.add(2, {"5", "1"});
  f.add(1, {"5"});
  f.add(0, {"9", "2"});
  for (std::size_t i = 0; i < 3; ++i) f.end(i, 0);
  std::string order;
  for (std::string one; !(one = f.next(0)).empty();) order += one + " ";
  // Only heads are compared: 1 and 2 wait behind theirs.
  EXPECT_EQ(order, "1:5 2:5 2:1 0:9 0:2 ");
  EXPECT_EQ(f.group->stream_time(), 9);
  EXPECT_EQ(f.group->partition_time(0), 9);
  EXPECT_EQ(f.group->partition_time(2), 5);
}

TEST(PartitionGroup, WaitsForAnInputOfWhichItIsNotKnownThatItIsAtItsEnd) {
  Fixture f(2, milliseconds(100));
  f.add(0, {"1", "2"});
  EXPECT_EQ(f.group->ready_at(at(5)), std::nullopt);
  EXPECT_EQ(f.next(1'000'000), "");
  f.end(1, 10);
  EXPECT_EQ(f.group->ready_at(at(10)), at(110));
  EXPECT_EQ(f.next(109), "");
  EXPECT_EQ(f.next(110), "0:1");
  // What comes there ends the waiting; when it is empty again, it is waited for anew.
  f.add(1, {"0"});
  EXPECT_EQ(f.next(111), "1:0");
  EXPECT_EQ(f.next(1'000'000), "");
  f.end(1, 112);
  EXPECT_EQ(f.next(211), "");
  EXPECT_EQ(f.next(212), "0:2");
}

TEST(PartitionGroup, WaitsForEverWhereItIsToldTo) {
  Fixture f(2, milliseconds::max());
  f.add(0, {"1"});
  f.end(1, 10);
  EXPECT_EQ(f.next(4'000'000'000'000), "");
  f.add(1, {"2"});
  EXPECT_EQ(f.next(4'000'000'000'001), "0:1");
}

TEST(PartitionGroup, BeginsToWaitWhenAnInputAtItsEndRunsEmpty) {
  Fixture f(2, milliseconds(100));
  f.add(0, {"9"});
  f.add(1, {"1"});
  f.end(1, 0);  // its last record waits still
  EXPECT_EQ(f.next(500), "1:1");
  EXPECT_EQ(f.group->ready_at(at(500)), at(600));
}

TEST(PartitionGroup, WaitsForNobodyWhereIdlingIsSwitchedOff) {
  Fixture f(2, milliseconds(-1));
  EXPECT_EQ(f.group->ready_at(at(0)), std::nullopt);
  f.add(1, {"7"});
  EXPECT_EQ(f.next(0), "1:7");
  EXPECT_EQ(f.next(0), "");
}

TEST(PartitionGroup, PassesOverWhatCannotBeDecodedAndMovesTheOffsetOn) {
  Fixture f(1);
  EXPECT_EQ(f.group->position(0), std::nullopt);
  f.add(0, {"bad", "drop", "4", "bad", "bad"});
  EXPECT_EQ(f.next(0), "0:4");
  EXPECT_EQ(f.group->position(0), 3);
  EXPECT_EQ(f.next(0), "0:-");
  EXPECT_EQ(f.next(0), "");
  EXPECT_EQ(f.group->position(0), 5);
  EXPECT_EQ(f.bad, 3);
  EXPECT_EQ(f.dropped, 1);
  EXPECT_EQ(f.group->stream_time(), 4);
  f.group->at_end(0, 8, at(0));  // markers of transactions
  EXPECT_EQ(f.group->position(0), 8);
}

TEST(PartitionGroup, FailsOfWhatIsNotPassedOver) {
  Fixture f(1);
  f.add(0, {"never"});
  EXPECT_EQ(f.next(0), "!");
  EXPECT_EQ(f.bad, 0);
  Fixture g(1);
  g.resume = false;
  g.add(0, {"bad"});
  EXPECT_EQ(g.next(0), "!");
}

TEST(PartitionGroup, DecodesEachRecordOnceHoweverManyInputsThereAre) {
  constexpr std::size_t kInputs = 1000;
  Fixture f(kInputs);
  for (std::size_t i = 0; i < kInputs; ++i) f.add(i, {std::to_string(kInputs - i), std::to_string(2 * kInputs - i)});
  ScriptedHead::decoded = 0;
  for (std::size_t i = 0; i < kInputs; ++i) f.end(i, 0);
  std::int64_t last = 0;
  for (std::size_t i = 0; i < 2 * kInputs; ++i) {
    const auto next = f.group->next(at(0), f.passed_over);
    ASSERT_TRUE(next && *next);
    EXPECT_EQ((*next)->timestamp, last + 1);
    last = (*next)->timestamp;
  }
  EXPECT_EQ(ScriptedHead::decoded, static_cast<int>(2 * kInputs));
}

// The same by searching everything each time.
struct NaiveGroup {
  struct Input {
    std::deque<std::string> waiting;
    std::int64_t partition_time = -1, taken = 0;
    std::optional<std::int64_t> end_known;  // since when it is empty and known to be at its end
    bool at_end = false;
    bool passed_over = false;  // the head was looked at while it was alone and bad: that stays, whatever follows
  };
  std::vector<Input> inputs;
  std::int64_t idle = 0, stream_time = -1;

  bool ready(std::int64_t now) const {
    bool any = false, waits = false;
    for (const Input& input : inputs) {
      any |= !input.waiting.empty();
      waits |= input.waiting.empty() && idle >= 0 && !(input.end_known && *input.end_known + idle <= now);
    }
    return any && !waits;
  }
  // Of the head; what is passed over before it is gone.
  std::optional<std::int64_t> head(Input& input) {
    while (!input.passed_over) {
      const std::string& value = input.waiting.front();
      if (value == "after") return input.partition_time + 1;
      if (value != "bad" && value != "drop") return std::stoll(value);
      if (input.waiting.size() == 1) {
        input.passed_over = true;
      } else {
        input.waiting.pop_front();
        ++input.taken;
      }
    }
    return std::nullopt;
  }
  std::string next(std::int64_t now) {
    if (!ready(now)) return "";
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      if (!inputs[i].waiting.empty() && (!best || head(inputs[i]).value_or(-1) < head(inputs[*best]).value_or(-1)))
        best = i;
    Input& from = inputs[*best];
    const auto time = head(from);
    from.waiting.pop_front();
    from.passed_over = false;
    ++from.taken;
    from.partition_time = std::max(from.partition_time, time.value_or(-1));
    stream_time = std::max(stream_time, time.value_or(-1));
    if (from.waiting.empty() && from.at_end) from.end_known = now;
    return std::to_string(*best) + ":" + (time ? std::to_string(*time) : "-");
  }
};

void one_random_run(std::mt19937& random) {
  const std::size_t inputs = 1 + random() % 4;
  NaiveGroup model{.inputs = std::vector<NaiveGroup::Input>(inputs), .idle = static_cast<int>(random() % 12) - 1};
  Fixture f(inputs, milliseconds(model.idle));
  for (std::int64_t now = 0; now < 60; now += random() % 3) {
    const std::size_t i = random() % inputs;
    NaiveGroup::Input& input = model.inputs[i];
    switch (random() % 4) {
      case 0: {
        std::vector<std::string> values;
        for (auto n = 1 + random() % 3; n > 0; --n) {
          const auto kind = random() % 10;
          values.push_back(kind == 0   ? "bad"
                           : kind == 1 ? "drop"
                           : kind == 2 ? "after"
                                       : std::to_string(random() % 20));
        }
        input.waiting.insert(input.waiting.end(), values.begin(), values.end());
        input.at_end = false;
        input.end_known.reset();
        f.add(i, values);
        break;
      }
      case 1:
        input.at_end = true;
        if (input.waiting.empty() && !input.end_known) input.end_known = now;
        f.end(i, now);
        break;
      default: {
        const auto ready = f.group->ready_at(at(now));
        EXPECT_EQ(ready && *ready <= at(now), model.ready(now));
        ASSERT_EQ(f.next(now), model.next(now));
      }
    }
    EXPECT_EQ(f.group->stream_time(), model.stream_time);
    for (std::size_t k = 0; k < inputs; ++k) {
      EXPECT_EQ(f.group->partition_time(k), model.inputs[k].partition_time);
      // Bad ones before the head may be gone already, or not yet.
      if (model.inputs[k].waiting.empty()) {
        EXPECT_EQ(f.group->position(k).value_or(0), model.inputs[k].taken);
      }
    }
  }
}

TEST(PartitionGroup, DoesAsANaiveModelDoes) {
  std::mt19937 random(3);
  for (int round = 0; round < 5000 && !testing::Test::HasFailure(); ++round) one_random_run(random);
}

}  // namespace
}  // namespace thalweg::streams::detail
