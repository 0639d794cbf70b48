#include "broker/transaction_markers.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "sim/world.h"

namespace thalweg::broker {
namespace {

using namespace std::chrono_literals;
using protocol::WriteTxnMarkersRequest;
using protocol::WriteTxnMarkersResponse;
using transaction::TransactionMetadata;
using transaction::TransactionState;
using Where = MarkerLinks::Where;

class TransactionMarkersTest : public ::testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::kNone);
    node_ = &world_.add_node("b", 1, [](sim::Node&) { return nullptr; });
    node_->start();
    markers_ = std::make_unique<TransactionMarkers>(
        node_->shard(0),
        MarkerLinks{
            .leader = [this](const std::string& topic, PartitionId partition) { return leader(topic, partition); },
            .write = [this](BrokerId broker,
                            WriteTxnMarkersRequest request) { return answer(this, broker, std::move(request)); },
            .written =
                [this](MarkerSessionPtr session, const std::string& id, transaction::MetadataPtr metadata) {
                  written_.push_back(id + "@" + std::to_string(metadata->producer_epoch.value));
                  if (confirms_) markers_->confirmed(session, id, metadata->last_update);
                }});
  }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  MarkerLinks::Leader leader(const std::string& topic, PartitionId partition) {
    if (topic == "gone") return {Where::kGone};
    const auto at = leaders_.find(partition);
    return at == leaders_.end() ? MarkerLinks::Leader{Where::kLed, BrokerId{1 + partition.value % 2}} : at->second;
  }
  // Every answer takes 10 ms; a broker that hangs takes ten seconds.
  static Task<Result<WriteTxnMarkersResponse>> answer(TransactionMarkersTest* self, BrokerId broker,
                                                      WriteTxnMarkersRequest request) {
    self->requests_.emplace_back(broker, request);
    co_await self->node_->shard(0).clock.sleep_for(self->hanging_.contains(broker) ? 10s : 10ms);
    if (self->hanging_.contains(broker)) co_return thalweg::fail(ErrorCode::kRequestTimedOut, "hangs");
    WriteTxnMarkersResponse response;
    for (const auto& marker : request.markers) {
      auto& out = response.markers.emplace_back();
      out.producer_id = marker.producer_id;
      for (const auto& topic : marker.topics) {
        auto& of_topic = out.topics.emplace_back();
        of_topic.name = topic.name;
        for (const auto partition : topic.partition_indexes)
          of_topic.partitions.push_back({partition, self->take_error(partition)});
      }
    }
    co_return response;
  }
  ErrorCode take_error(PartitionId partition) {
    auto at = errors_.find(partition);
    if (at == errors_.end() || at->second.second == 0) return ErrorCode::kNone;
    --at->second.second;
    return at->second.first;
  }

  MarkerSessionPtr session(int partition = 0) {
    return std::make_shared<MarkerSession>(
        MarkerSession{.partition = PartitionId{partition}, .epoch = [this] { return epoch_; }});
  }
  static transaction::MetadataPtr prepared_in(std::initializer_list<int> partitions, int producer = 7,
                                              const std::string& topic = "t", std::int16_t version = 0) {
    TransactionMetadata metadata{.producer_id = ProducerId{producer}, .producer_epoch = ProducerEpoch{3}};
    metadata.state = TransactionState::kPrepareCommit;
    metadata.client_version = version;
    for (const int partition : partitions) metadata.partitions[topic].insert(PartitionId{partition});
    return std::make_shared<const TransactionMetadata>(metadata);
  }
  std::vector<std::string> finished() { return std::exchange(written_, {}); }
  using Ids = std::vector<std::string>;

  sim::World world_{1};
  sim::Node* node_ = nullptr;
  std::vector<std::pair<BrokerId, WriteTxnMarkersRequest>> requests_;
  std::map<PartitionId, std::pair<ErrorCode, int>> errors_;  // so many times
  std::map<PartitionId, MarkerLinks::Leader> leaders_;
  std::set<BrokerId> hanging_;
  LeaderEpoch epoch_{4};
  Ids written_;
  bool confirms_ = true;
  std::unique_ptr<TransactionMarkers> markers_;
};

