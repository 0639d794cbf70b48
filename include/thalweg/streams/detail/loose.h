// What grouping, joins and tables take: records whose key or value may be absent or not, by the stream above. One node
// for all four, since what it does with absent ones is its own rule.
#pragma once

#include <utility>

#include "thalweg/streams/detail/serdes.h"

namespace thalweg::streams::detail {

// K and V without std::optional.
template <class K, class V>
class LooseReceiver : public Receiver<std::optional<K>, std::optional<V>>,
                      public Receiver<K, std::optional<V>>,
                      public Receiver<std::optional<K>, V>,
                      public Receiver<K, V> {
 public:
  using Loose = Record<std::optional<K>, std::optional<V>>;
  void receive(Loose&& record) final { take(std::move(record)); }
  void receive(Record<K, std::optional<V>>&& record) final { take(loosened(std::move(record))); }
  void receive(Record<std::optional<K>, V>&& record) final { take(loosened(std::move(record))); }
  void receive(Record<K, V>&& record) final { take(loosened(std::move(record))); }

 protected:
  virtual void take(Loose&& record) = 0;

 private:
  template <class A, class B>
  static Loose loosened(Record<A, B>&& r) {
    return {std::move(r.key), std::move(r.value), r.timestamp, std::move(r.headers)};
  }
};

template <class K, class V, class KO, class VO>
class LooseNode : public NodeBase, public LooseReceiver<K, V> {
 public:
  bool add_child(NodeBase& child) override { return children_.add(child); }

 protected:
  void forward(Record<KO, VO>&& record) const { children_.forward(std::move(record)); }

 private:
  Children<KO, VO> children_;
};

}  // namespace thalweg::streams::detail
