// What a page of metrics costs: 40,000 partitions, 2,000 groups with 20 committed offsets each. Processor time to join
// and to write it, and the longest that the shard did nothing else. Looking at the partitions themselves, and ages that
// have to be looked up, come on top.
//   ninja -C build/release page_bench && build/release/bin/page_bench
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "broker/broker.h"
#include "metadata/image_builder.h"
#include "monitoring/group_tables.h"
#include "monitoring/topic_tables.h"
#include "platform/shard_threads.h"
#include "runtime/yielding.h"

using namespace thalweg;
using namespace thalweg::monitoring;

namespace {

constexpr int kTopics = 400, kPartitions = 100, kGroups = 2000, kOffsets = 20;

Uuid id_of(int topic) { return {1, std::uint64_t(topic + 1)}; }
std::string name_of(int topic) { return "a.topic-" + std::to_string(topic); }

metadata::ImagePtr image() {
  metadata::ImageBuilder builder(std::make_shared<const metadata::Image>());
  for (int t = 0; t < kTopics; ++t) {
    protocol::TopicRecord topic;
    topic.name = name_of(t);
    topic.topic_id = id_of(t);
    CHECK(builder.apply(metadata::Record(topic)));
    for (int p = 0; p < kPartitions; ++p) {
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

std::vector<PartitionFigures::Figures> figures() {
  std::vector<PartitionFigures::Figures> all;
  for (int t = 0; t < kTopics; ++t)
    for (int p = 0; p < kPartitions; ++p) {
      auto& one = all.emplace_back();
      one.key = {id_of(t), PartitionId{p}};
      one.offsets.end = one.offsets.high_watermark = Offset{1'234'567'890};
      one.bytes = 987'654'321;
      one.segments = 3;
      one.leads = true;
    }
  return all;
}

std::vector<group::GroupFigures> groups() {
  std::vector<group::GroupFigures> all;
  for (int g = 0; g < kGroups; ++g) {
    auto& group = all.emplace_back("a.group-" + std::to_string(g), group::GroupState::kStable, 3);
    for (int i = 0; i < kOffsets; ++i)
      group.offsets.push_back({name_of(g % kTopics), PartitionId{i}, Offset{1'234'567'890}});
  }
  return all;
}

double cpu_seconds() { return double(std::clock()) / CLOCKS_PER_SEC; }

// Turns of somebody else on the shard, and the longest that one had to wait.
struct Others {
  bool over = false;
  double longest = 0;
  Task<> turn() {
    auto last = std::chrono::steady_clock::now();
    while (!over) {
      co_await give_way();
      const auto now = std::chrono::steady_clock::now();
      longest = std::max(longest, std::chrono::duration<double>(now - last).count());
      last = now;
    }
  }
};

struct Page {
  std::size_t bytes = 0;
  double join = 0, write = 0, longest = 0;
};

Task<Page> make(const Shard* shard, broker::Broker* broker, metadata::ImagePtr image, bool each) {
  Page page;
  Others others;
  spawn(*shard, others.turn());
  LagAges ages(*broker);
  const auto all_groups = groups();
  auto all_figures = figures();
  co_await give_way();
  others.longest = 0;
  const double begun = cpu_seconds();
  PartitionFigures by_key;
  const std::size_t half = all_figures.size() / 2;  // as of two shards
  co_await by_key.add({all_figures.begin(), all_figures.begin() + std::ptrdiff_t(half)});
  co_await by_key.add({all_figures.begin() + std::ptrdiff_t(half), all_figures.end()});
  auto topics = co_await topic_tables(image, &by_key, each);
  auto of_groups = co_await group_tables(&all_groups, &by_key, image, &ages, 1'800'000'000'000, each);
  std::vector<SeriesTable> tables;
  for (auto* table : {&topics.topics, &topics.partitions, &of_groups.members, &of_groups.topics, &of_groups.partitions})
    tables.push_back(std::move(*table));
  const double joined = cpu_seconds();
  {
    Exposition text(ExpositionFormat::kPrometheus, {}, std::move(tables));
    for (auto piece = text.next(64 * 1024); !piece.empty(); piece = text.next(64 * 1024)) {
      page.bytes += piece.size();
      co_await give_way();
    }
  }
  page.join = joined - begun;
  page.write = cpu_seconds() - joined;
  page.longest = others.longest;
  others.over = true;
  co_await give_way();
  co_return page;
}

}  // namespace

int main() {
  platform::ShardThreads threads({.shards = 1, .helpers = 1});
  threads.start();
  {
    broker::Broker broker({&threads[0]}, {});
    const auto of = image();
    for (const bool each : {false, true}) {
      Page best;
      for (int i = 0; i < 7; ++i) {
        const auto page = platform::run_on(threads[0], make(&threads[0], &broker, of, each));
        if (i == 0 || page.join + page.write < best.join + best.write) best = page;
      }
      std::printf("%-16s %5.1f MB  joined in %5.1f ms, written in %5.1f ms; longest slice %.2f ms\n",
                  each ? "/metrics/detail" : "/metrics", double(best.bytes) / 1e6, best.join * 1e3, best.write * 1e3,
                  best.longest * 1e3);
    }
  }
  threads.stop();
  threads.join();
  threads.drop_suspended();
}
