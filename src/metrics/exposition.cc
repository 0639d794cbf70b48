#include "metrics/exposition.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "metrics/families.h"

namespace thalweg {
namespace {

constexpr double kNanosecondsInASecond = 1e9;
constexpr int kFirstBucket = 16, kLastBucket = 34;  // powers of two
constexpr double kQuantiles[] = {0.5, 0.75, 0.95, 0.98, 0.99, 0.999};
// Samples between two looks at how much there is: at most some tens of microseconds.
constexpr std::size_t kSamplesAtOnce = 200;

// What a request's phase is called in the native histogram.
struct Phase {
  const MetricFamily* family;
  std::string_view name;
};
constexpr Phase kPhases[] = {{&family::kTotalTime, "total"},
                             {&family::kLocalTime, "local"},
                             {&family::kRemoteTime, "remote"},
                             {&family::kResponseQueueTime, "response_queue"},
                             {&family::kResponseSendTime, "response_send"}};
constexpr std::string_view kDurations = "kafka_request_duration_seconds";

// Units are powers of ten, and dividing by a whole one gives the shortest text: 0.000065536, not …00005.
double in_unit(double value, double unit) { return unit < 1 ? value / std::round(1 / unit) : value * unit; }

template <class T>
void append_number(std::string& out, T value) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, end);
}
void append_number(std::string& out, double value) {
  if (std::isnan(value))
    out += "NaN";
  else if (std::isinf(value))
    out += value > 0 ? "+Inf" : "-Inf";
  else
    append_number<double>(out, value);
}

// Backslash, newline and in label values the quotation mark.
void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' && quotes)
      out += "\\\"";
    else
      out += c;
  }
}

bool ends_like_part_of_a_summary(std::string_view name) { return name.ends_with("_count") || name.ends_with("_sum"); }

std::string_view type_of(std::string_view name, MetricKind kind, ExpositionFormat format) {
  if (kind == MetricKind::kCounter) return "counter";
  if (kind == MetricKind::kHistogram) return "summary";
  if (!ends_like_part_of_a_summary(name)) return "gauge";
  return format == ExpositionFormat::kPrometheus ? "untyped" : "unknown";
}

// Those at or below 2^power.
std::uint64_t at_most(const Histogram& histogram, int power) {
  const auto& buckets = histogram.buckets();
  const auto end = std::min(buckets.size(), std::size_t(power) * Histogram::kBucketsPerDoubling + 1);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < end; ++i) sum += buckets[i];
  return sum;
}

std::string with(std::string_view labels, std::string_view name, std::string_view value) {
  std::string out(labels);
  if (!out.empty()) out += ',';
  return (((out += name) += "=\"") += value) += '"';
}

template <class T>
std::string to_text(T value) {
  std::string out;
  append_number(out, value);
  return out;
}

template <class Text>
void append_labels(std::string& out, std::span<const std::string_view> names, std::span<const Text> values) {
  CHECK(values.size() <= names.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    (out += names[i]) += "=\"";
    append_escaped(out, values[i], true);
    out += '"';
  }
}

bool is_of_topics(const MetricFamily& family) {
  return std::ranges::any_of(topic_families(), [&](const auto& row) { return row.family == &family; });
}

}  // namespace