TEST_F(TransactionMarkersTest, EachLeaderIsAskedForItsPartitionsAndTheEndIsSaidOnce) {
  const auto here = session();
  markers_->write(here, "tx", prepared_in({0, 1, 2}));
  EXPECT_EQ(finished(), Ids());
  world_.run_for(1s);
  EXPECT_EQ(finished(), Ids{"tx@3"});
  EXPECT_EQ(markers_->under_way(), 0u);
  ASSERT_EQ(requests_.size(), 2u);
  const auto& [broker, request] = requests_[0];
  EXPECT_EQ(broker, BrokerId{1});
  ASSERT_EQ(request.markers.size(), 1u);
  EXPECT_EQ(request.markers[0].producer_id, ProducerId{7});
  EXPECT_EQ(request.markers[0].coordinator_epoch, 4);
  EXPECT_TRUE(request.markers[0].transaction_result);
  ASSERT_EQ(request.markers[0].topics.size(), 1u);
  EXPECT_EQ(request.markers[0].topics[0].partition_indexes, (std::vector{PartitionId{0}, PartitionId{2}}));
}

TEST_F(TransactionMarkersTest, WithoutPartitionsThereIsNothingToWrite) {
  markers_->write(session(), "tx", prepared_in({}));
  EXPECT_EQ(finished(), Ids{"tx@3"});
  EXPECT_TRUE(requests_.empty());
}

// While one request is under way, what comes gathers for the next one.
TEST_F(TransactionMarkersTest, ManyTransactionsShareARequest) {
  const auto here = session();
  for (int i = 0; i < 50; ++i) markers_->write(here, "tx" + std::to_string(i), prepared_in({0}, 100 + i));
  world_.run_for(1s);
  EXPECT_EQ(finished().size(), 50u);
  EXPECT_LE(requests_.size(), 2u);
}

TEST_F(TransactionMarkersTest, ARequestHasABound) {
  const auto here = session();
  for (int i = 0; i < 30; ++i) {
    TransactionMetadata metadata = *prepared_in({}, 100 + i);
    for (int partition = 0; partition < 200; partition += 2) metadata.partitions["t"].insert(PartitionId{partition});
    markers_->write(here, "tx" + std::to_string(i), std::make_shared<const TransactionMetadata>(metadata));
  }
  world_.run_for(5s);
  EXPECT_EQ(finished().size(), 30u);
  for (const auto& [broker, request] : requests_) {
    std::size_t partitions = 0;
    for (const auto& marker : request.markers) partitions += marker.topics.at(0).partition_indexes.size();
    EXPECT_LE(partitions, TransactionMarkers::kPartitionsAtOnce);
  }
}

TEST_F(TransactionMarkersTest, WhatFailsIsAskedAgainOfWhoeverLeadsByThenAndNothingElse) {
  errors_[PartitionId{2}] = {ErrorCode::kNotLeaderOrFollower, 3};
  markers_->write(session(), "tx", prepared_in({0, 2}));
  world_.run_for(15ms);
  leaders_[PartitionId{2}] = {Where::kLed, BrokerId{9}};
  world_.run_for(2s);
  EXPECT_EQ(finished(), Ids{"tx@3"});
  ASSERT_EQ(requests_.size(), 4u);
  for (std::size_t i = 1; i < requests_.size(); ++i) {
    EXPECT_EQ(requests_[i].first, BrokerId{9});
    EXPECT_EQ(requests_[i].second.markers[0].topics[0].partition_indexes, std::vector{PartitionId{2}});
  }
}

TEST_F(TransactionMarkersTest, WithoutALeaderItWaitsForOne) {
  leaders_[PartitionId{0}] = {Where::kNoLeader, kNoBroker};
  markers_->write(session(), "tx", prepared_in({0}));
  world_.run_for(60s);
  EXPECT_EQ(finished(), Ids());
  EXPECT_TRUE(requests_.empty());
  leaders_[PartitionId{0}] = {Where::kLed, BrokerId{1}};
  world_.run_for(2s);
  EXPECT_EQ(finished(), Ids{"tx@3"});
}

// This shard may know less than the one that let the partition be added.
TEST_F(TransactionMarkersTest, APartitionIsGoneWhenItHasBeenUnknownForAWhile) {
  markers_->write(session(), "tx", prepared_in({0, 1}, 7, "gone"));
  world_.run_for(500ms);
  EXPECT_EQ(finished(), Ids());
  world_.run_for(3s);
  EXPECT_EQ(finished(), Ids{"tx@3"});
  EXPECT_TRUE(requests_.empty());
}

