// The difference of two images, for readers that did not see every record between them.
#include <algorithm>

#include "metadata/image_builder.h"

namespace thalweg::metadata {
namespace {

// The keys under which two ordered maps do not say the same.
template <class Map, class Out>
void differing_keys(const Map& from, const Map& to, Out& out) {
  auto a = from.begin(), b = to.begin();
  while (a != from.end() || b != to.end()) {
    if (b == to.end() || (a != from.end() && a->first < b->first)) {
      out.insert(a++->first);
    } else if (a == from.end() || b->first < a->first) {
      out.insert(b++->first);
    } else {
      if (!(a->second == b->second)) out.insert(a->first);
      ++a, ++b;
    }
  }
}

void add_partitions(const Topic& from, const Topic& to, Delta& delta) {
  for (std::size_t i = 0; i < to.partitions.size(); ++i)
    if (i >= from.partitions.size() || from.partitions[i] != to.partitions[i])
      delta.partitions.insert({to.id, PartitionId{static_cast<std::int32_t>(i)}});
}

// A topic that has lost partitions, or goes by another name, is another topic. Records cannot do either.
bool same_topic(const Topic& from, const Topic& to) {
  return from.name == to.name && from.partitions.size() <= to.partitions.size();
}

void add_topics(const Image& from, const Image& to, Delta& delta) {
  for (const auto& [id, topic] : from.topics_by_id()) {
    const auto now = to.topic(id);
    if (!now || !same_topic(*topic, *now)) delta.topics_deleted.emplace(id, topic);
  }
  for (const auto& [id, topic] : to.topics_by_id()) {
    const auto before = from.topic(id);
    if (before == topic) continue;
    if (before && same_topic(*before, *topic)) {
      add_partitions(*before, *topic, delta);
    } else {
      delta.topics_created.emplace(id, topic->name);
      add_partitions(Topic{}, *topic, delta);
    }
  }
}

}  // namespace

Delta diff(const Image& from, const Image& to) {
  Delta delta;
  if (&from.brokers() != &to.brokers()) differing_keys(from.brokers(), to.brokers(), delta.brokers);
  add_topics(from, to, delta);
  if (&from.all_configs() != &to.all_configs()) differing_keys(from.all_configs(), to.all_configs(), delta.configs);
  const auto differs = [](const auto& a, const auto& b) { return &a != &b && !(a == b); };
  delta.controllers = differs(from.controllers(), to.controllers());
  delta.features = differs(from.features(), to.features());
  delta.quotas = differs(from.quotas(), to.quotas());
  delta.acls = differs(from.security().acls, to.security().acls);
  delta.scram = differs(from.security().scram, to.security().scram);
  delta.tokens = differs(from.security().tokens, to.security().tokens);
  delta.producer_ids = from.next_producer_id() != to.next_producer_id();
  return delta;
}

}  // namespace thalweg::metadata
