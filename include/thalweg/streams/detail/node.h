// Nodes of a topology while it runs: one object per node and task, one virtual call per hop. Operators derive from
// Node<K, V, KO, VO> and forward(); sources decode, sinks encode.
//
// What a user's function throws is caught around the node that called it; the task decides whether the others go on.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include "thalweg/streams/detail/runtime.h"
#include "thalweg/streams/detail/store.h"

namespace thalweg::streams::detail {

// An update of a table: what was there, where somebody below asks for it, and what is. Nothing: no row.
template <class V>
struct Change {
  std::optional<V> now, before;
};

// What a node failed with. `error.message` is for people; it names the node.
struct NodeFailure : std::exception {
  NodeFailure(std::string n, Error e) : node(std::move(n)), error(std::move(e)) {}
  const char* what() const noexcept override { return error.message.c_str(); }
  std::string node;
  Error error;
};

// In a catch block: what was thrown by this node. Returns when the others are to go on; throws NodeFailure otherwise,
// and again what is no node's fault (a store's failure) or was judged already.
void judge(TaskRuntime& runtime, const std::string& node);

class NodeBase {
 public:
  virtual ~NodeBase() = default;
  // Before the first record, parents first; stores are there and restored.
  virtual void init(TaskRuntime& runtime) { runtime_ = &runtime; }
  virtual void close() {}
  // False: it takes records of another type.
  virtual bool add_child(NodeBase&) = 0;
  // Of what it takes and what it gives, as users know them.
  virtual std::string_view types() const { return typeid(*this).name(); }

  void caught() const { judge(*runtime_, name_); }
  const std::string& name() const { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }

 protected:
  TaskRuntime& runtime() const { return *runtime_; }

 private:
  std::string name_;
  TaskRuntime* runtime_ = nullptr;
};

// Something that takes records. It may move out of what it is given.
template <class K, class V>
class Receiver {
 public:
  virtual ~Receiver() = default;
  virtual void receive(Record<K, V>&& record) = 0;
};

// The other side of forward(): who takes what a node gives.
template <class K, class V>
class Children {
 public:
  bool add(NodeBase& child) {
    auto* receiver = dynamic_cast<Receiver<K, V>*>(&child);
    if (!receiver) return false;
    to_.push_back({receiver, &child});
    return true;
  }
  bool empty() const { return to_.empty(); }
  // To each in the order in which they were added; only the last gets the record itself.
  void forward(Record<K, V>&& record) const {
    for (std::size_t i = 0; i + 1 < to_.size(); ++i) hand(to_[i], Record<K, V>(record));
    if (!to_.empty()) hand(to_.back(), std::move(record));
  }
  // To the one of this name; false: there is none.
  bool forward(Record<K, V>&& record, std::string_view child) const {
    for (const Child& one : to_)
      if (one.node->name() == child) return hand(one, std::move(record)), true;
    return false;
  }

  struct Child {
    Receiver<K, V>* receiver;
    NodeBase* node;
  };
  static void hand(const Child& child, Record<K, V>&& record) try {
    child.receiver->receive(std::move(record));
  } catch (...) {
    child.node->caught();
  }

 private:
  std::vector<Child> to_;
};

template <class K, class V, class KO, class VO>
class Node : public NodeBase, public Receiver<K, V> {
 public:
  bool add_child(NodeBase& child) override { return children_.add(child); }

 protected:
  void forward(Record<KO, VO>&& record) const { children_.forward(std::move(record)); }
  bool forward(Record<KO, VO>&& record, std::string_view child) const {
    return children_.forward(std::move(record), child);
  }

 private:
  Children<KO, VO> children_;
};

inline constexpr int kInvalidTimestamp = 32;  // Kafka's INVALID_TIMESTAMP

// The head of one input's queue, decoded. One per input of a task, used again for each record.
class Head {
 public:
  virtual ~Head() = default;
  // Decodes and stamps. Errors: of the serde; kInvalidTimestamp where the record itself carries one below 0 or the
  // extractor threw, which no handler is asked about.
  // `partition_time`: of the records before it, -1: none. The result is what the extractor says: negative drops it.
  virtual Result<std::int64_t> decode(const RawRecord&, std::int64_t partition_time) = 0;
  // Through the topology. REQUIRES: decode() has succeeded since the last call
  virtual void process() = 0;
};

class SourceBase : public NodeBase {
 public:
  virtual std::unique_ptr<Head> make_head() = 0;

 protected:
  // Errors of a record, which say where it lies.
  static Error absent(const RawRecord&, bool is_key);
  static Error bad_timestamp(const RawRecord&, std::string_view why);
  static Error of_record(const RawRecord&, bool is_key, Error);
};

}  // namespace thalweg::streams::detail
