// Series as text that Prometheus reads: version 0.0.4 of its own format, or OpenMetrics 1.0. Pure: values in, text out,
// in pieces of a size that the caller names, since a page may have ten million bytes.
//
// Kafka's histograms keep the names that dashboards know, as a summary: name{quantile="0.99"}, name_sum, name_count.
// Those of request times come once more as real histograms, which can be added up: kafka_request_duration_seconds.
// A gauge whose name ends like a part of a summary (…_count, …_sum) is told without a type, so that promtool has
// nothing to say. Sources: prometheus.io/docs/instrumenting/exposition_formats, OpenMetrics 1.0 (openmetrics.io).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/family.h"
#include "metrics/snapshot.h"

namespace thalweg {

enum class ExpositionFormat : std::uint8_t { kPrometheus, kOpenMetrics };
std::string_view content_type(ExpositionFormat format);
// What ends a page.
std::string_view exposition_end(ExpositionFormat format);

// `name="value",other="…"`, escaped and without braces. REQUIRES: as many names as values; fewer values leave names out
std::string label_text(std::span<const std::string_view> names, std::span<const std::string> values);
void append_label_text(std::string& out, std::span<const std::string_view> names,
                       std::span<const std::string_view> values);

// Appends to a string; families one after the other.
class ExpositionWriter {
 public:
  ExpositionWriter(ExpositionFormat format, std::string& out) : format_(format), out_(out) {}

  // The samples up to the next call are of it.
  // `type` where the kind's own is not meant.
  void begin(std::string_view name, std::string_view help, MetricKind kind, std::string_view type = {});
  void begin(const MetricFamily& family) { begin(family.name, family.help, family.kind); }
  // The same where a piece before this one has begun it already.
  void go_on(std::string_view name) { name_ = name; }
  // `labels` as of label_text(). `suffix` follows the name: "_count".
  void sample(std::string_view suffix, std::string_view labels, std::int64_t value);
  void sample(std::string_view suffix, std::string_view labels, std::uint64_t value);
  void sample(std::string_view suffix, std::string_view labels, double value);
  // What a histogram makes: quantiles, sum and count, in the family's unit.
  void summary(const MetricFamily& family, std::string_view labels, const Histogram& histogram);
  // Buckets at powers of two nanoseconds from 65.5 µs to 17.2 s, exactly; `histogram` counts nanoseconds.
  void buckets(std::string_view labels, const Histogram& histogram);

 private:
  void name_and_labels(std::string_view suffix, std::string_view labels);

  const ExpositionFormat format_;
  std::string& out_;
  std::string name_;
};

// Rows that share their labels over many families: a partition has a dozen series. The text of their labels is made
// once a row.
class SeriesTable {
 public:
  static constexpr std::int64_t kAbsent = INT64_MIN;

  // All columns have the labels of the first one. REQUIRES: gauges or counters
  explicit SeriesTable(std::vector<const MetricFamily*> columns) : columns_(std::move(columns)) {}
  void add(std::span<const std::string_view> labels, std::span<const std::int64_t> values);
  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_.size(); }
  const MetricFamily& column(std::size_t i) const { return *columns_[i]; }
  std::string_view labels(std::size_t row) const;
  std::int64_t value(std::size_t row, std::size_t column) const {
    return blocks_[row / kBlock].values[row % kBlock * columns_.size() + column];
  }

 private:
  // Rows by blocks: what grew in one piece would be moved in one piece, some megabytes of it.
  static constexpr std::size_t kBlock = 1024;
  struct Block {
    std::string labels;                // of its rows
    std::vector<std::size_t> ends;     // of each row's, in labels
    std::vector<std::int64_t> values;  // row after row
  };

  std::vector<const MetricFamily*> columns_;
  std::vector<Block> blocks_;
  std::size_t rows_ = 0;
};

// One page: a snapshot, then tables, piece by piece.
class Exposition {
 public:
  Exposition(ExpositionFormat format, MetricsSnapshot snapshot, std::vector<SeriesTable> tables);
  Exposition(const Exposition&) = delete;  // refers to what it holds

  // The next samples, about `bytes` of them or a little more; empty at the end.
  std::string next(std::size_t bytes);

 private:
  struct Series {
    const MetricFamily* family;
    std::span<const std::string> labels;
    const MetricsSnapshot::Value* value;
  };
  bool write_series(std::string& out);
  bool write_durations(std::string& out);
  bool write_topics(std::string& out);
  bool write_tables(std::string& out);

  const ExpositionFormat format_;
  const MetricsSnapshot snapshot_;
  const std::vector<SeriesTable> tables_;
  std::vector<Series> series_;                                  // family after family, without those of topics
  std::vector<std::pair<std::size_t, std::size_t>> durations_;  // phase, index in series_
  TopicCounts all_topics_;
  bool ended_ = false;
  std::size_t series_at_ = 0;
  std::size_t durations_at_ = 0;
  std::size_t topic_family_ = 0, topic_row_ = 0;
  std::size_t table_ = 0, column_ = 0, row_ = 0;
};

}  // namespace thalweg
