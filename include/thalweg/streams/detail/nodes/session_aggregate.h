// Sessions: records that are no more than a gap apart. One that comes between merges what it touches.
// (KStreamSessionWindowAggregate)
#pragma once

#include <utility>
#include <vector>

#include "thalweg/streams/detail/nodes/windowed_aggregate.h"
#include "thalweg/streams/detail/session_table_store.h"

namespace thalweg::streams::detail {

// `Merge` makes one aggregate of two: std::optional<VA> merge(key, std::optional<VA>&& a, const VA& b).
template <class K, class V, class VA, class Step, class Merge>
class SessionNode final : public LooseNode<K, V, Windowed<K>, Change<VA>> {
 public:
  using In = Record<std::optional<K>, std::optional<V>>;
  using Store = SessionTableStore<K, VA>;
  SessionNode(SessionWindows windows, Step step, Merge merge, WindowedKept kept)
      : windows_(windows), step_(std::move(step)), merge_(std::move(merge)), kept_(std::move(kept)) {}

  void init(TaskRuntime& runtime) override {
    NodeBase::init(runtime);
    store_ = &dynamic_cast<Store&>(runtime.store(kept_.store));
    if (!on_close()) return;
    closes_.open(runtime, kept_.store);
    store_->release(at_millis(first_unsent()));
  }

 protected:
  void take(In&& r) override {
    if (!r.key) return drop("sessions need a key");
    time_ = std::max(time_, millis(r.timestamp));
    const std::int64_t close = time_ - windows_.grace.count() - windows_.gap.count();
    if (r.value || kTakesAbsent<Step, K, V, VA>)
      add(r, close);
    else
      drop("its aggregation takes no records without a value");
    send_closed(r, close);
  }

 private:
  bool on_close() const { return kept_.emit == Emit::kOnClose; }
  void drop(std::string_view why) { this->runtime().dropped(this->name(), why); }
  // By their ends.
  std::int64_t first_unsent() const { return std::max<std::int64_t>(0, closes_.last().value_or(0)); }

  void add(const In& r, std::int64_t close) {
    Window merged{r.timestamp, r.timestamp};
    std::optional<VA> aggregate = step_.first();
    std::vector<std::pair<Window, VA>> parts;
    for (auto found = store_->find(*r.key, r.timestamp - windows_.gap, r.timestamp + windows_.gap); found.next();) {
      const Window& window = parts.emplace_back(found.key().window, found.value()).first;
      aggregate = merge_(*r.key, std::move(aggregate), found.value());
      merged = {std::min(merged.start, window.start), std::max(merged.end, window.end)};
    }
    if (millis(merged.end) < close) return drop("its session has closed");
    if (merged != Window{r.timestamp, r.timestamp})
      for (auto& [window, value] : parts) {
        store_->put_timed({*r.key, window}, std::nullopt, r.timestamp);
        tell(r, window, {{}, std::move(value)});
      }
    auto now = stepped(step_, *r.key, r.value, std::move(aggregate));
    store_->put_timed({*r.key, merged}, now, r.timestamp);
    tell(r, merged, {std::move(now), {}});
  }
  // Without the record's headers, as Kafka Streams does it.
  void tell(const In& r, Window window, Change<VA>&& change) {
    if (on_close()) return;
    if (!kept_.old_values) change.before.reset();
    this->forward({{*r.key, window}, std::move(change), window.end, {}});
  }
  void send_closed(const In& r, std::int64_t close) {
    if (!on_close() || !closes_.due(close)) return;
    const std::int64_t from = first_unsent(), to = close - 1;
    if (to < 0 || to < from) return;
    for (auto cursor = store_->ended_in(at_millis(from), at_millis(to)); cursor.next();)
      this->forward({cursor.key(), {cursor.value(), {}}, cursor.key().window.end, r.headers});
    closes_.sent(close);
    store_->release(at_millis(first_unsent()));
  }

  SessionWindows windows_;
  Step step_;
  Merge merge_;
  WindowedKept kept_;
  std::int64_t time_ = -1;
  Store* store_ = nullptr;
  CloseTimes closes_;
};

// ---- Merges

struct CountMerge {
  template <class K>
  std::optional<std::int64_t> operator()(const K&, std::optional<std::int64_t>&& a, std::int64_t b) {
    return *a + b;
  }
};
template <class V, class F>
struct ReduceMerge {
  template <class K>
  std::optional<V> operator()(const K&, std::optional<V>&& a, const V& b) {
    return a ? std::optional<V>(or_fail(plus(*a, b))) : b;
  }
  F plus;
};
template <class VA, class F>
struct AggregateMerge {
  template <class K>
  std::optional<VA> operator()(const K& key, std::optional<VA>&& a, const VA& b) {
    return std::optional<VA>(or_fail(merge(key, *a, b)));
  }
  F merge;
};

}  // namespace thalweg::streams::detail
