// The group machine in its host on a real log: what is answered is on disk, and what is on disk comes back.
#include "broker/group_shard.h"

#include <gtest/gtest.h>

#include "storage/testing.h"

namespace thalweg::broker {
namespace {

using group::FetchOffsets;
using protocol::JoinGroupRequest;
using protocol::JoinGroupResponse;
using protocol::OffsetCommitRequest;
using protocol::OffsetCommitResponse;
using FetchedGroup = protocol::OffsetFetchResponse::OffsetFetchResponseGroup;

constexpr BrokerId kSelf{1}, kOther{2};
constexpr PartitionId kPartition{7};

metadata::Partition led_by(BrokerId leader, LeaderEpoch epoch) {
  metadata::Partition state;
  state.replicas = state.isr = {leader};
  state.leader = leader;
  state.leader_epoch = epoch;
  return state;
}

OffsetCommitRequest commit_of(std::int32_t partitions, const std::string& metadata) {
  OffsetCommitRequest request{.group_id = "g"};
  auto& topic = request.topics.emplace_back();
  topic.name = "orders";
  for (std::int32_t p = 0; p < partitions; ++p) {
    topic.partitions.push_back(
        {.partition_index = PartitionId{p}, .committed_offset = Offset{100 + p}, .committed_metadata = metadata});
  }
  return request;
}

constexpr ProducerId kOffsetsProducer{77};

protocol::TxnOffsetCommitRequest transactional_commit_of(std::int64_t offset, std::int16_t epoch = 0) {
  protocol::TxnOffsetCommitRequest request{.transactional_id = "tx",
                                           .group_id = "g",
                                           .producer_id = kOffsetsProducer,
                                           .producer_epoch = ProducerEpoch{epoch},
                                           .generation_id_or_member_epoch = -1};
  request.topics.push_back(
      {.name = "orders", .partitions = {{.committed_offset = Offset{offset}, .committed_metadata = "pending"}}});
  return request;
}
group::TransactionEnd end_of(bool commit, std::int16_t epoch = 0, std::int32_t coordinator_epoch = 0) {
  return {kOffsetsProducer, ProducerEpoch{epoch}, coordinator_epoch, commit};
}

class GroupShardTest : public testing::Test {
 protected:
  GroupShardTest() {
    open();
    groups_.start();
  }
  ~GroupShardTest() override { groups_.resign_all(); }

  void open() {
    auto log = t.run(storage::Log::open(t.shard, {.directory = t.directory + "/__consumer_offsets-7",
                                                  .partition = {"__consumer_offsets", kPartition},
                                                  .topic_id = Uuid{1, 2},
                                                  .config = log_config_}));
    CHECK(log);
    partition_ = std::make_shared<replica::Partition>(t.shard, kSelf, *log);
    partition_->update(led_by(kSelf, LeaderEpoch{3}));
  }
  // Leads it and waits until it is loaded.
  void lead() {
    groups_.lead(kPartition, partition_);
    while (!fetch() && fetch().error().code == ErrorCode::kCoordinatorLoadInProgress) {
    }
  }
  // A new process: the log is closed and found again.
  void restart() {
    groups_.resign_all();
    CHECK(t.run(partition_->log().close()));
    open();
    lead();
  }
  template <class Response, class Request>
  Result<Response> ask(Request request) {
    return t.run(groups_.handle<Response>(kPartition, std::move(request), group::RequestContext{.version = 8}));
  }
  Result<FetchedGroup> fetch() { return ask<FetchedGroup>(FetchOffsets{{.group_id = "g", .topics = std::nullopt}}); }

  // The offset that whoever asks for stable ones is given for orders-0, or why not.
  std::string stable() {
    FetchOffsets fetch{{.group_id = "g"}, true};
    fetch.group.topics.emplace().push_back({.name = "orders", .partition_indexes = {PartitionId{0}}});
    const auto answer = ask<FetchedGroup>(fetch);
    if (!answer) return std::string(name(answer.error().code));
    const auto& partition = answer->topics.at(0).partitions.at(0);
    return partition.error_code == ErrorCode::kNone ? to_string(partition.committed_offset)
                                                    : std::string(name(partition.error_code));
  }
  ErrorCode commit_in_transaction(std::int64_t offset, std::int16_t epoch = 0,
                                  std::optional<machine::Verification> verification = {}) {
    const auto answer = ask<protocol::TxnOffsetCommitResponse>(
        group::TransactionalCommit{transactional_commit_of(offset, epoch), verification});
    return answer ? answer->topics.at(0).partitions.at(0).error_code : answer.error().code;
  }
  ErrorCode end(const group::TransactionEnd& end) {
    const auto answer = ask<group::Done>(end);
    return answer ? ErrorCode::kNone : answer.error().code;
  }

