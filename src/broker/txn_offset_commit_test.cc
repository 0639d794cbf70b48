// Offsets in transactions, over a connection: TxnOffsetCommit (28) in its versions, what OffsetFetch and DeleteGroups
// say of what is pending, and the end of the transaction. Whether the transaction has the partition is not asked here,
// so no client is as new as to have it added: see verified_offset_commit_test.cc.
#include <gtest/gtest.h>

#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "broker/testing.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/delete_groups_request.h"
#include "protocol/delete_groups_response.h"
#include "protocol/find_coordinator_request.h"
#include "protocol/find_coordinator_response.h"
#include "protocol/offset_fetch_request.h"
#include "protocol/offset_fetch_response.h"
#include "protocol/txn_offset_commit_request.h"
#include "protocol/txn_offset_commit_response.h"

namespace thalweg::broker {
namespace {

using protocol::OffsetFetchRequest;
using protocol::OffsetFetchResponse;
using protocol::TxnOffsetCommitRequest;
using protocol::TxnOffsetCommitResponse;
using Codes = std::vector<ErrorCode>;

constexpr ProducerId kTxnProducer{77};
constexpr auto kNoError = ErrorCode::kNone;
constexpr std::int16_t kNewest = 4, kAddsPartition = 5, kByTopicId = 6;

bool passes(ErrorCode code) {
  return code == ErrorCode::kCoordinatorLoadInProgress || code == ErrorCode::kCoordinatorNotAvailable ||
         code == ErrorCode::kNotCoordinator;
}

class TxnOffsetCommit : public ::testing::Test {
 protected:
  static constexpr std::int32_t kPartitions = 100;

  TxnOffsetCommit() {
    protocol::CreateTopicsRequest create;
    auto& topic = create.topics.emplace_back();
    topic.name = "orders";
    topic.num_partitions = kPartitions;
    topic.replication_factor = 1;
    orders_ = node_.ask<protocol::CreateTopicsResponse>(create).topics.at(0).topic_id;
  }
  // Until the group has a coordinator.
  void find_coordinator() {
    protocol::FindCoordinatorRequest find;
    find.coordinator_keys = {"g"};
    for (int i = 0; i < 50; ++i) {
      if (node_.ask<protocol::FindCoordinatorResponse>(find, 4).coordinators.at(0).error_code == kNoError) break;
      node_.world().run_for(Millis(100));
    }
  }
  static TxnOffsetCommitRequest commit_of(std::int64_t offset) {
    TxnOffsetCommitRequest request{.transactional_id = "tx",
                                   .group_id = "g",
                                   .producer_id = kTxnProducer,
                                   .producer_epoch = ProducerEpoch{0},
                                   .generation_id_or_member_epoch = -1};
    request.topics.push_back(
        {.name = "orders", .partitions = {{.committed_offset = Offset{offset}, .committed_metadata = "m"}}});
    return request;
  }
  // By partition, in the request's order.
  Codes commit(const TxnOffsetCommitRequest& request, std::int16_t version) {
    Codes codes;
    for (const auto& topic : node_.ask<TxnOffsetCommitResponse>(request, version).topics)
      for (const auto& partition : topic.partitions) codes.push_back(partition.error_code);
    return codes;
  }
  // The first answer that is not "later".
  Codes commit_when_loaded(const TxnOffsetCommitRequest& request) {
    for (;;) {
      auto codes = commit(request, kNewest);
      if (!passes(codes.at(0))) return codes;
      node_.world().run_for(Millis(100));
    }
  }
  // Of orders-0.
  std::pair<ErrorCode, Offset> fetch(bool stable, std::int16_t version = 8) {
    OffsetFetchRequest request{.require_stable = stable};
    if (version < 8) {
      request.group_id = "g";
      request.topics.emplace().push_back({"orders", {PartitionId{0}}});
      const auto partition = node_.ask<OffsetFetchResponse>(request, version).topics.at(0).partitions.at(0);
      return {partition.error_code, partition.committed_offset};
    }
    auto& group = request.groups.emplace_back();
    group.group_id = "g";
    group.topics.emplace().push_back({"orders", orders_, {PartitionId{0}}});
    const auto answer = node_.ask<OffsetFetchResponse>(request, version).groups.at(0);
    if (answer.error_code != kNoError) return {answer.error_code, kNoOffset};
    const auto& partition = answer.topics.at(0).partitions.at(0);
    return {partition.error_code, partition.committed_offset};
  }
  static Task<> end_later(TxnOffsetCommit* test, PartitionId partition, TransactionMarker marker,
                          std::shared_ptr<std::optional<Result<>>> answer) {
    auto& broker = test->node_.broker();
    auto& here = *broker.shards().front();
    const RequestContext context{
        .here = here, .connection = std::make_shared<ClientInfo>(), .image = here.image(), .request = {}};
    *answer = co_await broker.groups().end_transaction(context, partition, marker);
  }
  Result<> end(bool commit, PartitionId partition) {
    const auto answer = std::make_shared<std::optional<Result<>>>();
    const TransactionMarker marker{kTxnProducer, ProducerEpoch{0}, 0, commit};
    spawn(node_.broker().shards().front()->shard, end_later(this, partition, marker, answer));
    CHECK(node_.world().run_until([&] { return answer->has_value(); }, std::chrono::seconds(10)));
    return **answer;
  }
  Result<> end(bool commit) {
    const auto partition = GroupCoordinator::partition_of(*node_.broker().shards().front()->image(), "g");
    CHECK(partition);
    return end(commit, *partition);
  }

