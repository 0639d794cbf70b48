// Nothing acknowledged is lost by what the controller decides: brokers crash, come back with or without their disk,
// drain, fall out of the in-sync set and return, partitions move, min.insync.replicas changes; and after every step
// each member of ISR and ELR has everything that was ever acknowledged. The logs are lists of numbers, replicated as
// the design has it: a record is acknowledged when all in sync have it on disk and they are enough.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "controller/testing.h"

namespace thalweg::controller {
namespace {

using testing::Controller;
using testing::ids;
using testing::registration;

constexpr int kBrokers = 4, kPartitions = 2;

class Cluster {
 public:
  explicit Cluster(std::uint64_t seed)
      : controller_({.broker_session_timeout = Millis(3'600'000)}, seed), random_(seed) {
    for (int b = 1; b <= kBrokers; ++b) {
      at(b).epoch = controller_.start_broker(b, {}, {1, 1}, {at(b).disk = {9, ++disks_}});
      at(b).up = true;
    }
    protocol::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = "t";
    topic.num_partitions = topic.replication_factor = -1;
    topic.assignments.push_back({PartitionId{0}, ids({1, 2, 3})});
    topic.assignments.push_back({PartitionId{1}, ids({4, 2, 1})});
    topic.configs.push_back({"min.insync.replicas", "2"});
    controller_.ask<protocol::CreateTopicsResponse>(request);
  }

  void step() {
    const int b = 1 + static_cast<int>(random_.below(kBrokers)), p = static_cast<int>(random_.below(kPartitions));
    switch (random_.below(14)) {
      case 0:
        if (random_.below(2) == 0) at(b).up = false;
        break;
      case 1:
        if (!at(b).up) controller_.ask<BrokerGoneResponse>(BrokerGone{BrokerId{b}, at(b).epoch});
        break;
      case 2:
        if (!at(b).up) restart(b, random_.below(6) == 0);
        break;
      case 3:
      case 4:
        beat(b, false);
        break;
      case 5:
        if (random_.below(4) == 0) beat(b, true);
        break;
      case 6:
      case 7:
        write(p, true);
        break;
      case 8:
        write(p, false);
        break;
      case 9:
      case 10:
        grow(p);
        break;
      case 11:
        shrink(p);
        break;
      case 12:
        change_min();
        break;
      default:
        move(p);
        break;
    }
    controller_.advance(Millis(0));
    after_step();
  }

  std::size_t acknowledged = 0, elected_from_elr = 0, lost_disks = 0;

 private:
  struct Broker {
    bool up = false;
    std::int64_t epoch = -1;
    Uuid disk;
    std::vector<int> logs[kPartitions];
  };
  Broker& at(int b) { return brokers_[b - 1]; }
  Broker& at(BrokerId b) { return at(b.value); }
  const metadata::Partition& partition(int p) const { return controller_.partition("t", p); }
  bool leads(int p) {
    const auto leader = partition(p).leader;
    return leader != kNoBroker && at(leader).up;
  }

