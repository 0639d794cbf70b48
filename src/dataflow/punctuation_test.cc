#include "dataflow/punctuation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace thalweg::streams::detail::punctuation_tests {
namespace {

Timestamp at(std::int64_t ms) { return Timestamp(milliseconds(ms)); }

void run_body(const std::string&, const PunctuationQueue::Body& body) { body(Timestamp{}); }

TEST(Punctuation, MakesUpForWhatWasMissedWithOneCallAtTheTimeItIs) {
  PunctuationQueue queue;
  std::vector<std::int64_t> times;
  queue.schedule("node", at(0), milliseconds(10), [](Timestamp) {});
  for (const std::int64_t now : {3, 9, 47, 49, 50}) {
    queue.punctuate(at(now), [&](const std::string& node, const PunctuationQueue::Body&) {
      EXPECT_EQ(node, "node");
      times.push_back(now);
    });
  }
  EXPECT_EQ(times, (std::vector<std::int64_t>{3, 47, 50}));
  EXPECT_EQ(queue.next(), at(60));
}

TEST(Punctuation, NeverRunsWhatHasTheLongestInterval) {
  PunctuationQueue queue;
  const Timestamp now = at(1'700'000'000'000);
  queue.schedule("a", at(0), milliseconds::max(), [](Timestamp) {});
  queue.schedule("b", PunctuationQueue::after(now, milliseconds::max()), milliseconds::max(), [](Timestamp) {});
  int runs = 0;
  for (int year = 0; year < 100; ++year)
    queue.punctuate(now + year * std::chrono::hours(8766), [&](const auto& node, const auto&) {
      EXPECT_EQ(node, "a");  // which was due from the beginning
      ++runs;
    });
  EXPECT_EQ(runs, 1);
}

TEST(Punctuation, StopsWhenItIsCancelledAlsoByItself) {
  PunctuationQueue queue;
  int runs = 0;
  Punctuation itself, other;
  itself = queue.schedule("a", at(1), milliseconds(1), [&](Timestamp) { ++runs, itself.cancel(), other.cancel(); });
  other = queue.schedule("b", at(2), milliseconds(1), [&](Timestamp) { ++runs; });
  EXPECT_TRUE(queue.punctuate(at(9), run_body));
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(queue.next(), std::nullopt);
  EXPECT_FALSE(queue.punctuate(at(99), run_body));
}

TEST(Punctuation, RunsWhatIsScheduledMeanwhileWhenItIsDue) {
  PunctuationQueue queue;
  std::string order;
  queue.schedule("a", at(5), milliseconds(100), [&](Timestamp) {
    order += "a";
    queue.schedule("b", at(0), milliseconds(100), [&](Timestamp) { order += "b"; });
    queue.schedule("c", at(8), milliseconds(100), [&](Timestamp) { order += "c"; });
  });
  queue.schedule("d", at(5), milliseconds(100), [&](Timestamp) { order += "d"; });
  queue.punctuate(at(7), run_body);
  EXPECT_EQ(order, "abd");
}

// Every schedule by itself: due when a multiple of its interval was passed since it ran.
struct NaiveSchedule {
  std::int64_t first, interval;
  std::optional<std::int64_t> ran;
  bool cancelled = false;
  std::optional<std::int64_t> due(std::int64_t now) const {
    std::int64_t time = first;
    while (ran && time <= *ran) time += interval;
    return !cancelled && time <= now ? std::optional(time) : std::nullopt;
  }
};

TEST(Punctuation, DoesAsANaiveModelDoes) {
  std::mt19937 random(11);
  for (int round = 0; round < 2000; ++round) {
    PunctuationQueue queue;
    std::vector<NaiveSchedule> model;
    std::vector<Punctuation> handles;
    std::vector<std::size_t> ran;
    std::int64_t now = 0;
    for (int step = 0; step < 20; ++step) {
      if (random() % 3 == 0) {
        const std::int64_t first = now + random() % 20 - 5, interval = 1 + random() % 15;
        model.push_back({first, interval, {}});
        handles.push_back(queue.schedule("n", at(first), milliseconds(interval),
                                         [&ran, id = model.size() - 1](Timestamp) { ran.push_back(id); }));
      }
      if (!model.empty() && random() % 8 == 0) {
        const std::size_t which = random() % model.size();
        model[which].cancelled = true;
        handles[which].cancel();
      }
      now += random() % 4 == 0 ? random() % 60 : random() % 5;
      std::vector<std::pair<std::int64_t, std::size_t>> due;
      for (std::size_t i = 0; i < model.size(); ++i)
        if (const auto time = model[i].due(now)) due.emplace_back(*time, i), model[i].ran = now;
      std::ranges::sort(due);
      ran.clear();
      EXPECT_EQ(queue.punctuate(at(now), run_body), !due.empty());
      ASSERT_EQ(ran.size(), due.size());
      // Equal times are in the order in which they were put there, which a model by schedule does not know.
      for (std::size_t i = 0; i < due.size(); ++i) {
        const bool alone =
            (i == 0 || due[i - 1].first != due[i].first) && (i + 1 == due.size() || due[i + 1].first != due[i].first);
        if (alone) {
          EXPECT_EQ(ran[i], due[i].second);
        }
      }
    }
  }
}

}  // namespace
}  // namespace thalweg::streams::detail::punctuation_tests
