// Who may lead when nobody is in sync: eligible leader replicas (KIP-966), and data loss by permission.
#include <gtest/gtest.h>

#include "controller/testing.h"

namespace thalweg::controller {
namespace {

using testing::Controller;
using testing::ids;
using namespace std::chrono_literals;

class EligibleLeaders : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int id = 1; id <= 3; ++id) controller_.start_broker(id);
  }
  void create(int replicas, std::string min_isr, std::string unclean = "false") {
    protocol::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = "orders";
    topic.num_partitions = topic.replication_factor = -1;
    auto& assignment = topic.assignments.emplace_back();
    for (int id = 1; id <= replicas; ++id) assignment.broker_ids.push_back(BrokerId{id});
    topic.configs.push_back({"min.insync.replicas", std::move(min_isr)});
    topic.configs.push_back({"unclean.leader.election.enable", std::move(unclean)});
    ASSERT_EQ(controller_.ask<protocol::CreateTopicsResponse>(request).topics.front().error_code, ErrorCode::kNone);
  }
  void fence(int id) { controller_.heartbeat(id, true); }
  void back(int id) { controller_.heartbeat(id); }
  ErrorCode set(std::int8_t type, std::string resource, std::string name, std::optional<std::string> value,
                std::string* message = nullptr) {
    protocol::IncrementalAlterConfigsRequest request;
    auto& r = request.resources.emplace_back();
    r.resource_type = type;
    r.resource_name = std::move(resource);
    const std::int8_t operation = value ? 0 : 1;
    r.configs.push_back({std::move(name), operation, std::move(value)});
    auto reply = controller_.ask<protocol::IncrementalAlterConfigsResponse>(request);
    if (message) *message = reply.responses.front().error_message.value_or("");
    controller_.advance(0s);
    return reply.responses.front().error_code;
  }
  const metadata::Partition& partition() const { return controller_.partition("orders", 0); }

  Controller controller_;
};

TEST_F(EligibleLeaders, WhoLeavesASetThatIsTooSmallMayLead) {
  create(3, "2");
  fence(3);
  EXPECT_EQ(partition().isr, ids({1, 2}));
  EXPECT_TRUE(partition().eligible_leader_replicas.empty()) << "two in sync may acknowledge without 3";
  fence(2);
  EXPECT_EQ(partition().isr, ids({1}));
  EXPECT_EQ(partition().eligible_leader_replicas, ids({2}));
  fence(1);
  EXPECT_TRUE(partition().isr.empty());
  EXPECT_EQ(partition().eligible_leader_replicas, ids({1, 2}));
  EXPECT_EQ(partition().leader, kNoBroker);
  back(3);
  EXPECT_EQ(partition().leader, kNoBroker) << "3 lacks what was acknowledged";
  back(2);
  EXPECT_EQ(partition().leader, BrokerId{2});
  EXPECT_EQ(partition().isr, ids({2}));
  EXPECT_EQ(partition().eligible_leader_replicas, ids({1}));
  EXPECT_EQ(partition().leader_recovery, metadata::LeaderRecovery::kRecovered);
}

TEST_F(EligibleLeaders, TheLastInSyncReplicaIsEligibleAndLeadsAgain) {
  create(1, "1");
  fence(1);
  EXPECT_TRUE(partition().isr.empty());
  EXPECT_EQ(partition().eligible_leader_replicas, ids({1}));
  back(1);
  EXPECT_EQ(partition().leader, BrokerId{1});
  EXPECT_TRUE(partition().eligible_leader_replicas.empty());
}

// A set that may acknowledge by the new value must leave nobody eligible who need not have what it acknowledges.
TEST_F(EligibleLeaders, AMinimumThatIsLoweredEndsEligibility) {
  create(3, "2");
  fence(3);
  fence(2);
  ASSERT_EQ(partition().eligible_leader_replicas, ids({2}));
  const auto batches = controller_.batches().size();
  ASSERT_EQ(set(2, "orders", "min.insync.replicas", "1"), ErrorCode::kNone);
  EXPECT_EQ(controller_.batches().size(), batches + 1) << "in one batch";
  EXPECT_TRUE(partition().eligible_leader_replicas.empty());
  fence(1);
  back(2);
  EXPECT_EQ(partition().leader, kNoBroker);
}

TEST_F(EligibleLeaders, TheClustersMinimumIsEveryBrokersMinimum) {
  EXPECT_EQ(controller_.image().configs({metadata::ResourceType::kBroker, ""}).at("min.insync.replicas"), "1");
  std::string message;
  EXPECT_EQ(set(4, "", "min.insync.replicas", std::nullopt, &message), ErrorCode::kInvalidConfig);
  EXPECT_EQ(message, "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.");
  EXPECT_EQ(set(4, "1", "min.insync.replicas", "1", &message), ErrorCode::kInvalidConfig);
  EXPECT_EQ(message, "Broker-level min.insync.replicas cannot be altered while ELR is enabled.");
  EXPECT_EQ(set(4, "", "min.insync.replicas", "2"), ErrorCode::kNone);
}

TEST_F(EligibleLeaders, WithPermissionTheNextLivingReplicaLeadsAtOnceWhenTheLastInSyncIsFenced) {
  create(2, "1", "true");
  fence(2);
  back(2);  // alive, and not in sync
  ASSERT_EQ(partition().isr, ids({1}));
  fence(1);
  EXPECT_EQ(partition().leader, BrokerId{2});
  EXPECT_EQ(partition().isr, ids({2}));
  EXPECT_EQ(partition().leader_recovery, metadata::LeaderRecovery::kRecovering);
}

TEST_F(EligibleLeaders, WithoutPermissionNobodyLeadsThen) {
  create(2, "1");
  fence(2);
  back(2);
  fence(1);
  EXPECT_EQ(partition().leader, kNoBroker);
  // And as soon as it is given, one does.
  ASSERT_EQ(set(2, "orders", "unclean.leader.election.enable", "true"), ErrorCode::kNone);
  EXPECT_EQ(partition().leader, BrokerId{2});
}

}  // namespace
}  // namespace thalweg::controller
