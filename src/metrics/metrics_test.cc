#include "metrics/metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "metrics/families.h"

namespace thalweg {
namespace {

const MetricFamily kRequests{"requests_total", "Requests.", MetricKind::kCounter, {"api", "error"}};
const MetricFamily kConnections{"connections", "Open connections.", MetricKind::kGauge};
const MetricFamily kLatency{"latency", "Time to answer.", MetricKind::kHistogram, {"api"}, 1e-9};

TEST(Histogram, AValueIsInTheFirstBucketWhoseBoundIsNotBelowIt) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t value = random() >> (random() % 64);
    const std::size_t bucket = Histogram::bucket_of(value);
    // A bound is a rounded real number, so a value right at it may be on either side.
    EXPECT_LE(double(value), Histogram::upper_bound(bucket) * (1 + 1e-12)) << value;
    if (bucket > 0) {
      EXPECT_GE(double(value), Histogram::upper_bound(bucket - 1) * (1 - 1e-12)) << value;
    }
  }
}

TEST(Histogram, PowersOfTwoAreUpperBounds) {
  for (int i = 0; i < 64; ++i) EXPECT_EQ(Histogram::bucket_of(std::uint64_t(1) << i), std::size_t(i) * 8);
}

TEST(Histogram, QuantilesAreWithinNinePercent) {
  Histogram histogram;
  for (std::uint64_t i = 1; i <= 100'000; ++i) histogram.record(i * 1000);
  for (const double q : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const double exact = q * 100'000 * 1000;
    EXPECT_GE(histogram.quantile(q), exact * 0.999) << q;
    EXPECT_LE(histogram.quantile(q), exact * std::exp2(1.0 / 8) * 1.001) << q;
  }
}

TEST(Histogram, AnEmptyOneHasNoQuantile) { EXPECT_EQ(Histogram().quantile(0.5), 0); }

TEST(Histogram, TakesLittleMemory) {
  Histogram histogram;
  histogram.record(~std::uint64_t(0));
  EXPECT_LE(histogram.buckets().size() * sizeof(std::uint64_t), 4104u);
}

TEST(Metrics, GiveTheSameSeriesForTheSameLabels) {
  Metrics metrics;
  Counter& produced = metrics.counter(kRequests, {"Produce", "NONE"});
  produced.add(3);
  metrics.counter(kRequests, {"Produce", "NONE"}).add();
  metrics.counter(kRequests, {"Fetch", "NONE"}).add(10);
  EXPECT_EQ(produced.value(), 4u);
  EXPECT_EQ(metrics.size(), 2u);
}

TEST(Metrics, OfSeveralShardsAreSummed) {
  Metrics a, b;
  a.counter(kRequests, {"Produce", "NONE"}).add(3);
  b.counter(kRequests, {"Produce", "NONE"}).add(4);
  b.counter(kRequests, {"Fetch", "NONE"}).add(1);
  a.gauge(kConnections).add(2);
  b.gauge(kConnections).add(5);
  a.histogram(kLatency, {"Fetch"}).record(8);
  b.histogram(kLatency, {"Fetch"}).record(100);
  MetricsSnapshot all = a.snapshot();
  all.merge(b.snapshot());
  EXPECT_EQ(std::get<std::uint64_t>(*all.find(kRequests, {"Produce", "NONE"})), 7u);
  EXPECT_EQ(std::get<std::uint64_t>(*all.find(kRequests, {"Fetch", "NONE"})), 1u);
  EXPECT_EQ(std::get<std::int64_t>(*all.find(kConnections)), 7);
  EXPECT_EQ(std::get<Histogram>(*all.find(kLatency, {"Fetch"})).count(), 2u);
  EXPECT_EQ(all.find(kLatency, {"Produce"}), nullptr);
}

TEST(MetricsDeathTest, AFamilyIsDeclaredOnce) {
  static const MetricFamily kOther{"requests_total", "Another one.", MetricKind::kCounter, {"api", "error"}};
  Metrics metrics;
  metrics.counter(kRequests, {"a", "b"});
  EXPECT_DEATH(metrics.counter(kOther, {"a", "b"}), "");
}

// What serves them is one loop: family after family, each series once.
TEST(MetricsSnapshot, ToldFamilyByFamily) {
  Metrics metrics;
  metrics.counter(kRequests, {"Produce", "NONE"}).add(3);
  metrics.counter(kRequests, {"Fetch", "NONE"}).add(2);
  metrics.gauge(kConnections).add(1);
  TopicMetrics topics;
  topics.of(Uuid{1, 1}, "orders")->appended(100, 7);
  MetricsSnapshot all = metrics.snapshot();
  all.add(topics.rows());
  std::vector<std::string_view> families;
  std::set<std::pair<std::string_view, MetricLabels>> series;
  all.for_each([&](const MetricFamily& family, std::span<const std::string> labels, const MetricsSnapshot::Value&) {
    if (families.empty() || families.back() != family.name) families.push_back(family.name);
    EXPECT_TRUE(series.emplace(family.name, MetricLabels(labels.begin(), labels.end())).second);
  });
  EXPECT_EQ(std::set(families.begin(), families.end()).size(), families.size()) << "one is told in two parts";
  EXPECT_EQ(series.size(), 3 + 2 * topic_families().size());
  EXPECT_TRUE(series.contains({family::kTopicRecordsIn.name, {"orders"}}));
  EXPECT_TRUE(series.contains({family::kTopicRecordsIn.name, {}}));
}

// promtool's rules for names.
TEST(MetricFamilies, HaveNamesThatPrometheusTakes) {
  std::set<std::string_view> names;
  for (const MetricFamily* family : family::all()) {
    EXPECT_TRUE(names.insert(family->name).second) << family->name;
    EXPECT_EQ(family->name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos) << family->name;
    EXPECT_EQ(family->name.ends_with("_total"), family->kind == MetricKind::kCounter) << family->name;
    EXPECT_TRUE(family->help.ends_with('.')) << family->name;
    EXPECT_EQ(family->name.ends_with("timems"), family->unit == 1e-6) << family->name;
  }
}

TEST(MetricFamilies, AreAllInTheTable) {
  for (const auto& [family, count] : topic_families())
    EXPECT_NE(std::ranges::find(family::all(), family), family::all().end()) << family->name;
}

struct TopicMetricsTest : testing::Test {
  static constexpr Uuid kOrders{1, 1}, kUsers{2, 2}, kThird{3, 3};
  static const TopicCounts* find(const MetricsSnapshot& in, std::string_view topic) {
    for (const auto& row : in.topics())
      if (row.topic == topic) return &row.counts;
    return nullptr;
  }
  static MetricsSnapshot snapshot(const TopicMetrics& topics) {
    MetricsSnapshot all;
    all.add(topics.rows());
    all.add_unnamed(topics.unnamed());
    return all;
  }
};

TEST_F(TopicMetricsTest, OfSeveralShardsAreSummedByTopic) {
  TopicMetrics a, b;
  a.of(kOrders, "orders")->appended(100, 3);
  b.of(kUsers, "users")->appended(10, 1);
  b.of(kOrders, "orders")->sent(50, 2);
  b.of(kThird, "third")->read(ErrorCode::kNone);
  for (const bool a_first : {true, false}) {
    MetricsSnapshot all = snapshot(a_first ? a : b);
    all.merge(snapshot(a_first ? b : a));
    ASSERT_EQ(all.topics().size(), 3u);
    EXPECT_EQ(find(all, "orders")->bytes_in, 100u);
    EXPECT_EQ(find(all, "orders")->bytes_out, 50u);
    EXPECT_EQ(find(all, "users")->records_in, 1u);
    EXPECT_EQ(find(all, "third")->fetch_requests, 1u);
    EXPECT_EQ(all.all_topics().records_in, 4u);
  }
}

TEST_F(TopicMetricsTest, ADeletedTopicTakesItsSeriesAlongButTheSumStays) {
  TopicMetrics topics;
  const auto orders = topics.of(kOrders, "orders");
  orders->appended(100, 3);
  topics.forget(kOrders);
  topics.forget(kOrders);
  orders->appended(1, 1);  // by a request that was under way
  EXPECT_EQ(topics.size(), 0u);
  EXPECT_EQ(find(snapshot(topics), "orders"), nullptr);
  EXPECT_EQ(snapshot(topics).all_topics().bytes_in, 100u);
  EXPECT_EQ(topics.of(kOrders, "orders")->bytes_in, 0u) << "a new one begins anew";
}

TEST_F(TopicMetricsTest, HaveABoundBeyondWhichOnlyTheSumIsTold) {
  TopicMetrics topics(2);
  for (std::uint64_t i = 1; i <= 1000; ++i) topics.of(Uuid{i, i}, "topic-" + std::to_string(i))->appended(10, 1);
  EXPECT_EQ(topics.size(), 2u);
  EXPECT_EQ(snapshot(topics).topics().size(), 2u);
  EXPECT_EQ(snapshot(topics).all_topics().records_in, 1000u);
  topics.forget(Uuid{1, 1});
  topics.of(kOrders, "topic-1");
  EXPECT_EQ(topics.size(), 2u) << "a place is free again";
}

TEST_F(TopicMetricsTest, AreReadInSlices) {
  TopicMetrics topics;
  for (std::uint64_t i = 1; i <= 10; ++i) topics.of(Uuid{i, i}, "topic");
  std::size_t seen = 0;
  for (auto rows = topics.rows({}, 3); !rows.empty(); rows = topics.rows(rows.back().id, 3)) {
    EXPECT_LE(rows.size(), 3u);
    seen += rows.size();
  }
  EXPECT_EQ(seen, 10u);
}

TEST_F(TopicMetricsTest, FailuresAreThoseThatKafkaCounts) {
  TopicCounts counts;
  counts.append_failed(ErrorCode::kNotLeaderOrFollower, 100);
  EXPECT_EQ(counts.produce_failures, 0u);
  counts.append_failed(ErrorCode::kMessageTooLarge, 100);
  EXPECT_EQ(counts.produce_failures, 0u);
  EXPECT_EQ(counts.bytes_rejected, 100u);
  counts.append_failed(ErrorCode::kInvalidRecord, 100);
  EXPECT_EQ(counts.produce_failures, 1u);
  counts.read(ErrorCode::kOffsetOutOfRange);
  EXPECT_EQ(counts.fetch_failures, 0u);
  counts.read(ErrorCode::kUnknownServerError);
  EXPECT_EQ(counts.fetch_failures, 1u);
  EXPECT_EQ(counts.produce_requests, 3u);
  EXPECT_EQ(counts.fetch_requests, 2u);
  EXPECT_EQ(counts.bytes_in, 0u);
}

}  // namespace
}  // namespace thalweg
