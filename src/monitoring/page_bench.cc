// What a page of metrics costs: 40,000 partitions, 2,000 groups with 20 committed offsets each. Processor time to join
// and to write it, and the longest that the shard did nothing else. Looking at the partitions themselves, and ages that
// have to be looked up, come on top.
//   ninja -C build/release page_bench && build/release/bin/page_bench
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "broker/broker.h"
#include "monitoring/testing.h"
#include "platform/shard_threads.h"
#include "runtime/yielding.h"

using namespace thalweg;
using namespace thalweg::monitoring;

namespace {

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
  auto inputs = MadeUpCluster{}.inputs(image);
  co_await give_way();
  others.longest = 0;
  const double begun = cpu_seconds();
  auto joined_page = co_await page_tables(std::move(inputs), &ages, 1'800'000'000'000, each);
  const double joined = cpu_seconds();
  {
    Exposition text(ExpositionFormat::kPrometheus, {}, std::move(joined_page.tables));
    for (auto piece = text.next(64 * 1024); !piece.empty(); piece = text.next(64 * 1024)) {
      page.bytes += piece.size();
      co_await give_way();
    }
  }
  co_await give_way();  // what is put away last counts too
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
    const auto of = MadeUpCluster{}.image();
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
