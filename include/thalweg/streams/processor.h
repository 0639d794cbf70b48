// Processor API: what the DSL is made of, for what it has no operation for. (KIP-478)
//
//   struct Upper : Processor<std::string, std::string, std::string, std::string> {
//     void process(In record) override { ...; context().forward(std::move(record)); }
//   };
//   Topology topology;
//   topology.add_source<std::string, std::string>("lines", {"lines"})
//       .add_processor("upper", [] { return std::make_unique<Upper>(); }, {"lines"})
//       .add_sink<std::string, std::string>("out", "upper-lines", {"upper"});
//
// A processor is made once per task and used by one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "thalweg/streams/detail/node.h"

namespace thalweg::streams {

// What a processor sees of its task.
template <class KOut, class VOut>
class ProcessorContext {
 public:
  ProcessorContext(detail::TaskRuntime& runtime, const std::string& node, const detail::Children<KOut, VOut>& children)
      : runtime_(runtime), node_(node), children_(children) {}

  // To all children, in the order in which they were added; returns when they are done with it.
  void forward(Record<KOut, VOut> record) { children_.forward(std::move(record)); }
  // To one of them. Throws std::invalid_argument when there is none of this name.
  void forward(Record<KOut, VOut> record, std::string_view child) {
    if (!children_.forward(std::move(record), child))
      throw std::invalid_argument("there is no child " + std::string(child));
  }
  // Throws std::invalid_argument when it is not connected to this processor, or is of another type.
  template <class Store>
  Store& store(std::string_view name) {
    auto* found = dynamic_cast<Store*>(&runtime_.store(name));
    if (!found) throw std::invalid_argument("the store " + std::string(name) + " is of another type");
    return *found;
  }
  // Stream time: first as soon as a record's time is known, then at multiples of the interval. Wall clock: first after
  // one interval. What was missed is made up for by one call. The argument is the time as it is.
  Punctuation schedule(milliseconds interval, Clock clock, std::function<void(Timestamp)> body) {
    return runtime_.schedule(node_, interval, clock, std::move(body));
  }
  // As soon as it can be, rather than at the next commit.interval.ms.
  void request_commit() { runtime_.request_commit(); }
  // Topic, partition and offset of the record of the source topic; nothing while a punctuation runs.
  std::optional<std::tuple<std::string, std::int32_t, std::int64_t>> record_metadata() const {
    const detail::SourceRecord* source = runtime_.source();
    if (!source) return std::nullopt;
    return std::tuple(source->from.topic, source->from.partition, source->offset);
  }
  TaskId task() const { return runtime_.task(); }
  Timestamp stream_time() const { return runtime_.stream_time(); }  // -1 ms: no record yet
  Timestamp wall_clock() const { return runtime_.wall_clock(); }

 private:
  detail::TaskRuntime& runtime_;
  const std::string& node_;
  const detail::Children<KOut, VOut>& children_;
};

struct Nothing {};

template <class KIn, class VIn, class KOut = Nothing, class VOut = Nothing>
class Processor {
 public:
  using Context = ProcessorContext<KOut, VOut>;
  using In = Record<KIn, VIn>;
  using KeyIn = KIn;
  using ValueIn = VIn;
  using Key = KOut;
  using Value = VOut;
  virtual ~Processor() = default;
  // Before the first record; an override calls this one first.
  virtual void init(Context& context) { context_ = &context; }
  // Throwing is a processing error and goes to the handler.
  virtual void process(In record) = 0;
  virtual void close() {}

 protected:
  Context& context() { return *context_; }

 private:
  Context* context_ = nullptr;
};

namespace detail {

// Runs a processor. P: what Make's unique_ptr points to.
template <class P>
class ProcessorNode final : public NodeBase, public Receiver<typename P::KeyIn, typename P::ValueIn> {
 public:
  explicit ProcessorNode(std::unique_ptr<P> processor) : processor_(std::move(processor)) {}
  bool add_child(NodeBase& child) override { return children_.add(child); }
  void init(TaskRuntime& runtime) override {
    NodeBase::init(runtime);
    context_.emplace(runtime, name(), children_);
    processor_->init(*context_);
  }
  void receive(Record<typename P::KeyIn, typename P::ValueIn>&& record) override {
    // Stores, and a dead letter, stamp with the time of the record that the processor sees.
    struct Restore {
      ~Restore() { runtime.set_record_time(before); }
      TaskRuntime& runtime;
      Timestamp before;
    } restore{this->runtime(), this->runtime().record_time()};
    restore.runtime.set_record_time(record.timestamp);
    try {
      processor_->process(std::move(record));
    } catch (...) {
      this->caught();
    }
  }
  void close() override { processor_->close(); }
  std::string_view types() const override { return typeid(P).name(); }

 private:
  std::unique_ptr<P> processor_;
  Children<typename P::Key, typename P::Value> children_;
  std::optional<typename P::Context> context_;
};

// What NodeSpec::make is for a processor.
template <class Make>
std::function<std::unique_ptr<NodeBase>()> processor_maker(Make make) {
  using P = typename std::invoke_result_t<Make&>::element_type;
  return [make = std::move(make)]() mutable -> std::unique_ptr<NodeBase> {
    return std::make_unique<ProcessorNode<P>>(make());
  };
}

}  // namespace detail
}  // namespace thalweg::streams
