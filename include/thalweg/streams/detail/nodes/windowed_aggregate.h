// Aggregation by windows that begin at multiples of a time, and what all windowed aggregations share: an own stream
// time, and windows that are sent once they have closed. (AbstractKStreamTimeWindowAggregateProcessor,
// KStreamWindowAggregate)
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "thalweg/streams/detail/nodes/aggregate.h"
#include "thalweg/streams/detail/window_math.h"
#include "thalweg/streams/detail/window_table_store.h"

namespace thalweg::streams::detail {

// What became of a windowed aggregation when it was written.
struct WindowedKept {
  std::string store = {};
  bool old_values = false;
  Emit emit = Emit::kOnUpdate;
};

// When closed windows are sent, and how far it got: kept with the committed offsets under the store's name, so that a
// restart sends none twice. Times here are those up to which windows have closed.
class CloseTimes {
 public:
  void open(TaskRuntime& runtime, std::string store) {
    runtime_ = &runtime;
    store_ = std::move(store);
    last_ = runtime.kept(store_);
  }
  std::optional<std::int64_t> last() const { return last_; }
  // Whether to look for windows that have closed. At most every emit_interval() of the clock on the wall.
  bool due(std::int64_t close) {
    const Timestamp now = runtime_->wall_clock();
    if (now < next_) return false;
    next_ = now + runtime_->emit_interval();
    return !last_ || *last_ < close;
  }
  void sent(std::int64_t close) {
    last_ = close;
    runtime_->keep(store_, close);
  }

 private:
  TaskRuntime* runtime_ = nullptr;
  std::string store_;
  std::optional<std::int64_t> last_;
  Timestamp next_{};
};

// Records without a value: a count counts them, as Kafka Streams does; reducers and aggregators get them if they take
// const std::optional<V>&; otherwise they are left out.
template <class Step, class K, class V, class VA>
inline constexpr bool kTakesAbsent =
    std::same_as<Step, CountStep> || requires(Step step, const K& key, const std::optional<V>& value, VA so_far) {
      step.plus(key, value, std::move(so_far));
    };
template <class V, class F, class K>
inline constexpr bool kTakesAbsent<ReduceStep<V, F>, K, V, V> = std::invocable<F&, const V&, const std::optional<V>&>;

// REQUIRES: a value, or kTakesAbsent
template <class Step, class K, class V, class VA>
std::optional<VA> stepped(Step& step, const K& key, const std::optional<V>& value, std::optional<VA>&& so_far) {
  if (value) return step.add(key, *value, std::move(so_far));
  if constexpr (kTakesAbsent<Step, K, V, VA>) {
    if constexpr (std::same_as<Step, CountStep> || requires { step.init; })
      return step.add(key, value, std::move(so_far));
    else
      return so_far ? std::optional<VA>(or_fail(step.plus(*so_far, value))) : std::nullopt;
  }
  return so_far;
}

// One of the windows of `kept.store`: what is there, what comes of it, and who is told.
template <class K, class V, class VA, class Step>
class WindowAggregateNode : public LooseNode<K, V, Windowed<K>, Change<VA>> {
 public:
  using In = Record<std::optional<K>, std::optional<V>>;
  using Store = WindowTableStore<K, VA>;
  using Timed = ValueAndTime<VA>;

  WindowAggregateNode(Step step, WindowedKept kept, milliseconds grace)
      : step_(std::move(step)), kept_(std::move(kept)), grace_(grace.count()) {}

  void init(TaskRuntime& runtime) override {
    NodeBase::init(runtime);
    store_ = &dynamic_cast<Store&>(runtime.store(kept_.store));
    if (!on_close()) return;
    closes_.open(runtime, kept_.store);
    store_->release(at_millis(first_unsent()));
  }

 protected:
  // The first start that closed windows were not sent of yet.
  virtual std::int64_t first_unsent() const = 0;
  // The last start that has closed.
  virtual std::int64_t last_closed(std::int64_t close) const = 0;
  // Whether windows can have closed from the one to the other.
  virtual bool may_have_closed(std::int64_t from, std::int64_t to) const = 0;

