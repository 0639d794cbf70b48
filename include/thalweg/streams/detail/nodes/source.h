// Where records enter: bytes become a record, and its time is told. (SourceNode, RecordQueue)
#pragma once

#include <memory>
#include <utility>

#include "thalweg/streams/detail/loose.h"

namespace thalweg::streams::detail {

// K and V without std::optional: children take either.
template <class K, class V>
struct SourceSettings {
  Serde<K> key;
  Serde<V> value;
  // Where the stream's own type has no room for absence, an absent one is an error of its record.
  bool needs_key = false, needs_value = false;
  // Milliseconds; nothing: the record's own.
  std::function<std::int64_t(const Record<std::optional<K>, std::optional<V>>&, std::int64_t)> timestamp = {};
};

template <class K, class V>
class SourceNode final : public SourceBase {
 public:
  using Loose = Record<std::optional<K>, std::optional<V>>;
  explicit SourceNode(SourceSettings<K, V> settings)
      : settings_(std::move(settings)), needs_key_(settings_.needs_key), needs_value_(settings_.needs_value) {}

  bool add_child(NodeBase& child) override {
    return add<std::optional<K>, std::optional<V>>(child) || add<K, std::optional<V>>(child) ||
           add<std::optional<K>, V>(child) || add<K, V>(child);
  }
  std::unique_ptr<Head> make_head() override { return std::make_unique<SourceHead>(*this); }

 private:
  class SourceHead final : public Head {
   public:
    explicit SourceHead(SourceNode& source) : source_(source) {}
    Result<std::int64_t> decode(const RawRecord& raw, std::int64_t partition_time) override {
      return source_.decode(raw, partition_time, record_);
    }
    void process() override { source_.forward(std::move(record_)); }

   private:
    SourceNode& source_;
    Loose record_;
  };
  using Give = void (*)(NodeBase&, void*, Loose&&);
  struct Child {
    NodeBase* node;
    void* receiver;
    Give give;
  };

  // In its own words: what a plain type takes was checked when it was decoded.
  template <class A, class B>
  bool add(NodeBase& child) {
    auto* receiver = dynamic_cast<Receiver<A, B>*>(&child);
    if (!receiver) return false;
    if (!kIsOptional<A>) needs_key_ = true;
    if (!kIsOptional<B>) needs_value_ = true;
    children_.push_back({&child, receiver, [](NodeBase& node, void* to, Loose&& r) {
                           Children<A, B>::hand({static_cast<Receiver<A, B>*>(to), &node},
                                                {present<A>(std::move(r.key)), present<B>(std::move(r.value)),
                                                 r.timestamp, std::move(r.headers)});
                         }});
    return true;
  }
  template <class A, class T>
  static A present(std::optional<T>&& value) {
    if constexpr (kIsOptional<A>)
      return std::move(value);
    else
      return *std::move(value);
  }

  void forward(Loose&& record) {
    for (std::size_t i = 0; i + 1 < children_.size(); ++i) {
      const Child& child = children_[i];
      child.give(*child.node, child.receiver, Loose(record));
    }
    if (!children_.empty()) children_.back().give(*children_.back().node, children_.back().receiver, std::move(record));
  }

  Result<std::int64_t> decode(const RawRecord& raw, std::int64_t partition_time, Loose& record) const {
    auto key = part<K>(raw, raw.key, true, settings_.key, needs_key_);
    if (!key) return std::unexpected(std::move(key.error()));
    auto value = part<V>(raw, raw.value, false, settings_.value, needs_value_);
    if (!value) return std::unexpected(std::move(value.error()));
    record = {*std::move(key), *std::move(value), raw.timestamp, raw.headers};
    auto time = time_of(raw, partition_time, record);
    if (time) record.timestamp = Timestamp(milliseconds(*time));
    return time;
  }
  Result<std::int64_t> time_of(const RawRecord& raw, std::int64_t partition_time, const Loose& record) const try {
    if (settings_.timestamp) return settings_.timestamp(record, partition_time);
    const std::int64_t time = raw.timestamp.time_since_epoch().count();
    if (time < 0) return std::unexpected(bad_timestamp(raw, "its timestamp is below 0"));
    return time;
  } catch (const std::exception& e) {
    return std::unexpected(bad_timestamp(raw, e.what()));
  } catch (...) {
    return std::unexpected(bad_timestamp(raw, "the timestamp function threw"));
  }
  template <class T>
  Result<std::optional<T>> part(const RawRecord& raw, std::optional<std::string_view> bytes, bool is_key,
                                const Serde<T>& serde, bool needed) const {
    if (!bytes && needed) return std::unexpected(absent(raw, is_key));
    auto value = decoded(serde, bytes, {.topic = raw.from.topic, .is_key = is_key, .read_headers = &raw.headers});
    if (!value) return std::unexpected(of_record(raw, is_key, std::move(value.error())));
    return value;
  }

  SourceSettings<K, V> settings_;
  bool needs_key_, needs_value_;
  std::vector<Child> children_;
};

}  // namespace thalweg::streams::detail