  BrokerUnderTest node_{{{"transaction.partition.verification.enable", "false"}}};
  Uuid orders_;
};

TEST_F(TxnOffsetCommit, IsSeenOnceItIsCommittedAndNotBefore) {
  const std::pair<ErrorCode, Offset> none{kNoError, kNoOffset}, unstable{ErrorCode::kUnstableOffsetCommit, kNoOffset};
  find_coordinator();
  ASSERT_EQ(commit_when_loaded(commit_of(5)), Codes{kNoError});
  EXPECT_EQ(fetch(false), none);
  for (const std::int16_t version : {7, 8, 9, 10}) EXPECT_EQ(fetch(true, version), unstable) << version;
  ASSERT_TRUE(end(true));
  EXPECT_EQ(fetch(true), std::pair(kNoError, Offset{5}));
  ASSERT_EQ(commit(commit_of(6), 3), Codes{kNoError});
  ASSERT_TRUE(end(false));
  EXPECT_EQ(fetch(true), std::pair(kNoError, Offset{5}));
}

TEST_F(TxnOffsetCommit, PendingOffsetsOutliveTheBroker) {
  find_coordinator();
  ASSERT_EQ(commit_when_loaded(commit_of(5)), Codes{kNoError});
  node_.restart();
  while (passes(fetch(true).first)) node_.world().run_for(Millis(100));
  EXPECT_EQ(fetch(true).first, ErrorCode::kUnstableOffsetCommit);
  ASSERT_TRUE(end(true));
  EXPECT_EQ(fetch(true), std::pair(kNoError, Offset{5}));
}

TEST_F(TxnOffsetCommit, AnswersEachPartitionByItselfInEveryVersion) {
  find_coordinator();
  ASSERT_EQ(commit_when_loaded(commit_of(1)), Codes{kNoError});
  auto request = commit_of(2);
  request.topics[0].partitions.push_back({.partition_index = PartitionId{kPartitions}, .committed_offset = Offset{1}});
  request.topics.push_back({.name = "nowhere", .partitions = {{.committed_offset = Offset{1}}}});
  const Codes expected{kNoError, ErrorCode::kUnknownTopicOrPartition, ErrorCode::kUnknownTopicOrPartition};
  for (std::int16_t version = 0; version <= kNewest; ++version)
    EXPECT_EQ(commit(request, version), expected) << version;
  // Where nothing is left nobody is asked.
  request.topics[0].partitions.erase(request.topics[0].partitions.begin());
  const Codes unknown{ErrorCode::kUnknownTopicOrPartition, ErrorCode::kUnknownTopicOrPartition};
  EXPECT_EQ(commit(request, kAddsPartition), unknown);
  request.topics[0].topic_id = orders_;
  request.topics[1].topic_id = Uuid{1, 2};
  EXPECT_EQ(commit(request, kByTopicId), (Codes{ErrorCode::kUnknownTopicOrPartition, ErrorCode::kUnknownTopicId}));

  auto nobody = commit_of(3);
  nobody.group_id = "";
  EXPECT_EQ(commit(nobody, kNewest), Codes{ErrorCode::kInvalidGroupId});
  auto stranger = commit_of(3);
  stranger.generation_id_or_member_epoch = 1;
  stranger.member_id = "stranger";
  EXPECT_EQ(commit(stranger, 3), Codes{ErrorCode::kUnknownMemberId});
}

// Clients of that age stop for good when they hear of loading (KAFKA-7296).
TEST_F(TxnOffsetCommit, OldClientsAreToldThatThereIsNoCoordinatorWhileItIsLoaded) {
  find_coordinator();
  ASSERT_EQ(commit_when_loaded(commit_of(1)), Codes{kNoError});
  auto wide = commit_of(1);
  wide.topics[0].partitions.clear();
  for (std::int32_t p = 0; p < kPartitions; ++p) {
    wide.topics[0].partitions.push_back({.partition_index = PartitionId{p},
                                         .committed_offset = Offset{1},
                                         .committed_metadata = std::string(4000, 'm')});
  }
  // What is pending has a bound, and who meets it is told the same as who comes while groups are loaded.
  ErrorCode told = kNoError;
  for (int i = 0; i < 30 && told == kNoError; ++i) {
    wide.producer_id = ProducerId{1000 + i};
    told = commit(wide, 2).at(0);
  }
  ASSERT_EQ(told, ErrorCode::kCoordinatorLoadInProgress);
  EXPECT_EQ(commit(wide, 1).at(0), ErrorCode::kCoordinatorNotAvailable);
  EXPECT_EQ(commit(wide, 0).at(0), ErrorCode::kCoordinatorNotAvailable);
}

TEST_F(TxnOffsetCommit, AMarkerForAPartitionThatIsNotLedHereIsRefusedAsByTheLog) {
  EXPECT_EQ(end(true, PartitionId{0}).error().code, ErrorCode::kUnknownTopicOrPartition);
  find_coordinator();
  EXPECT_EQ(end(true, PartitionId{50}).error().code, ErrorCode::kUnknownTopicOrPartition);
}

// Whoever is told that a producer's epoch is over takes its marker for written: it must not get lost any more.
TEST_F(TxnOffsetCommit, AMarkerThatComesAgainIsAnsweredWhenTheFirstIsCommitted) {
  find_coordinator();
  ASSERT_EQ(commit_when_loaded(commit_of(5)), Codes{kNoError});
  const auto& here = *node_.broker().shards().front();
  const auto partition = GroupCoordinator::partition_of(*here.image(), "g");
  const replica::PartitionKey key{here.image()->topic("__consumer_offsets")->id, *partition};
  const auto led = node_.broker().owner_of(key).partitions.find(key);
  const TransactionMarker marker{kTxnProducer, ProducerEpoch{1}, 0, true, 2};
  std::vector<std::shared_ptr<std::optional<Result<>>>> answers;
  for (int i = 0; i < 2; ++i) {
    answers.push_back(std::make_shared<std::optional<Result<>>>());
    spawn(here.shard, end_later(this, *partition, marker, answers.back()));
  }
  node_.world().run_until([&] { return answers[1]->has_value(); }, std::chrono::seconds(10));
  EXPECT_EQ((**answers[1]).error().code, ErrorCode::kInvalidProducerEpoch);
  EXPECT_EQ(led->high_watermark().value(), led->log().end_offset()) << "the first may still get lost";
  EXPECT_EQ(fetch(true), std::pair(kNoError, Offset{5}));
}

TEST_F(TxnOffsetCommit, ADeletedGroupTakesWhatIsPendingWithIt) {
  find_coordinator();
  ASSERT_EQ(commit_when_loaded(commit_of(5)), Codes{kNoError});
  const auto deleted =
      node_.ask<protocol::DeleteGroupsResponse>(protocol::DeleteGroupsRequest{.groups_names = {"g"}}, 2);
  EXPECT_EQ(deleted.results.at(0).error_code, kNoError);
  ASSERT_TRUE(end(true));
  EXPECT_EQ(fetch(true), std::pair(kNoError, kNoOffset));
}

}  // namespace
}  // namespace thalweg::broker
