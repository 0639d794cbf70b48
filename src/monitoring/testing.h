// Clusters made up for tests and benchmarks of a page.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "metadata/image_builder.h"
#include "monitoring/page_tables.h"

namespace thalweg::monitoring {

struct MadeUpCluster {
  int topics = 400, partitions = 100;  // of each topic
  int groups = 2000, offsets = 20;     // committed by each group
  int shards = 2;
  std::int64_t behind = 0;  // each group on each partition

  static Uuid id_of(int topic) { return {1, std::uint64_t(topic + 1)}; }
  static std::string name_of(int topic) { return "a.longer.name.of.topic-" + std::to_string(topic); }

  metadata::ImagePtr image() const {
    metadata::ImageBuilder builder(std::make_shared<const metadata::Image>());
    for (int t = 0; t < topics; ++t) {
      protocol::TopicRecord topic;
      topic.name = name_of(t);
      topic.topic_id = id_of(t);
      CHECK(builder.apply(metadata::Record(topic)));
      for (int p = 0; p < partitions; ++p) {
        protocol::PartitionRecord partition;
        partition.partition_id = PartitionId{p};
        partition.topic_id = id_of(t);
        partition.replicas = partition.isr = {BrokerId{1}};
        partition.leader = BrokerId{1};
        CHECK(builder.apply(metadata::Record(partition)));
      }
    }
    return builder.pin();
  }

  PageInputs inputs(metadata::ImagePtr of) const {
    PageInputs made{.figures = {}, .groups = {}, .image = std::move(of)};
    made.figures.resize(std::size_t(shards));
    for (int t = 0; t < topics; ++t)
      for (int p = 0; p < partitions; ++p) {
        auto& one = made.figures[std::size_t(t % shards)].emplace_back();
        one.key = {id_of(t), PartitionId{p}};
        one.offsets.end = one.offsets.high_watermark = kEnd;
        one.bytes = 987'654'321;
        one.segments = 3;
        one.leads = true;
      }
    for (int g = 0; g < groups; ++g) {
      auto& group = made.groups.emplace_back("a.group-" + std::to_string(g), group::GroupState::kStable, 3);
      for (int i = 0; i < offsets; ++i)
        group.offsets.push_back({name_of(g % topics), PartitionId{i % partitions}, kEnd - behind});
    }
    return made;
  }

 private:
  static constexpr Offset kEnd{1'234'567'890};
};

}  // namespace thalweg::monitoring
