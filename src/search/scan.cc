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

void read(std::optional<Side>& side, std::optional<std::string_view> bytes, SideReader& reader, std::size_t preview) {
  if (bytes) side->read = reader.beginning(*bytes, preview);
}

Match match_of(const filter::Input& input, std::size_t size, std::size_t preview, SideReader& reader) {
  Match match{.partition = input.partition,
              .offset = input.offset,
              .timestamp = input.timestamp,
              .key = cut(input.key, preview),
              .value = cut(input.value, preview),
              .headers = {},
              .size = size};
  read(match.key, input.key, reader, preview);
  read(match.value, input.value, reader, preview);
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
  // Of what the wish wants, from there on.
  Scan(const ScanWish& wish, Offset from)
      : wish_(wish), from_(from), run_(*wish.filter), reader_(wish.schemas), aborted_(wish.aborted) {
    for (const auto& column : wish.columns) columns_.emplace_back(column);
  }

  std::uint64_t work() const { return work_; }
  // Newest first: the steps were used up before the newest record. Nothing is known of it then.
  bool gave_up() const { return gave_up_; }
  // From where on they should do.
  Offset nearer() const {
    const std::int64_t reached = std::max<std::int64_t>((last_ - from_ + 1) / 4, 1);
    return std::max(from_ + 1, wish_.to - reached);
  }

  Result<Scanned> run(BytesView batches) {
    record::BatchReader reader(batches);
    scanned_.begin = scanned_.end = from_;
    bool any = false;
    while (!full_) {
      TRY(const auto batch, reader.next());
      if (!batch) break;
      if (batch->base_offset() >= wish_.to) {  // a gap up to there
        scanned_.end = wish_.to;
        break;
      }
      if (!any) scanned_.begin = std::max(batch->base_offset(), from_);
      any = true;
      if (batch->next_offset() > from_) look_at(*batch);
      if (!full_) scanned_.end = std::clamp(batch->next_offset(), from_, wish_.to);
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
    bytes_ahead_ = begins_here(batch) ? batch.size() : 0;
    const bool skipped = aborted_.skips(batch) || batch.is_control();
    if (!skipped && !passes_by(batch)) walk(batch);
    if (newest_first() || !full_ || scanned_.end >= batch.next_offset()) count_bytes();
  }
  // Nothing of it is left in front of what is looked at: else it counts with that.
  bool begins_here(const record::BatchView& batch) const { return from_ <= std::max(batch.base_offset(), wish_.from); }
  void count_bytes() { counts_.bytes += std::exchange(bytes_ahead_, 0); }

  void walk(const record::BatchView& batch) {
    auto reader = record::RecordReader::open(batch, kUnpackedMax);
    if (!reader) return unreadable(batch, batch.base_offset(), reader.error().message);
    Offset next = batch.base_offset();
    while (!full_) {
      const auto record = reader->next();
      if (!record) return unreadable(batch, next, record.error().message);
      if (!*record || (*record)->offset >= wish_.to) return;
      next = (*record)->offset + 1;
      if ((*record)->offset >= from_) look_at(batch, **record);
    }
  }

  // All of its records are too old. They count as looked at, also where some lie outside of the wish or compaction has
  // taken some: then they are walked.
  bool passes_by(const record::BatchView& batch) {
    const auto& not_before = wish_.filter->facts().not_before;
    if (!not_before || batch.max_timestamp() >= *not_before) return false;
    if (batch.base_offset() < from_ || batch.next_offset() > wish_.to || batch.record_count() < 0) return false;
    counts_.records += std::uint64_t(batch.record_count());
    note_time(batch.max_timestamp());
    return true;
  }

  void look_at(const record::BatchView& batch, const record::RecordView& record) {
    auto input = filter::input_of(wish_.partition, batch.producer_id(), record);
    input.by_schema = &by_schema_;
    const auto verdict = run_.test(input);
    work_ += run_.work();
    last_ = record.offset;
    const Counts before = counts_;
    if (newest_first()) count_bytes();
    ++counts_.records;
    note_time(record.timestamp);
    if (verdict == filter::Verdict::kUnknown) {
      ++counts_.troubled;
      trouble(record.offset, std::string(describe(run_.trouble())));
    }
    if (verdict == filter::Verdict::kYes) {
      ++counts_.matches;
      auto match = match_of(input, record.size, wish_.preview, reader_);
      add_columns(match, input);
      keep({std::move(match), before});
    }
    if (reader_.wanted())
      full_ = true;
    else if (work_ > kWorkMax && !full_ && record.offset + 1 < wish_.to)
      use_up(record.offset);
  }

  void add_columns(Match& match, const filter::Input& input) {
    for (auto& column : columns_) {
      const auto text = column.text(input);
      match.columns.push_back(text ? std::optional(std::string(text->substr(0, kColumnMax + 1))) : std::nullopt);
      work_ += column.work();
    }
  }

  void use_up(Offset last) {
    full_ = true;
    gave_up_ = newest_first();
    if (!gave_up_) scanned_.end = last + 1;
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

  // At that offset, which may be in front of what is looked at: then it counts with that.
  void unreadable(const record::BatchView& batch, Offset at, std::string why) {
    if (at < from_ && !begins_here(batch)) return;
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
    if (reader_.wanted()) return {.begin = wish_.to, .end = wish_.from, .wants_schema = reader_.wanted()};
    scanned_.counts = counts_;
    scanned_.is_cut = dropped_ || full_ || from_ > wish_.from;
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
  const Offset from_;  // that of the wish, or behind it
  filter::FilterRun run_;
  std::deque<filter::ColumnRun> columns_;
  SideReader reader_;
  const filter::SchemaReader by_schema_ = [this](std::string_view side) { return reader_.whole(side); };
  AbortedBatches aborted_;
  Scanned scanned_;
  Counts counts_;
  std::deque<Kept> kept_;
  std::size_t kept_bytes_ = 0;
  std::size_t bytes_ahead_ = 0;  // of the batch, not counted yet
  bool full_ = false, dropped_ = false, gave_up_ = false;
  std::uint64_t work_ = 0;
  Offset last_{0};  // that was looked at
};

}  // namespace

// A filter that takes many steps is given less to look at, from the end that goes first.
Result<Scanned> scan(BytesView batches, const ScanWish& wish) {
  Offset from = wish.from;
  if (wish.at_once > 0) from = std::max(from, wish.to - wish.at_once);
  std::uint64_t wasted = 0;
  for (int tries = 1;; ++tries) {
    Scan one(wish, from);
    TRY(auto scanned, one.run(batches));
    scanned.work = one.work();
    scanned.wasted = wasted;
    if (!one.gave_up()) return scanned;
    wasted += one.work();
    from = tries < kTriesMax ? one.nearer() : wish.to - 1;
  }
}

}  // namespace thalweg::search
