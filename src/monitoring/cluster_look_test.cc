#include "monitoring/cluster_look.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metadata/image_builder.h"
#include "metadata/testing.h"

namespace thalweg::monitoring {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Ids = std::vector<BrokerId>;

constexpr Uuid kOrders{1, 1};

Ids ids(std::initializer_list<int> numbers) {
  Ids out;
  for (const int n : numbers) out.push_back(BrokerId{n});
  return out;
}

// Three brokers, and the topic "orders" with whatever a test says of its partitions.
struct Cluster {
  metadata::ImageBuilder builder{std::make_shared<const metadata::Image>()};
  QuorumLook quorum{.voters = ids({1, 2, 3})};
  int next = 0;

  Cluster() {
    for (int id = 1; id <= 3; ++id) {
      protocol::RegisterBrokerRecord broker;
      broker.broker_id = BrokerId{id};
      broker.broker_epoch = id;
      broker.incarnation_id = {7, std::uint64_t(id)};
      broker.fenced = false;
      apply(broker);
    }
    apply(metadata::testing::topic("orders", kOrders));
  }
  template <class R>
  void apply(R record) {
    CHECK(builder.apply(metadata::Record(std::move(record))));
  }
  // With a record of the kind that registers a broker anew, as a fenced one.
  void lose(int id) {
    protocol::BrokerRegistrationChangeRecord change;
    change.broker_id = BrokerId{id};
    change.broker_epoch = id;
    change.fenced = 1;
    apply(change);
  }
  void partition(Ids replicas, Ids isr, const std::function<void(protocol::PartitionRecord&)>& more = {}) {
    auto record = metadata::testing::partition(kOrders, next++, std::move(replicas));
    record.isr = std::move(isr);
    record.leader = record.isr.empty() ? kNoBroker : record.isr.front();
    if (more) more(record);
    apply(record);
  }
  std::vector<Trouble> look(std::size_t min_isr = 1) {
    const auto image = builder.pin();
    ClusterLook look(image, quorum);
    for (const auto& [name, topic] : image->topics()) look.add(*topic, [&](const std::string&) { return min_isr; });
    return look.troubles();
  }
  std::vector<std::string> kinds(std::size_t min_isr = 1) {
    std::vector<std::string> kinds;
    for (const auto& trouble : look(min_isr)) {
      EXPECT_FALSE(trouble.next.empty()) << trouble.what;
      kinds.emplace_back(trouble.kind);
    }
    return kinds;
  }
};

TEST(ClusterLook, IsWellWhenAllAreInSync) {
  Cluster cluster;
  cluster.partition(ids({1, 2, 3}), ids({1, 2, 3}));
  EXPECT_THAT(cluster.kinds(3), ElementsAre());
}

TEST(ClusterLook, NamesBrokersThatAreDownAndWhatWaitsForThem) {
  Cluster cluster;
  cluster.partition(ids({1, 2, 3}), ids({1, 2}));
  cluster.lose(3);
  EXPECT_THAT(cluster.kinds(2), ElementsAre("broker_down", "under_replicated"));
  const auto found = cluster.look(2);
  EXPECT_THAT(found[0].what, HasSubstr("broker 3 is down"));
  EXPECT_THAT(found[1].what, HasSubstr("1 partition with replicas that are not in sync: orders-0"));
  EXPECT_EQ(found[1].next, "they come back with broker 3");
}

TEST(ClusterLook, ToldApartWhoIsUpAndBehind) {
  Cluster cluster;
  cluster.partition(ids({1, 2}), ids({1}));
  EXPECT_THAT(cluster.look()[0].next, HasSubstr("broker 2 is up and behind"));
}

TEST(ClusterLook, SaysWhereWritesAreRefused) {
  Cluster cluster;
  cluster.partition(ids({1, 2, 3}), ids({1}));
  EXPECT_THAT(cluster.kinds(2), ElementsAre("under_min_isr", "under_replicated"));
  EXPECT_THAT(cluster.kinds(1), ElementsAre("under_replicated"));
}

TEST(ClusterLook, NamesWhoCanLeadAgainWithoutLoss) {
  Cluster cluster;
  cluster.partition(ids({1, 2, 3}), {}, [](auto& record) { record.eligible_leader_replicas = ids({2}); });
  EXPECT_THAT(cluster.kinds(), ElementsAre("no_leader"));
  EXPECT_THAT(cluster.look()[0].next, HasSubstr("start broker 2:"));
}

TEST(ClusterLook, NamesTheFirstFewPartitionsOnly) {
  Cluster cluster;
  for (int i = 0; i < 5; ++i) cluster.partition(ids({1, 2}), ids({1}));
  EXPECT_THAT(cluster.look()[0].what,
              HasSubstr("5 partitions with replicas that are not in sync: orders-0, orders-1, orders-2, …"));
}

TEST(ClusterLook, KnowsAMoveThatWaitsForABrokerThatIsDown) {
  Cluster cluster;
  const auto moving = [](auto& record) { record.adding_replicas = ids({3}); };
  cluster.partition(ids({1, 2, 3}), ids({1, 2}), moving);
  EXPECT_THAT(cluster.kinds(), ElementsAre()) << "it is on its way";
  cluster.lose(3);
  EXPECT_THAT(cluster.kinds(), ElementsAre("broker_down", "move_stands_still"));
  EXPECT_THAT(cluster.look()[1].next, HasSubstr("once broker 3"));
}

TEST(ClusterLook, KnowsAQuorumWithoutAMajorityAndOneThatIsShort) {
  Cluster cluster;
  cluster.quorum.silent = ids({3});
  EXPECT_THAT(cluster.kinds(), ElementsAre("controller_silent"));
  cluster.quorum = {.has_leader = false, .voters = ids({1, 2, 3})};
  EXPECT_THAT(cluster.kinds(), ElementsAre("no_controller"));
}

}  // namespace
}  // namespace thalweg::monitoring
