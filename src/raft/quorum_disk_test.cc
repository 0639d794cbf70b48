// The quorum on a real disk with real time. THALWEG_BENCH=1 prints what a commit costs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "platform/testing.h"
#include "raft/quorum.h"

namespace thalweg::raft {
namespace {

using platform::run_on;
using platform::TestDirectory;
using platform::TestShards;

struct Counter : StateMachine {
  int applied = 0;
  void apply(Offset, LeaderEpoch, BytesView) override { ++applied; }
  Task<Result<SharedBytes>> snapshot() override { co_return SharedBytes::copy_of(std::to_string(applied)); }
  Result<> restore(Offset, SharedBytes image) override {
    applied = std::stoi(std::string(image.text()));
    return {};
  }
};

QuorumOptions options_in(const std::string& directory) {
  QuorumOptions options;
  options.metadata_log_dir = directory;
  options.voters = {BrokerId{0}};
  return options;
}

Task<Result<Millis>> start_until_leader(Quorum* quorum, const Shard* shard) {
  const Instant begin = shard->clock.now();
  OneShot<bool> leads;
  quorum->on_leader_change([leads, quorum](Leadership) {
    if (quorum->is_leader()) leads.set(true);
  });
  CO_TRY_VOID(co_await quorum->start());
  co_await leads.wait();
  co_return std::chrono::duration_cast<Millis>(shard->clock.now() - begin);
}

Task<Result<std::vector<Instant>>> propose_many(Quorum* quorum, const Shard* shard, int count) {
  std::vector<Instant> took;
  for (int i = 0; i < count; ++i) {
    const Instant begin = shard->clock.now();
    CO_TRY(const Offset index, co_await quorum->propose(SharedBytes::copy_of(std::string(116, 'x')),
                                                        quorum->leader().epoch, begin + Millis(10'000)));
    static_cast<void>(index);
    took.push_back(shard->clock.now() - begin);
  }
  co_return took;
}

TEST(QuorumOnDisk, LeadsSoonAndRemembersAcrossRestarts) {
  TestDirectory directory;
  TestShards shards;
  const int count = std::getenv("THALWEG_BENCH") ? 5000 : 50;
  for (int run = 0; run < 3; ++run) {
    Counter machine;
    Quorum quorum(shards[0], options_in(directory.path()), machine, nullptr);
    const auto ready = run_on(shards[0], start_until_leader(&quorum, &shards[0]));
    ASSERT_TRUE(ready) << ready.error().message;
    auto took = run_on(shards[0], propose_many(&quorum, &shards[0], count));
    ASSERT_TRUE(took) << took.error().message;
    run_on(shards[0], quorum.stop());
    EXPECT_EQ(machine.applied, (run + 1) * count);
    std::ranges::sort(*took);
    const auto micros = [&](double share) {
      return std::chrono::duration_cast<std::chrono::microseconds>(
                 (*took)[static_cast<std::size_t>(share * (count - 1))])
          .count();
    };
    std::printf("leader after %ld ms; commit p50 %ld us, p99 %ld us\n", static_cast<long>(ready->count()),
                static_cast<long>(micros(0.5)), static_cast<long>(micros(0.99)));
  }
}

}  // namespace
}  // namespace thalweg::raft