  void restart(int b, bool disk_lost) {
    auto& broker = at(b);
    if (disk_lost) {
      broker.disk = {9, ++disks_};
      for (auto& log : broker.logs) log.clear();
      ++lost_disks;
    }
    auto request = registration(b, {++incarnations_, 2}, {broker.disk});
    request.previous_broker_epoch = disk_lost ? -1 : broker.epoch;
    const auto reply = controller_.ask<protocol::BrokerRegistrationResponse>(request);
    // Refused while the session of the old process lives: it tries again, without its disk if that is gone.
    if (reply.error_code != ErrorCode::kNone) {
      ASSERT_EQ(reply.error_code, ErrorCode::kDuplicateBrokerRegistration);
      controller_.ask<BrokerGoneResponse>(BrokerGone{BrokerId{b}, broker.epoch});
      ASSERT_EQ(controller_.ask<protocol::BrokerRegistrationResponse>(request).error_code, ErrorCode::kNone);
    }
    broker.epoch = controller_.image().broker(BrokerId{b})->epoch;
    broker.up = true;
  }
  void beat(int b, bool want_shut_down) {
    if (at(b).up && controller_.heartbeat(b, false, want_shut_down).should_shut_down) at(b).up = false;
  }
  // A follower has what its leader has, and nothing else.
  void fetch(int p, BrokerId follower) { at(follower).logs[p] = at(partition(p).leader).logs[p]; }
  void write(int p, bool to_all) {
    if (!leads(p)) return;
    const auto& now = partition(p);
    at(now.leader).logs[p].push_back(++records_);
    bool everywhere = to_all;
    for (const auto id : now.isr) {
      if (at(id).up && (to_all || random_.below(2)))
        fetch(p, id);
      else if (id != now.leader)
        everywhere = false;
    }
    if (!everywhere || now.isr.size() < std::min(min_, now.replicas.size())) return;
    const auto& log = at(now.leader).logs[p];
    acked_[p] = {log.begin(), log.end()};
    ++acknowledged;
  }
  void propose(int p, const std::vector<BrokerId>& isr) {
    auto request = controller_.alteration("t", p, isr);
    request.broker_epoch = at(request.broker_id).epoch;
    for (auto& replica : request.topics[0].partitions[0].new_isr_with_epochs)
      replica.broker_epoch = at(replica.broker_id).epoch;
    controller_.ask<protocol::AlterPartitionResponse>(request);
  }
  void grow(int p) {
    if (!leads(p)) return;
    auto isr = partition(p).isr;
    for (const auto id : partition(p).replicas) {
      if (!at(id).up || std::ranges::find(isr, id) != isr.end() || random_.below(2)) continue;
      fetch(p, id);
      isr.push_back(id);
    }
    propose(p, isr);
  }
  void shrink(int p) {
    if (!leads(p)) return;
    std::vector<BrokerId> isr;
    for (const auto id : partition(p).isr)
      if (id == partition(p).leader || random_.below(2)) isr.push_back(id);
    propose(p, isr);
  }
  void change_min() {
    min_ = 1 + random_.below(3);
    protocol::IncrementalAlterConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = 2;
    resource.resource_name = "t";
    resource.configs.push_back({"min.insync.replicas", 0, std::to_string(min_)});
    controller_.ask<protocol::IncrementalAlterConfigsResponse>(request);
  }
  void move(int p) {
    protocol::AlterPartitionReassignmentsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = "t";
    auto& wanted = topic.partitions.emplace_back();
    wanted.partition_index = PartitionId{p};
    if (random_.below(4) > 0) {
      wanted.replicas.emplace();
      for (int b = 1; b <= kBrokers; ++b)
        if (random_.below(3) > 0) wanted.replicas->push_back(BrokerId{b});
    }
    controller_.ask<protocol::AlterPartitionReassignmentsResponse>(request);
  }

  void after_step() {
    for (int p = 0; p < kPartitions; ++p) {
      const auto& now = partition(p);
      ASSERT_GE(now.partition_epoch, epochs_[p]);
      ASSERT_GE(now.leader_epoch.value, leader_epochs_[p]);
      // Permitted only after a broker said that a disk is gone: what the leader has is the truth now.
      if (now.leader_epoch.value > leader_epochs_[p] && now.leader_recovery == metadata::LeaderRecovery::kRecovering)
        acked_[p].clear();
      elected_from_elr += now.leader_epoch.value > leader_epochs_[p] && isr_empty_[p] && now.leader != kNoBroker;
      epochs_[p] = now.partition_epoch;
      leader_epochs_[p] = now.leader_epoch.value;
      isr_empty_[p] = now.isr.empty();
      for (int b = 1; b <= kBrokers; ++b)  // a broker deletes what it is no replica of
        if (std::ranges::find(now.replicas, BrokerId{b}) == now.replicas.end()) at(b).logs[p].clear();
      if (now.leader != kNoBroker) ASSERT_TRUE(controller_.image().broker(now.leader)->active());
      for (const auto* members : {&now.isr, &now.eligible_leader_replicas})
        for (const auto id : *members)
          for (const int record : acked_[p])
            ASSERT_NE(std::ranges::find(at(id).logs[p], record), at(id).logs[p].end())
                << "partition " << p << ": broker " << id.value << " lacks " << record;
    }
  }

  Controller controller_;
  Random random_;
  Broker brokers_[kBrokers];
  std::size_t min_ = 2;
  std::set<int> acked_[kPartitions];
  std::int32_t epochs_[kPartitions] = {}, leader_epochs_[kPartitions] = {};
  bool isr_empty_[kPartitions] = {};
  int records_ = 0;
  std::uint64_t disks_ = 0, incarnations_ = 1;
};

TEST(Acknowledged, IsHadByEveryMemberOfIsrAndElrWhateverHappensToBrokers) {
  std::size_t acknowledged = 0, elected = 0, lost = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Cluster cluster(seed);
    for (int i = 0; i < 250 && !::testing::Test::HasFailure(); ++i) cluster.step();
    if (::testing::Test::HasFailure()) return;
    acknowledged += cluster.acknowledged;
    elected += cluster.elected_from_elr;
    lost += cluster.lost_disks;
  }
  EXPECT_GT(acknowledged, 1000u);
  EXPECT_GT(elected, 50u);
  EXPECT_GT(lost, 100u);
}

}  // namespace
}  // namespace thalweg::controller
