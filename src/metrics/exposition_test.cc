#include "metrics/exposition.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "metrics/families.h"
#include "metrics/metrics.h"

namespace thalweg {
namespace {

const MetricFamily kTaps{"test_taps_total", "Water\\taps.\nReally.", MetricKind::kCounter, {"where"}};
const MetricFamily kLevel{"test_level", "Level.", MetricKind::kGauge};
const MetricFamily kLevelSum{"test_level_sum", "Sum of levels.", MetricKind::kGauge};
const MetricFamily kAge{"test_age_seconds", "Age.", MetricKind::kGauge, {"topic", "partition"}, 1e-3};
const MetricFamily kEnd{"test_end", "End.", MetricKind::kGauge, {"topic", "partition"}};

std::string page(ExpositionFormat format, MetricsSnapshot snapshot, std::vector<SeriesTable> tables = {},
                 std::size_t bytes = 1 << 20) {
  Exposition exposition(format, std::move(snapshot), std::move(tables));
  std::string all;
  for (std::string piece = exposition.next(bytes); !piece.empty(); piece = exposition.next(bytes)) all += piece;
  return all;
}
bool has(const std::string& text, const std::string& line) { return ("\n" + text).contains("\n" + line + "\n"); }
// Without what a broker always counts: all topics together.
std::string without_topics(const std::string& text) { return text.substr(0, text.find("# HELP kafka_server_broker")); }

TEST(Exposition, EscapesAsTheFormatSays) {
  MetricsSnapshot snapshot;
  snapshot.add(kTaps, {"a\"b\\c\nd"}, std::uint64_t(3));
  EXPECT_EQ(without_topics(page(ExpositionFormat::kPrometheus, snapshot)),
            "# HELP test_taps_total Water\\\\taps.\\nReally.\n"
            "# TYPE test_taps_total counter\n"
            "test_taps_total{where=\"a\\\"b\\\\c\\nd\"} 3\n");
}

TEST(Exposition, OpenMetricsNamesACountersFamilyWithoutTotalAndSaysWhereItEnds) {
  MetricsSnapshot snapshot;
  snapshot.add(kTaps, {"x"}, std::uint64_t(3));
  const auto text = page(ExpositionFormat::kOpenMetrics, snapshot);
  EXPECT_TRUE(has(text, "# TYPE test_taps counter"));
  EXPECT_TRUE(has(text, "test_taps_total{where=\"x\"} 3"));
  EXPECT_TRUE(text.ends_with("\n# EOF\n"));
  EXPECT_FALSE(page(ExpositionFormat::kPrometheus, snapshot).contains("EOF"));
}

TEST(Exposition, AGaugeThatEndsLikeAPartOfASummaryHasNoType) {
  MetricsSnapshot snapshot;
  snapshot.add(kLevel, {}, std::int64_t(-5));
  snapshot.add(kLevelSum, {}, std::int64_t(7));
  const auto text = page(ExpositionFormat::kPrometheus, snapshot);
  EXPECT_TRUE(has(text, "# TYPE test_level gauge"));
  EXPECT_TRUE(has(text, "test_level -5"));
  EXPECT_TRUE(has(text, "# TYPE test_level_sum untyped"));
  EXPECT_TRUE(has(page(ExpositionFormat::kOpenMetrics, snapshot), "# TYPE test_level_sum unknown"));
}

TEST(Exposition, RequestTimesAreASummaryByKafkasNameAndAHistogramByOurs) {
  Metrics metrics;
  auto& time = metrics.histogram(family::kTotalTime, {"Produce"});
  for (const int nanoseconds : {1 << 16, (1 << 16) + 1, 1 << 20}) time.record(std::uint64_t(nanoseconds));
  const auto text = page(ExpositionFormat::kPrometheus, metrics.snapshot());
  EXPECT_TRUE(has(text, "# TYPE kafka_network_requestmetrics_totaltimems summary"));
  EXPECT_TRUE(has(text, "kafka_network_requestmetrics_totaltimems_count{request=\"Produce\"} 3"));
  EXPECT_TRUE(has(text, "kafka_network_requestmetrics_totaltimems{request=\"Produce\",quantile=\"0.999\"} 1.048576"));
  EXPECT_TRUE(has(text, "# TYPE kafka_request_duration_seconds histogram"));
  const std::string bucket = "kafka_request_duration_seconds_bucket{request=\"Produce\",phase=\"total\",le=\"";
  EXPECT_TRUE(has(text, bucket + "6.5536e-05\"} 1"));
  EXPECT_TRUE(has(text, bucket + "0.000131072\"} 2"));
  EXPECT_TRUE(has(text, bucket + "0.001048576\"} 3"));
  EXPECT_TRUE(has(text, bucket + "+Inf\"} 3"));
}

TEST(Exposition, RowsOfATableShareTheirLabelsAndMayLackValues) {
  SeriesTable table({&kEnd, &kAge});
  table.add({{"orders", "0"}}, {{7, 1500}});
  table.add({{"orders", "1"}}, {{9, SeriesTable::kAbsent}});
  std::vector<SeriesTable> tables;
  tables.push_back(std::move(table));
  const auto text = page(ExpositionFormat::kPrometheus, {}, std::move(tables));
  EXPECT_TRUE(has(text, "test_end{topic=\"orders\",partition=\"0\"} 7"));
  EXPECT_TRUE(has(text, "test_end{topic=\"orders\",partition=\"1\"} 9"));
  EXPECT_TRUE(has(text, "test_age_seconds{topic=\"orders\",partition=\"0\"} 1.5"));
  EXPECT_FALSE(text.contains("test_age_seconds{topic=\"orders\",partition=\"1\"}"));
}

// A page of every kind, large enough to be cut anywhere.
struct Large {
  MetricsSnapshot snapshot;
  std::vector<SeriesTable> tables;
  Large() {
    Metrics metrics;
    for (const auto* api : {"Produce", "Fetch"}) {
      metrics.counter(family::kRequests, {api, "9"}).add(5);
      metrics.histogram(family::kTotalTime, {api}).record(1'000'000);
    }
    TopicMetrics topics;
    for (int i = 1; i <= 500; ++i) topics.of(Uuid{1, std::uint64_t(i)}, "topic-" + std::to_string(i))->appended(i, 1);
    snapshot = metrics.snapshot();
    snapshot.add(topics.rows());
    SeriesTable table({&kEnd, &kAge});
    for (int i = 0; i < 1000; ++i) table.add({{"orders", std::to_string(i)}}, {{i, 2 * i}});
    tables.push_back(std::move(table));
    tables.emplace_back(std::vector{&kLevel});  // without rows
  }
};

TEST(Exposition, IsTheSameHoweverLargeThePiecesAre) {
  const auto whole = page(ExpositionFormat::kPrometheus, Large().snapshot, Large().tables);
  for (const std::size_t bytes : {std::size_t(1), std::size_t(100), std::size_t(4096), std::size_t(65536)})
    EXPECT_EQ(page(ExpositionFormat::kPrometheus, Large().snapshot, Large().tables, bytes), whole) << bytes;
}

TEST(Exposition, APieceIsNotMuchLargerThanAsked) {
  Exposition exposition(ExpositionFormat::kPrometheus, Large().snapshot, Large().tables);
  for (std::string piece = exposition.next(4096); !piece.empty(); piece = exposition.next(4096))
    EXPECT_LT(piece.size(), 4096u + 32 * 1024);
}

// What Prometheus insists on: a family in one place, and no series twice.
TEST(Exposition, EveryFamilyIsInOnePlaceAndNoSeriesComesTwice) {
  std::istringstream lines(page(ExpositionFormat::kPrometheus, Large().snapshot, Large().tables));
  std::set<std::string> families, series;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) {
      EXPECT_TRUE(families.insert(line.substr(7, line.find(' ', 7) - 7)).second) << line;
    }
    if (!line.starts_with('#')) {
      EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << line;
    }
  }
  EXPECT_GT(series.size(), 6500u);  // 9 families of 500 topics, 2 of 1000 partitions
}

TEST(Families, CountersEndInTotalAndNothingElseDoes) {
  for (const auto* family : family::all())
    EXPECT_EQ(family->name.ends_with("_total"), family->kind == MetricKind::kCounter) << family->name;
}

}  // namespace
}  // namespace thalweg
