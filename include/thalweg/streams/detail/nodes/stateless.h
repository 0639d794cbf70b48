// One record in, none or some out, nothing remembered. (KStreamFilter, KStreamMap, KStreamFlatMap, KStreamPeek, ...)
#pragma once

#include <iterator>
#include <utility>

#include "thalweg/streams/detail/loose.h"

namespace thalweg::streams::detail {

using streams::succeeded_t;

template <class T>
T or_fail(T value) {
  return value;
}
template <class T>
T or_fail(Result<T> result) {
  if (!result) throw Failed(std::move(result.error()));
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}
// A user's function over a record. Throws what it throws, or Failed.
template <class F, class K, class V>
decltype(auto) called(F& f, const Record<K, V>& record) {
  using R = over_t<F, K, V>;
  if constexpr (std::is_void_v<R>)
    apply_over<F, K, V>(f, record);
  else if constexpr (std::same_as<succeeded_t<R>, R>)
    return R(apply_over<F, K, V>(f, record));
  else
    return or_fail(R(apply_over<F, K, V>(f, record)));
}

template <class K, class V, class F>
class FilterNode final : public Node<K, V, K, V> {
 public:
  FilterNode(F keep, bool negated) : keep_(std::move(keep)), negated_(negated) {}
  void receive(Record<K, V>&& record) override {
    if (static_cast<bool>(called(keep_, record)) != negated_) this->forward(std::move(record));
  }

 private:
  F keep_;
  bool negated_;
};

template <class K, class V>
class NotNullNode final : public Node<K, V, K, unwrap_t<V>> {
 public:
  void receive(Record<K, V>&& r) override {
    if constexpr (!kIsOptional<V>)
      this->forward(std::move(r));
    else if (r.value)
      this->forward({std::move(r.key), *std::move(r.value), r.timestamp, std::move(r.headers)});
  }
};

template <class K, class V, class F, class VO>
class MapValuesNode final : public Node<K, V, K, VO> {
 public:
  explicit MapValuesNode(F map) : map_(std::move(map)) {}
  void receive(Record<K, V>&& r) override {
    VO value = called(map_, r);
    this->forward({std::move(r.key), std::move(value), r.timestamp, std::move(r.headers)});
  }

 private:
  F map_;
};

template <class K, class V, class F, class KO>
class SelectKeyNode final : public Node<K, V, KO, V> {
 public:
  explicit SelectKeyNode(F key) : key_(std::move(key)) {}
  void receive(Record<K, V>&& r) override {
    KO key = called(key_, r);
    this->forward({std::move(key), std::move(r.value), r.timestamp, std::move(r.headers)});
  }

 private:
  F key_;
};

template <class K, class V, class F, class KO, class VO>
class MapNode final : public Node<K, V, KO, VO> {
 public:
  explicit MapNode(F map) : map_(std::move(map)) {}
  void receive(Record<K, V>&& r) override {
    auto [key, value] = called(map_, r);
    this->forward({std::move(key), std::move(value), r.timestamp, std::move(r.headers)});
  }

 private:
  F map_;
};

template <class K, class V, class F, class VO>
class FlatMapValuesNode final : public Node<K, V, K, VO> {
 public:
  explicit FlatMapValuesNode(F map) : map_(std::move(map)) {}
  void receive(Record<K, V>&& r) override {
    auto values = called(map_, r);
    for (auto&& value : values) this->forward({r.key, VO(std::move(value)), r.timestamp, r.headers});
  }

 private:
  F map_;
};

template <class K, class V, class F, class KO, class VO>
class FlatMapNode final : public Node<K, V, KO, VO> {
 public:
  explicit FlatMapNode(F map) : map_(std::move(map)) {}
  void receive(Record<K, V>&& r) override {
    auto pairs = called(map_, r);
    for (auto&& pair : pairs) this->forward({KO(pair.first), VO(pair.second), r.timestamp, r.headers});
  }

 private:
  F map_;
};

// Also for_each, which nothing follows.
template <class K, class V, class F>
class PeekNode final : public Node<K, V, K, V> {
 public:
  explicit PeekNode(F look) : look_(std::move(look)) {}
  void receive(Record<K, V>&& record) override {
    called(look_, record);
    this->forward(std::move(record));
  }

 private:
  F look_;
};

// Merges, and the branches of a split.
template <class K, class V>
class PassNode final : public Node<K, V, K, V> {
 public:
  void receive(Record<K, V>&& record) override { this->forward(std::move(record)); }
};

// To the first branch whose predicate holds. (KStreamBranch)
template <class K, class V>
class SplitNode final : public Node<K, V, K, V> {
 public:
  using Branch = std::pair<std::string, std::function<bool(const Record<K, V>&)>>;  // the last may have none: the rest
  explicit SplitNode(std::vector<Branch> branches) : branches_(std::move(branches)) {}
  void receive(Record<K, V>&& record) override {
    for (const auto& [name, holds] : branches_)
      if (!holds || holds(record)) {
        this->forward(std::move(record), name);
        return;
      }
  }

 private:
  std::vector<Branch> branches_;
};

// Before a repartition: records without a key would have nowhere to go, unless a join below takes them.
template <class K, class V>
class RepartitionFilterNode final : public LooseNode<K, V, std::optional<K>, std::optional<V>> {
 public:
  explicit RepartitionFilterNode(bool null_keys) : null_keys_(null_keys) {}

 protected:
  void take(Record<std::optional<K>, std::optional<V>>&& record) override {
    if (null_keys_ || record.key) this->forward(std::move(record));
  }

 private:
  bool null_keys_;
};

}  // namespace thalweg::streams::detail