  bool on_close() const { return kept_.emit == Emit::kOnClose; }
  const CloseTimes& closes() const { return closes_; }
  Store& store() const { return *store_; }
  std::optional<VA> first() { return step_.first(); }

  // Windows that end at this time or before it have closed, as the record moves time.
  std::int64_t close_time(const In& r) {
    time_ = std::max(time_, millis(r.timestamp));
    return time_ - grace_;
  }
  void drop(std::string_view why) { this->runtime().dropped(this->name(), why); }

  // Adds the record to what is `so_far` in the window.
  void update(const In& r, Window window, const std::optional<Timed>& so_far) {
    std::optional<VA> before = so_far ? std::optional<VA>(so_far->value) : std::nullopt;
    const Timestamp time = so_far ? std::max(r.timestamp, so_far->timestamp) : r.timestamp;
    std::optional<VA> now = stepped(step_, *r.key, r.value, std::optional<VA>(before));
    store_->put_timed(*r.key, now, window.start, time);
    tell(r, window, {std::move(now), std::move(before)}, time);
  }
  // What a window begins with.
  std::optional<Timed> begun(const In& r) {
    auto first = step_.first();
    return first ? std::optional<Timed>({*std::move(first), r.timestamp}) : std::nullopt;
  }
  void tell(const In& r, Window window, Change<VA>&& change, Timestamp time) {
    if (on_close()) return;
    if (!kept_.old_values) change.before.reset();
    this->forward({{*r.key, window}, std::move(change), time, r.headers});
  }
  // Sends each window that has closed, once.
  void send_closed(const In& r, std::int64_t close) {
    if (!on_close() || !closes_.due(close)) return;
    const std::int64_t from = first_unsent(), to = last_closed(close);
    if (to < 0 || !may_have_closed(from, to)) return;
    for (auto cursor = store_->fetch_all_timed(at_millis(from), at_millis(to)); cursor.next();)
      this->forward({cursor.key(), {cursor.value().value, {}}, cursor.value().timestamp, r.headers});
    closes_.sent(close);
    store_->release(at_millis(first_unsent()));
  }

 private:
  Step step_;
  WindowedKept kept_;
  std::int64_t grace_, time_ = -1;
  Store* store_ = nullptr;
  CloseTimes closes_;
};

template <class K, class V, class VA, class Step>
class TimeWindowNode final : public WindowAggregateNode<K, V, VA, Step> {
 public:
  using Base = WindowAggregateNode<K, V, VA, Step>;
  TimeWindowNode(TimeWindows windows, Step step, WindowedKept kept)
      : Base(std::move(step), std::move(kept), windows.grace), windows_(windows) {}

 protected:
  void take(Base::In&& r) override {
    if (!r.key) return this->drop("windows need a key");
    const std::int64_t close = this->close_time(r), size = windows_.size.count();
    if (!r.value && !kTakesAbsent<Step, K, V, VA>) {
      this->drop("its aggregation takes no records without a value");
    } else {
      const auto [first, last] = window_starts(windows_, millis(r.timestamp));
      for (std::int64_t start = first; start <= last; start += windows_.advance.count()) {
        if (const std::int64_t end = later(start, size); end > close)
          add(r, {at_millis(start), at_millis(end)});
        else
          this->drop("its window has closed");
      }
    }
    this->send_closed(r, close);
  }
  std::int64_t first_unsent() const override {
    const auto last = this->closes().last();
    return last ? std::max<std::int64_t>(0, *last - windows_.size.count()) + 1 : 0;
  }
  std::int64_t last_closed(std::int64_t close) const override { return close - windows_.size.count(); }
  bool may_have_closed(std::int64_t from, std::int64_t to) const override {
    return !this->closes().last() || window_starts(windows_, to) != window_starts(windows_, from - 1);
  }

 private:
  void add(const Base::In& r, Window window) {
    auto found = this->store().get_timed(*r.key, window.start);
    this->update(r, window, found ? std::move(found) : this->begun(r));
  }
  TimeWindows windows_;
};

}  // namespace thalweg::streams::detail