TEST_F(TransactionMarkersTest, ABrokerThatHangsKeepsNobodyElseWaiting) {
  hanging_.insert(BrokerId{1});
  const auto here = session();
  markers_->write(here, "slow", prepared_in({0}, 7));
  markers_->write(here, "quick", prepared_in({1}, 8));
  world_.run_for(1s);
  EXPECT_EQ(finished(), Ids{"quick@3"});
  hanging_.clear();
  world_.run_for(15s);
  EXPECT_EQ(finished(), Ids{"slow@3"});
}

TEST_F(TransactionMarkersTest, NothingIsWrittenOrSaidWhenTheSessionIsOver) {
  hanging_.insert(BrokerId{1});
  const auto here = session();
  markers_->write(here, "tx", prepared_in({0, 2}));
  leaders_[PartitionId{1}] = {Where::kNoLeader, kNoBroker};
  markers_->write(here, "waits", prepared_in({1}, 9));
  world_.run_for(20ms);
  const auto asked = requests_.size();
  markers_->end(here);
  EXPECT_EQ(markers_->under_way(), 0u);
  hanging_.clear();
  leaders_.clear();
  world_.run_for(60s);
  EXPECT_EQ(finished(), Ids());
  EXPECT_EQ(requests_.size(), asked);
}

TEST_F(TransactionMarkersTest, TheSameTransactionIsNotBegunTwiceAndANewSessionBeginsAgain) {
  hanging_.insert(BrokerId{1});
  const auto here = session();
  markers_->write(here, "tx", prepared_in({0}));
  markers_->write(here, "tx", prepared_in({0}));
  EXPECT_EQ(markers_->under_way(), 1u);
  markers_->end(here);
  hanging_.clear();
  epoch_ = LeaderEpoch{5};
  markers_->write(session(), "tx", prepared_in({0}));
  world_.run_for(15s);
  EXPECT_EQ(finished(), Ids{"tx@3"});
  EXPECT_EQ(requests_.back().second.markers.at(0).coordinator_epoch, 5);
}

// As the coordinator may do with what it does not know the end of.
TEST_F(TransactionMarkersTest, WhatIsNotConfirmedIsNotWrittenASecondTime) {
  confirms_ = false;
  const auto here = session();
  const auto metadata = prepared_in({0});
  markers_->write(here, "tx", metadata);
  world_.run_for(1s);
  EXPECT_EQ(finished(), Ids{"tx@3"});
  markers_->write(here, "tx", metadata);
  world_.run_for(1s);
  EXPECT_EQ(requests_.size(), 1u);
  markers_->confirmed(here, "tx", metadata->last_update + 1);
  EXPECT_EQ(markers_->under_way(), 1u) << "of another one";
  markers_->confirmed(here, "tx", metadata->last_update);
  EXPECT_EQ(markers_->under_way(), 0u);
  markers_->write(here, "tx", metadata);
  world_.run_for(1s);
  EXPECT_EQ(requests_.size(), 2u);
}

// KIP-1228: where every transaction has its own epoch, a marker that is there already is refused.
TEST_F(TransactionMarkersTest, AnEpochThatIsTooLowMeansWrittenWhereEachTransactionHasItsOwn) {
  errors_[PartitionId{0}] = {ErrorCode::kInvalidProducerEpoch, 1000};
  markers_->write(session(), "new", prepared_in({0}, 7, "t", 2));
  world_.run_for(1s);
  EXPECT_EQ(finished(), Ids{"new@3"});
  markers_->write(session(), "old", prepared_in({0}, 8, "t", 0));
  world_.run_for(60s);
  EXPECT_EQ(finished(), Ids()) << "nobody knows what became of what it wrote";
}

TEST_F(TransactionMarkersTest, NothingHappensAfterItsEnd) {
  hanging_.insert(BrokerId{1});
  leaders_[PartitionId{1}] = {Where::kNoLeader, kNoBroker};
  markers_->write(session(), "tx", prepared_in({0, 1}));
  world_.run_for(5ms);
  markers_.reset();
  world_.run_for(60s);
  EXPECT_EQ(requests_.size(), 1u);
}

}  // namespace
}  // namespace thalweg::broker