std::string_view content_type(ExpositionFormat format) {
  return format == ExpositionFormat::kPrometheus ? "text/plain; version=0.0.4; charset=utf-8"
                                                 : "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

std::string_view exposition_end(ExpositionFormat format) {
  return format == ExpositionFormat::kPrometheus ? "" : "# EOF\n";
}

std::string label_text(std::span<const std::string_view> names, std::span<const std::string> values) {
  std::string out;
  append_labels(out, names, values);
  return out;
}

void append_label_text(std::string& out, std::span<const std::string_view> names,
                       std::span<const std::string_view> values) {
  append_labels(out, names, values);
}

// OpenMetrics calls a counter's family by the name without _total.
void ExpositionWriter::begin(std::string_view name, std::string_view help, MetricKind kind, std::string_view type) {
  name_ = name;
  std::string_view family = name;
  if (format_ == ExpositionFormat::kOpenMetrics && kind == MetricKind::kCounter && family.ends_with("_total"))
    family.remove_suffix(std::string_view("_total").size());
  ((out_ += "# HELP ") += family) += ' ';
  append_escaped(out_, help, format_ == ExpositionFormat::kOpenMetrics);
  ((((out_ += "\n# TYPE ") += family) += ' ') += type.empty() ? type_of(name, kind, format_) : type) += '\n';
}

void ExpositionWriter::name_and_labels(std::string_view suffix, std::string_view labels) {
  (out_ += name_) += suffix;
  if (!labels.empty()) ((out_ += '{') += labels) += '}';
  out_ += ' ';
}

void ExpositionWriter::sample(std::string_view suffix, std::string_view labels, std::int64_t value) {
  name_and_labels(suffix, labels);
  append_number(out_, value);
  out_ += '\n';
}
void ExpositionWriter::sample(std::string_view suffix, std::string_view labels, std::uint64_t value) {
  name_and_labels(suffix, labels);
  append_number(out_, value);
  out_ += '\n';
}
void ExpositionWriter::sample(std::string_view suffix, std::string_view labels, double value) {
  name_and_labels(suffix, labels);
  append_number(out_, value);
  out_ += '\n';
}

void ExpositionWriter::summary(const MetricFamily& family, std::string_view labels, const Histogram& histogram) {
  for (const double q : kQuantiles)
    sample({}, with(labels, "quantile", to_text(q)), in_unit(histogram.quantile(q), family.unit));
  sample("_sum", labels, in_unit(double(histogram.sum()), family.unit));
  sample("_count", labels, histogram.count());
}

void ExpositionWriter::buckets(std::string_view labels, const Histogram& histogram) {
  for (int power = kFirstBucket; power <= kLastBucket; ++power)
    sample("_bucket", with(labels, "le", to_text(std::ldexp(1, power) / kNanosecondsInASecond)),
           at_most(histogram, power));
  sample("_bucket", with(labels, "le", "+Inf"), histogram.count());
  sample("_sum", labels, double(histogram.sum()) / kNanosecondsInASecond);
  sample("_count", labels, histogram.count());
}

void SeriesTable::add(std::span<const std::string_view> labels, std::span<const std::int64_t> values) {
  CHECK(values.size() == columns_.size());
  if (rows_++ % kBlock == 0) blocks_.emplace_back();
  Block& block = blocks_.back();
  append_label_text(block.labels, columns_.front()->labels, labels);
  block.ends.push_back(block.labels.size());
  block.values.insert(block.values.end(), values.begin(), values.end());
}

std::string_view SeriesTable::labels(std::size_t row) const {
  const Block& block = blocks_[row / kBlock];
  const std::size_t in_block = row % kBlock, begin = in_block == 0 ? 0 : block.ends[in_block - 1];
  return std::string_view(block.labels).substr(begin, block.ends[in_block] - begin);
}

Exposition::Exposition(ExpositionFormat format, MetricsSnapshot snapshot, std::vector<SeriesTable> tables)
    : format_(format), snapshot_(std::move(snapshot)), tables_(std::move(tables)), all_topics_(snapshot_.all_topics()) {
  const MetricFamily* last = nullptr;
  bool of_topics = false;
  snapshot_.for_each([&](const MetricFamily& family, std::span<const std::string> labels, const auto& value) {
    if (&family != last) of_topics = is_of_topics(family);
    last = &family;
    if (!of_topics) series_.push_back({&family, labels, &value});
  });
  for (std::size_t phase = 0; phase < std::size(kPhases); ++phase)
    for (std::size_t i = 0; i < series_.size(); ++i)
      if (series_[i].family == kPhases[phase].family) durations_.push_back({phase, i});
}

std::string Exposition::next(std::size_t bytes) {
  std::string out;
  out.reserve(bytes + bytes / 8);
  while (out.size() < bytes) {
    if (write_series(out) || write_durations(out) || write_topics(out) || write_tables(out)) continue;
    if (!std::exchange(ended_, true)) out += exposition_end(format_);
    break;
  }
  return out;
}

bool Exposition::write_series(std::string& out) {
  if (series_at_ == series_.size()) return false;
  const auto& [family, labels, value] = series_[series_at_];
  ExpositionWriter writer(format_, out);
  if (series_at_ == 0 || series_[series_at_ - 1].family != family)
    writer.begin(*family);
  else
    writer.go_on(family->name);
  const std::string text = label_text(family->labels, labels);
  const bool whole = family->unit == 1;
  if (const auto* count = std::get_if<std::uint64_t>(value))
    whole ? writer.sample({}, text, *count) : writer.sample({}, text, in_unit(double(*count), family->unit));
  if (const auto* gauge = std::get_if<std::int64_t>(value))
    whole ? writer.sample({}, text, *gauge) : writer.sample({}, text, in_unit(double(*gauge), family->unit));
  if (const auto* histogram = std::get_if<Histogram>(value)) writer.summary(*family, text, *histogram);
  ++series_at_;
  return true;
}

bool Exposition::write_durations(std::string& out) {
  if (durations_at_ == durations_.size()) return false;
  ExpositionWriter writer(format_, out);
  if (durations_at_ == 0) {
    writer.begin(kDurations, "How long requests took, by API and phase.", MetricKind::kHistogram, "histogram");
  } else {
    writer.go_on(kDurations);
  }
  const auto& [phase, series] = durations_[durations_at_++];
  constexpr std::string_view kLabels[] = {"request", "phase"};
  const std::string values[] = {series_[series].labels.front(), std::string(kPhases[phase].name)};
  writer.buckets(label_text(kLabels, values), std::get<Histogram>(*series_[series].value));
  return true;
}

// One family of all topics, then of each.
bool Exposition::write_topics(std::string& out) {
  const auto families = topic_families();
  if (topic_family_ == families.size()) return false;
  const auto& [family, count] = families[topic_family_];
  ExpositionWriter writer(format_, out);
  const auto& rows = snapshot_.topics();
  if (topic_row_ == 0) {
    writer.begin(*family);
    writer.sample({}, {}, all_topics_.*count);
  } else {
    writer.go_on(family->name);
  }
  for (std::size_t n = 0; n < kSamplesAtOnce && topic_row_ < rows.size(); ++n, ++topic_row_)
    writer.sample({}, label_text(family->labels, {&rows[topic_row_].topic, 1}), rows[topic_row_].counts.*count);
  if (topic_row_ == rows.size()) {
    topic_row_ = 0;
    ++topic_family_;
  }
  return true;
}

bool Exposition::write_tables(std::string& out) {
  if (table_ == tables_.size()) return false;
  const SeriesTable& table = tables_[table_];
  if (table.rows() == 0 || column_ == table.columns()) {
    ++table_;
    column_ = 0;
    return true;
  }
  const MetricFamily& family = table.column(column_);
  ExpositionWriter writer(format_, out);
  if (row_ == 0)
    writer.begin(family);
  else
    writer.go_on(family.name);
  for (std::size_t n = 0; n < kSamplesAtOnce && row_ < table.rows(); ++n, ++row_) {
    const std::int64_t value = table.value(row_, column_);
    if (value == SeriesTable::kAbsent) continue;
    if (family.unit == 1)
      writer.sample({}, table.labels(row_), value);
    else
      writer.sample({}, table.labels(row_), in_unit(double(value), family.unit));
  }
  if (row_ == table.rows()) {
    row_ = 0;
    ++column_;
  }
  return true;
}

}  // namespace thalweg
