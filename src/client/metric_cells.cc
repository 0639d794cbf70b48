#include "client/metric_cells.h"

#include <cstdio>

namespace thalweg::client {
namespace {

std::string label(const char* name, const std::string& value) {
  std::string out = std::string(name) + "=\"";
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + '"';
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

void head(std::string& out, const char* name, const char* type, const char* help) {
  out.append("# HELP ")
      .append(name)
      .append(" ")
      .append(help)
      .append("\n# TYPE ")
      .append(name)
      .append(" ")
      .append(type)
      .append("\n");
}

template <class T>
void plain(std::string& out, const char* name, const char* type, const char* help,
           const Family<std::atomic<T>>& family) {
  head(out, name, type, help);
  family.for_each([&](const std::string& labels, const std::atomic<T>& cell) {
    out.append(name)
        .append("{")
        .append(labels)
        .append("} ")
        .append(std::to_string(cell.load(std::memory_order_relaxed)))
        .append("\n");
  });
}

void histogram(std::string& out, const char* name, const char* help, const Family<HistogramCell>& family) {
  head(out, name, "histogram", help);
  family.for_each([&](const std::string& labels, const HistogramCell& cell) {
    std::uint64_t below = 0;
    for (std::size_t i = 0; i <= kBuckets.size(); ++i) {
      below += cell.counts[i].load(std::memory_order_relaxed);
      const std::string bound = i < kBuckets.size() ? number(kBuckets[i]) : "+Inf";
      out.append(name)
          .append("_bucket{")
          .append(labels)
          .append(",le=\"")
          .append(bound)
          .append("\"} ")
          .append(std::to_string(below)) += '\n';
    }
    const double seconds = static_cast<double>(cell.nanos.load(std::memory_order_relaxed)) / 1e9;
    out.append(name).append("_sum{").append(labels).append("} ").append(number(seconds)) += '\n';
    out.append(name).append("_count{").append(labels).append("} ").append(std::to_string(below)) += '\n';
  });
}

}  // namespace

void HistogramCell::observe(std::chrono::nanoseconds took) {
  const double seconds = std::chrono::duration<double>(took).count();
  std::size_t bucket = 0;
  while (bucket < kBuckets.size() && seconds > kBuckets[bucket]) ++bucket;
  counts[bucket].fetch_add(1, std::memory_order_relaxed);
  nanos.fetch_add(static_cast<std::uint64_t>(took.count()), std::memory_order_relaxed);
}

std::string MetricCells::text() const {
  std::string out;
  plain(out, "kafka_messages_produced_total", "counter", "Total number of messages produced", produced);
  histogram(out, "kafka_message_produce_duration_seconds", "Duration of message production", produce_duration);
  plain(out, "kafka_messages_consumed_total", "counter", "Total number of messages consumed", consumed);
  histogram(out, "kafka_message_consume_duration_seconds", "Duration of message consumption", consume_duration);
  plain(out, "kafka_consumer_lag", "gauge", "Consumer lag in messages", lag);
  return out;
}

ProducedCells::ProducedCells(MetricCells& cells, const std::string& topic)
    : success(cells.produced.at(label("topic", topic) + ",status=\"success\"")),
      error(cells.produced.at(label("topic", topic) + ",status=\"error\"")),
      duration(cells.produce_duration.at(label("topic", topic))) {}

ConsumedCells::ConsumedCells(MetricCells& cells, const std::string& topic, const std::string& group)
    : success(cells.consumed.at(label("topic", topic) + "," + label("consumer_group", group) + ",status=\"success\"")),
      error(cells.consumed.at(label("topic", topic) + "," + label("consumer_group", group) + ",status=\"error\"")),
      duration(cells.consume_duration.at(label("topic", topic) + "," + label("consumer_group", group))) {}

std::string lag_labels(const std::string& topic, std::int32_t partition, const std::string& group) {
  return label("topic", topic) + ",partition=\"" + std::to_string(partition) + "\"," + label("consumer_group", group);
}

Metrics::Metrics() : cells_(std::make_shared<MetricCells>()) {}
std::string Metrics::text() const { return cells_->text(); }

}  // namespace thalweg::client
