// However large the cluster is, a scrape works in slices. What a slice does is counted, not timed: blocks of memory
// taken and given back, and how large one is, since what grows in one piece, a vector or the table of a hash map, is
// moved in one piece.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "broker/broker.h"
#include "monitoring/testing.h"
#include "sim/world.h"

namespace {

struct Memory {
  std::size_t blocks = 0;   // taken or given back
  std::size_t largest = 0;  // taken
};
thread_local Memory memory;

void* taken(std::size_t size, std::size_t alignment) {
  ++memory.blocks;
  memory.largest = std::max(memory.largest, size);
  void* block = alignment == 0 ? std::malloc(size)
                               : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (!block) std::abort();
  return block;
}
void given_back(void* block) {
  if (block) ++memory.blocks;
  std::free(block);
}

}  // namespace

// The library's other forms come down to these.
void* operator new(std::size_t size) { return taken(size == 0 ? 1 : size, 0); }
void* operator new(std::size_t size, std::align_val_t alignment) { return taken(size, std::size_t(alignment)); }
void operator delete(void* block) noexcept { given_back(block); }
void operator delete(void* block, std::size_t) noexcept { given_back(block); }
void operator delete(void* block, std::align_val_t) noexcept { given_back(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { given_back(block); }

namespace thalweg::monitoring {
namespace {

// A thousand rows, each with some texts that come and go.
constexpr std::size_t kBlocksMax = 20'000;
// A block of rows of a table has 90 KiB at most; it doubles as it grows.
constexpr std::size_t kLargestMax = 160 * 1024;

struct Slices : testing::Test {
  sim::World world{1};
  sim::Node& node = world.add_node("server", 1, [](sim::Node&) { return nullptr; });
  Memory most;

  // Runs it to its end, step by step; what one step did at most is in `most`.
  template <class T>
  T run(Task<T> task) {
    const auto result = std::make_shared<std::optional<T>>();
    spawn(node.shard(0), keep(std::move(task), result));
    most = {};
    while (!result->has_value()) {
      memory = {};
      CHECK(world.simulation.step());
      most.blocks = std::max(most.blocks, memory.blocks);
      most.largest = std::max(most.largest, memory.largest);
    }
    return std::move(**result);
  }
  template <class T>
  static Task<> keep(Task<T> task, std::shared_ptr<std::optional<T>> result) {
    result->emplace(co_await std::move(task));
  }
  static Task<bool> done(Task<> task) {
    co_await std::move(task);
    co_return true;
  }
  void expect_short() const {
    EXPECT_LT(most.blocks, kBlocksMax);
    EXPECT_LT(most.largest, kLargestMax);
  }
};

struct OfCluster : Slices, testing::WithParamInterface<MadeUpCluster> {};

TEST_P(OfCluster, AreShortWhileItIsJoined) {
  node.start();
  broker::Broker broker({&node.shard(0)}, {});
  LagAges ages(broker);
  const auto image = GetParam().image();
  auto page = run(page_tables(GetParam().inputs(image), &ages, 1'800'000'000'000, true));
  expect_short();
  std::size_t rows = 0;
  for (const auto& table : page.tables) rows += table.rows();
  EXPECT_GT(rows, std::size_t(GetParam().topics * GetParam().partitions));
  memory = {};
  page.tables.clear();  // when the last piece has been read
  EXPECT_LT(memory.blocks, kBlocksMax);
}

std::string name_of(const testing::TestParamInfo<MadeUpCluster>& info) {
  const char* names[] = {"OfBoth", "OfManyTopics", "OfManyGroups", "OfOneLargeTopicAndGroup"};
  return names[info.index];
}

INSTANTIATE_TEST_SUITE_P(
    Large, OfCluster,
    testing::Values(MadeUpCluster{}, MadeUpCluster{.topics = 40'000, .partitions = 1},
                    MadeUpCluster{.topics = 400, .groups = 40'000, .offsets = 1},
                    MadeUpCluster{.topics = 1, .partitions = 40'000, .groups = 1, .offsets = 40'000, .behind = 7}),
    name_of);

TEST_F(Slices, AreShortWhileAMapGrowsAndIsEmptied) {
  node.start();
  struct Hash {
    std::size_t operator()(int key) const { return std::size_t(key); }
  };
  SlicedMap<int, int, Hash> map;
  const auto fill = [](SlicedMap<int, int, Hash>* map) -> Task<> {
    Pace pace(1000);
    for (int i = 0; i < 40'000; ++i) {
      map->try_emplace(i, 2 * i);
      if (pace.due()) co_await give_way();
    }
  };
  run(done(fill(&map)));
  expect_short();
  EXPECT_EQ(*map.find(39'999), 79'998);
  run(done(map.clear()));
  expect_short();
  EXPECT_EQ(map.find(39'999), nullptr);
}

}  // namespace
}  // namespace thalweg::monitoring
