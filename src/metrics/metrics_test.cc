#include "metrics/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace thalweg {
namespace {

const MetricFamily kRequests{"requests", "Requests.", MetricKind::kCounter, {"api", "error"}};
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
}

TEST(Metrics, OfSeveralShardsAreSummed) {
  Metrics a, b;
  a.counter(kRequests, {"Produce", "NONE"}).add(3);
  b.counter(kRequests, {"Produce", "NONE"}).add(4);
  b.counter(kRequests, {"Fetch", "NONE"}).add(1);
  a.gauge(kConnections).add(2);
  b.gauge(kConnections).set(5);
  a.histogram(kLatency, {"Fetch"}).record(8);
  b.histogram(kLatency, {"Fetch"}).record(100);
  MetricsSnapshot all = a.snapshot();
  all.merge(b.snapshot());
  EXPECT_EQ(std::get<std::uint64_t>(*all.find("requests", {"Produce", "NONE"})), 7u);
  EXPECT_EQ(std::get<std::uint64_t>(*all.find("requests", {"Fetch", "NONE"})), 1u);
  EXPECT_EQ(std::get<std::int64_t>(*all.find("connections", {})), 7);
  EXPECT_EQ(std::get<Histogram>(*all.find("latency", {"Fetch"})).count(), 2u);
  EXPECT_EQ(all.series().size(), 4u);
}

TEST(Metrics, OfADeletedTopicGo) {
  static const MetricFamily kBytes{"bytes_in", "Bytes.", MetricKind::kCounter, {"topic"}};
  Metrics metrics;
  metrics.counter(kBytes, {"orders"}).add(1);
  metrics.counter(kBytes, {"users"}).add(2);
  metrics.forget(kBytes, "orders");
  const MetricsSnapshot left = metrics.snapshot();
  EXPECT_EQ(left.find("bytes_in", {"orders"}), nullptr);
  EXPECT_NE(left.find("bytes_in", {"users"}), nullptr);
}

TEST(MetricsDeathTest, AFamilyIsDeclaredOnce) {
  static const MetricFamily kOther{"requests", "Another one.", MetricKind::kCounter, {"api", "error"}};
  Metrics metrics;
  metrics.counter(kRequests, {"a", "b"});
  EXPECT_DEATH(metrics.counter(kOther, {"a", "b"}), "");
}

}  // namespace
}  // namespace thalweg