  storage::TestShard t;
  config::BrokerConfig config_;
  storage::LogConfig log_config_;
  GroupShard groups_{t.shard, "group coordinator", group_machines(config_)};
  replica::PartitionPtr partition_;
};

TEST_F(GroupShardTest, WhatWasCommittedIsThereAfterARestart) {
  lead();
  const auto committed = ask<OffsetCommitResponse>(commit_of(2, "note"));
  ASSERT_TRUE(committed);
  EXPECT_EQ(committed->topics.at(0).partitions.at(1).error_code, ErrorCode::kNone);
  EXPECT_EQ(partition_->log().durable().value(), partition_->log().end_offset()) << "answered before it was on disk";
  restart();
  const auto fetched = fetch();
  ASSERT_TRUE(fetched);
  ASSERT_EQ(fetched->topics.at(0).partitions.size(), 2u);
  EXPECT_EQ(fetched->topics.at(0).partitions.at(1).committed_offset, Offset{101});
  EXPECT_EQ(fetched->topics.at(0).partitions.at(1).metadata, "note");
}

TEST_F(GroupShardTest, ACommitLargerThanABatchIsRefusedWhole) {
  lead();
  ASSERT_TRUE(ask<OffsetCommitResponse>(commit_of(1, "small")));
  const Offset end = partition_->log().end_offset();
  const auto committed = ask<OffsetCommitResponse>(commit_of(3000, std::string(1000, 'm')));
  ASSERT_TRUE(committed);
  for (const auto& partition : committed->topics.at(0).partitions)
    EXPECT_EQ(partition.error_code, ErrorCode::kUnknownServerError);
  EXPECT_EQ(partition_->log().end_offset(), end);
  EXPECT_EQ(fetch()->topics.at(0).partitions.at(0).metadata, "small");
}

// Kafka's records have two bytes for the length of a string. What does not fit must not be acknowledged, and must not
// be found under another name.
TEST_F(GroupShardTest, WhatTheLogCannotHoldIsRefusedAndNobodyElseNotices) {
  config_.offset_metadata_max_bytes = 100'000;
  restart();
  ASSERT_TRUE(ask<OffsetCommitResponse>(commit_of(1, "small")));
  auto commit = commit_of(1, "");
  commit.group_id = std::string(40'000, 'g');
  const auto long_group = ask<OffsetCommitResponse>(commit);
  ASSERT_TRUE(long_group);
  EXPECT_EQ(long_group->topics.at(0).partitions.at(0).error_code, ErrorCode::kInvalidGroupId);

  JoinGroupRequest join{.group_id = "h", .session_timeout_ms = 10'000, .protocol_type = "consumer"};
  join.protocols.push_back({"range", {}});
  std::optional<Result<JoinGroupResponse>> parked;
  boost::asio::co_spawn(t.context,
                        groups_.handle<JoinGroupResponse>(kPartition, join, group::RequestContext{.version = 3}),
                        [&](std::exception_ptr, Result<JoinGroupResponse> response) { parked = std::move(response); });
  const auto long_metadata = ask<OffsetCommitResponse>(commit_of(1, std::string(40'000, 'm')));
  ASSERT_FALSE(long_metadata);
  EXPECT_EQ(long_metadata.error().code, ErrorCode::kInvalidRequest);
  EXPECT_FALSE(parked) << "another client was answered for it";
  EXPECT_EQ(fetch()->topics.at(0).partitions.at(0).metadata, "small");
  restart();
  EXPECT_EQ(fetch()->topics.at(0).partitions.at(0).metadata, "small");
  const auto nobody = ask<FetchedGroup>(FetchOffsets{{.group_id = "", .topics = std::nullopt}});
  EXPECT_TRUE(nobody->topics.empty());
}

TEST_F(GroupShardTest, ALargeCommitIsOneBatch) {
  lead();
  constexpr std::int32_t kMany = 1000;
  const Offset base = partition_->log().end_offset();
  ASSERT_TRUE(ask<OffsetCommitResponse>(commit_of(kMany, std::string(900, 'm'))));
  const auto bytes = t.run(partition_->log().read(base, {.max_bytes = 1, .upper_bound = base + kMany}));
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->next, base + kMany);
  restart();
  EXPECT_EQ(fetch()->topics.at(0).partitions.size(), std::size_t(kMany));
}

TEST_F(GroupShardTest, WhatTheMachineTakesFitsTheLog) {
  log_config_.max_message_bytes = 2000;
  restart();
  std::size_t taken = 0, refused = 0;
  for (std::size_t size = 0; size < 200; ++size) {
    const auto committed = ask<OffsetCommitResponse>(commit_of(10, std::string(size, 'm')));
    ASSERT_TRUE(committed) << "the log refused metadata of " << size << " bytes";
    ++(committed->topics.at(0).partitions.at(0).error_code == ErrorCode::kNone ? taken : refused);
  }
  EXPECT_GT(taken, 100u);
  EXPECT_GT(refused, 50u);
}

TEST_F(GroupShardTest, AGroupLargerThanABatchCanBeDeleted) {
  log_config_.max_message_bytes = 2000;
  restart();
  for (int i = 0; i < 20; ++i) {
    auto commit = commit_of(10, "");
    commit.topics.at(0).name += std::to_string(i);
    ASSERT_EQ(ask<OffsetCommitResponse>(commit)->topics.at(0).partitions.at(0).error_code, ErrorCode::kNone);
  }
  const auto deleted = ask<protocol::DeleteGroupsResponse>(protocol::DeleteGroupsRequest{.groups_names = {"g"}});
  ASSERT_TRUE(deleted);
  EXPECT_EQ(deleted->results.at(0).error_code, ErrorCode::kNone);
  restart();
  EXPECT_TRUE(fetch()->topics.empty());
}

TEST_F(GroupShardTest, WhatIsLedBeforeTheStartIsLoadedAtTheStart) {
  lead();
  ASSERT_TRUE(ask<OffsetCommitResponse>(commit_of(1, "note")));
  GroupShard other(t.shard, "group coordinator", group_machines(config_));
  const auto fetched = [&] {
    return t.run(other.handle<FetchedGroup>(kPartition, FetchOffsets{{.group_id = "g", .topics = std::nullopt}}, {}));
  };
  other.lead(kPartition, partition_);
  other.resign(kPartition);
  other.lead(kPartition, partition_);
  t.context.restart();
  t.context.poll();
  EXPECT_EQ(fetched().error().code, ErrorCode::kNotCoordinator);
  other.start();
  while (!fetched() && fetched().error().code == ErrorCode::kCoordinatorLoadInProgress) {
  }
  EXPECT_EQ(fetched()->topics.at(0).partitions.at(0).metadata, "note");
  other.resign_all();
}

TEST_F(GroupShardTest, WhoWaitsIsSentElsewhereWhenTheRoleIsLost) {
  lead();
  JoinGroupRequest join{.group_id = "g", .session_timeout_ms = 10'000, .protocol_type = "consumer"};
  join.protocols.push_back({"range", {}});
  std::optional<Result<JoinGroupResponse>> answer;
  boost::asio::co_spawn(t.context,
                        groups_.handle<JoinGroupResponse>(kPartition, join, group::RequestContext{.version = 3}),
                        [&](std::exception_ptr, Result<JoinGroupResponse> response) { answer = std::move(response); });
  t.context.restart();
  t.context.poll();
  EXPECT_FALSE(answer);
  partition_->update(led_by(kOther, LeaderEpoch{4}));
  groups_.resign(kPartition);
  t.context.restart();
  t.context.poll();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error().code, ErrorCode::kNotCoordinator);
  EXPECT_EQ(fetch().error().code, ErrorCode::kNotCoordinator);
}

TEST_F(GroupShardTest, ARecordThatCannotBeReadDoesNotTakeTheOthersWithIt) {
  lead();
  ASSERT_TRUE(ask<OffsetCommitResponse>(commit_of(1, "before")));
  record::BatchBuilder odd;
  odd.append({.timestamp = 1, .key = as_bytes("not a key of any group"), .value = as_bytes("x")});
  odd.append({.timestamp = 1, .value = as_bytes("no key at all")});
  ASSERT_TRUE(partition_->append_as_leader({.records = odd.build(), .origin = storage::AppendOrigin::kCoordinator}));
  ASSERT_TRUE(ask<OffsetCommitResponse>(commit_of(2, "after")));
  restart();
  const auto fetched = fetch();
  ASSERT_TRUE(fetched);
  EXPECT_EQ(fetched->topics.at(0).partitions.at(0).metadata, "after");
}

TEST_F(GroupShardTest, WhatATransactionCommitsTakesEffectAtItsMarker) {
  lead();
  ASSERT_TRUE(ask<OffsetCommitResponse>(commit_of(1, "note")));
  ASSERT_EQ(commit_in_transaction(500), ErrorCode::kNone);
  EXPECT_EQ(partition_->log().durable().value(), partition_->log().end_offset()) << "answered before it was on disk";
  EXPECT_EQ(fetch()->topics.at(0).partitions.at(0).committed_offset, Offset{100});
  EXPECT_EQ(stable(), "UNSTABLE_OFFSET_COMMIT");
  restart();
  EXPECT_EQ(fetch()->topics.at(0).partitions.at(0).committed_offset, Offset{100});
  EXPECT_EQ(stable(), "UNSTABLE_OFFSET_COMMIT");
  ASSERT_EQ(end(end_of(true)), ErrorCode::kNone);
  EXPECT_EQ(partition_->log().durable().value(), partition_->log().end_offset());
  EXPECT_EQ(stable(), "500");
  restart();
  EXPECT_EQ(stable(), "500");

  ASSERT_EQ(commit_in_transaction(600), ErrorCode::kNone);
  ASSERT_EQ(end(end_of(false)), ErrorCode::kNone);
  EXPECT_EQ(stable(), "500");
  restart();
  EXPECT_EQ(stable(), "500");
  EXPECT_EQ(fetch()->topics.at(0).partitions.at(0).metadata, "pending");
}

// The order of steps is that of the log, whatever order they are read back in.
TEST_F(GroupShardTest, ALaterCommitOutsideOfTransactionsWinsBeforeAndAfterARestart) {
  lead();
  ASSERT_EQ(commit_in_transaction(500), ErrorCode::kNone);
  ASSERT_TRUE(ask<OffsetCommitResponse>(commit_of(1, "later")));
  restart();
  EXPECT_EQ(stable(), "UNSTABLE_OFFSET_COMMIT");
  ASSERT_EQ(end(end_of(true)), ErrorCode::kNone);
  EXPECT_EQ(stable(), "100");
  restart();
  EXPECT_EQ(stable(), "100");
}

TEST_F(GroupShardTest, AMarkerThatTheLogRefusesEndsNothingAndNobodyElseNotices) {
  lead();
  ASSERT_EQ(commit_in_transaction(500, 3), ErrorCode::kNone);
  EXPECT_EQ(end(end_of(true, 2)), ErrorCode::kInvalidProducerEpoch);
  EXPECT_EQ(stable(), "UNSTABLE_OFFSET_COMMIT");
  ASSERT_EQ(end(end_of(true, 3, 8)), ErrorCode::kNone);
  ASSERT_EQ(commit_in_transaction(600, 3), ErrorCode::kNone);
  EXPECT_EQ(end(end_of(false, 3, 7)), ErrorCode::kTransactionCoordinatorFenced);
  EXPECT_EQ(stable(), "UNSTABLE_OFFSET_COMMIT");
  ASSERT_EQ(end(end_of(true, 3, 8)), ErrorCode::kNone);
  EXPECT_EQ(stable(), "600");
}

// The coordinator of transactions has ended what a producer left behind under a newer epoch.
TEST_F(GroupShardTest, AZombieCommitsNothing) {
  lead();
  ASSERT_EQ(commit_in_transaction(500, 0), ErrorCode::kNone);
  ASSERT_EQ(end(end_of(false, 1)), ErrorCode::kNone);
  const Offset log_end = partition_->log().end_offset();
  EXPECT_EQ(commit_in_transaction(501, 0), ErrorCode::kInvalidProducerEpoch);
  EXPECT_EQ(partition_->log().end_offset(), log_end);
  EXPECT_EQ(stable(), "-1");
  restart();
  EXPECT_EQ(stable(), "-1");
  EXPECT_EQ(commit_in_transaction(502, 1), ErrorCode::kNone);
}

// The answer of the coordinator of transactions may be older than the end of the transaction that it was about.
TEST_F(GroupShardTest, ACommitThatWasVerifiedBeforeTheEndOfItsTransactionIsRefused) {
  lead();
  const auto verify = [&]() -> machine::Verification {
    const auto begun = partition_->begin_verification({.producer_id = kOffsetsProducer, .epoch = ProducerEpoch{0}});
    CHECK(begun);
    return {begun->guard.value, begun->epoch};
  };
  const auto early = verify();
  ASSERT_EQ(end(end_of(false)), ErrorCode::kNone);
  EXPECT_EQ(commit_in_transaction(500, 0, early), ErrorCode::kInvalidTxnState);
  EXPECT_EQ(stable(), "-1");
  EXPECT_EQ(commit_in_transaction(500, 0, verify()), ErrorCode::kNone);
  EXPECT_EQ(stable(), "UNSTABLE_OFFSET_COMMIT");
}

TEST_F(GroupShardTest, ADeletedTopicTakesItsOffsetsWithIt) {
  lead();
  ASSERT_TRUE(ask<OffsetCommitResponse>(commit_of(3, "")));
  forget_topic(t.shard, groups_, "orders");
  t.context.restart();
  t.context.poll();
  const auto fetched = fetch();
  ASSERT_TRUE(fetched);
  EXPECT_TRUE(fetched->topics.empty());
  restart();
  EXPECT_TRUE(fetch()->topics.empty());
}

}  // namespace
}  // namespace thalweg::broker
