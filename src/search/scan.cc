#include "search/scan.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "record/record.h"

namespace thalweg::search {
namespace {

Side cut(std::string_view bytes, std::size_t preview) {
  return {.bytes = std::string(bytes.substr(0, preview)), .size = bytes.size()};
}
std::optional<Side> cut(std::optional<std::string_view> bytes, std::size_t preview) {
  return bytes ? std::optional(cut(*bytes, preview)) : std::nullopt;
}

Match match_of(const filter::Input& input, std::size_t size, std::size_t preview) {
  Match match{.partition = input.partition,
              .offset = input.offset,
              .timestamp = input.timestamp,
              .key = cut(input.key, preview),
              .value = cut(input.value, preview),
              .headers = {},
              .size = size};
  filter::each_header(input.headers, [&](const record::HeaderView& header) {
    if (++match.header_count > kHeadersMax) return true;
    const auto value = header.value ? std::optional(as_text(*header.value)) : std::nullopt;
    match.headers.emplace_back(std::string(header.key.substr(0, preview)), cut(value, preview));
    return true;
  });
  return match;
}

// Which batches belong to transactions that were aborted, as a consumer finds out: batches come in order.
class AbortedBatches {
 public:
  explicit AbortedBatches(std::vector<storage::AbortedTransaction> transactions) : left_(std::move(transactions)) {
    std::ranges::sort(left_, std::greater(), &storage::AbortedTransaction::first_offset);
  }
  bool skips(const record::BatchView& batch) {
    while (!left_.empty() && left_.back().first_offset <= batch.last_offset()) {
      aborted_.insert(left_.back().producer_id);
      left_.pop_back();
    }
    if (!batch.is_transactional() || !aborted_.contains(batch.producer_id())) return false;
    if (batch.is_control()) aborted_.erase(batch.producer_id());
    return true;
  }

 private:
  std::vector<storage::AbortedTransaction> left_;  // the first at the end
  std::set<ProducerId> aborted_;
};

// The matches that can be kept: the first ones, or the last ones where newer ones go first.
class Scan {
 public:
  explicit Scan(const ScanWish& wish) : wish_(wish), run_(*wish.filter), aborted_(wish.aborted) {}

  Result<Scanned> run(BytesView batches) {
    record::BatchReader reader(batches);
    scanned_.begin = scanned_.end = wish_.from;
    bool any = false;
    while (!full_) {
      TRY(const auto batch, reader.next());
      if (!batch) break;
      if (batch->base_offset() >= wish_.to) {  // a gap up to there
        scanned_.end = wish_.to;
        break;
      }
      if (!any) scanned_.begin = std::max(batch->base_offset(), wish_.from);
      any = true;
      if (batch->next_offset() > wish_.from) look_at(*batch);
      if (!full_) scanned_.end = std::clamp(batch->next_offset(), wish_.from, wish_.to);
    }
    return finish();
  }

 private:
  // A match with what was counted before it.
  struct Kept {
    Match match;
    Counts before;
  };

  bool newest_first() const { return wish_.order == Order::kNewestFirst; }

  // Its bytes count for whoever gets to the far end of it: newest first, to its first record.
  void look_at(const record::BatchView& batch) {
    bytes_ahead_ = batch.size();
    const bool skipped = aborted_.skips(batch) || batch.is_control();
    if (!skipped && !passes_by(batch)) walk(batch);
    if (newest_first() || !full_ || scanned_.end >= batch.next_offset()) count_bytes();
  }
  void count_bytes() { counts_.bytes += std::exchange(bytes_ahead_, 0); }

  void walk(const record::BatchView& batch) {
    auto reader = record::RecordReader::open(batch, kUnpackedMax);
    if (!reader) return unreadable(batch, reader.error().message);
    while (!full_) {
      const auto record = reader->next();
      if (!record) return unreadable(batch, record.error().message);
      if (!*record || (*record)->offset >= wish_.to) return;
      if ((*record)->offset >= wish_.from) look_at(batch, **record);
    }
  }

  // All of its records are too old. They count as looked at, also where some lie outside of the wish or compaction has
  // taken some: then they are walked.
  bool passes_by(const record::BatchView& batch) {
    const auto& not_before = wish_.filter->facts().not_before;
    if (!not_before || batch.max_timestamp() >= *not_before) return false;
    if (batch.base_offset() < wish_.from || batch.next_offset() > wish_.to || batch.record_count() < 0) return false;
    counts_.records += std::uint64_t(batch.record_count());
    note_time(batch.max_timestamp());
    return true;
  }

  void look_at(const record::BatchView& batch, const record::RecordView& record) {
    const auto input = filter::input_of(wish_.partition, batch.producer_id(), record);
    const auto verdict = run_.test(input);
    const Counts before = counts_;
    if (newest_first()) count_bytes();
    ++counts_.records;
    note_time(record.timestamp);
    if (verdict == filter::Verdict::kUnknown) {
      ++counts_.troubled;
      trouble(record.offset, std::string(describe(run_.trouble())));
    }
    if (verdict != filter::Verdict::kYes) return;
    ++counts_.matches;
    keep({match_of(input, record.size, wish_.preview), before});
  }

  void keep(Kept found) {
    kept_bytes_ += found.match.bytes();
    kept_.push_back(std::move(found));
    const auto too_much = [&] { return kept_.size() > wish_.matches_max || kept_bytes_ > kFoundBytesMax; };
    if (!newest_first()) {
      full_ = kept_.size() >= wish_.matches_max || kept_bytes_ >= kFoundBytesMax;
      if (full_) scanned_.end = kept_.back().match.offset + 1;
      return;
    }
    while (too_much() && kept_.size() > 1) {
      kept_bytes_ -= kept_.front().match.bytes();
      kept_.pop_front();
      dropped_ = true;
    }
  }

  void unreadable(const record::BatchView& batch, std::string why) {
    ++counts_.unreadable;
    trouble(batch.base_offset(), std::move(why));
  }
  void trouble(Offset offset, std::string why) {
    if (scanned_.troubles.size() < kTroublesShown)
      scanned_.troubles.push_back({wish_.partition, offset, std::move(why)});
  }
  void note_time(Timestamp time) {
    if (time == kNoTimestamp) return;
    scanned_.oldest = std::min(scanned_.oldest.value_or(time), time);
    scanned_.newest = std::max(scanned_.newest.value_or(time), time);
  }

  Scanned finish() {
    scanned_.counts = counts_;
    scanned_.is_cut = dropped_ || full_;
    if (dropped_) {
      const Kept& oldest = kept_.front();
      scanned_.begin = oldest.match.offset;
      scanned_.oldest = oldest.match.timestamp;
      scanned_.counts = counts_ - oldest.before;
      std::erase_if(scanned_.troubles, [&](const auto& t) { return t.offset < scanned_.begin; });
    }
    for (auto& kept : kept_) scanned_.matches.push_back(std::move(kept.match));
    if (newest_first()) std::ranges::reverse(scanned_.matches);
    return std::move(scanned_);
  }

  const ScanWish& wish_;
  filter::FilterRun run_;
  AbortedBatches aborted_;
  Scanned scanned_;
  Counts counts_;
  std::deque<Kept> kept_;
  std::size_t kept_bytes_ = 0;
  std::size_t bytes_ahead_ = 0;  // of the batch, not counted yet
  bool full_ = false, dropped_ = false;
};

}  // namespace

Result<Scanned> scan(BytesView batches, const ScanWish& wish) { return Scan(wish).run(batches); }

}  // namespace thalweg::search
