#include "replica/partition.h"

#include <gtest/gtest.h>

#include "replica/testing_partition.h"

namespace thalweg::replica {
namespace {

using namespace std::chrono_literals;

TEST_F(PartitionTest, TheHighWatermarkPassesARecordOnlyOnceItIsOnDisk) {
  const auto partition = open();
  const auto appended = partition->append_as_leader({.records = storage::make_batch({.records = 3})});
  ASSERT_TRUE(appended);
  EXPECT_EQ(partition->high_watermark().value(), Offset{0});
  EXPECT_TRUE(t.run(partition->high_watermark().reached(appended->end(), std::chrono::hours(1))));
  EXPECT_GE(partition->log().durable().value(), Offset{3});
}

TEST_F(PartitionTest, AcknowledgesFromMemoryWhenToldTo) {
  const auto partition = open(Durability::kMemory);
  ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch()}));
  EXPECT_EQ(partition->high_watermark().value(), Offset{1});
}

TEST_F(PartitionTest, RefusesAppendsAndReadsWhereItDoesNotLead) {
  const auto partition = open();
  partition->update(led_by(kOther, LeaderEpoch{4}));
  EXPECT_EQ(partition->append_as_leader({.records = storage::make_batch()}).error().error.code,
            ErrorCode::kNotLeaderOrFollower);
  EXPECT_EQ(t.run(partition->read({.from = Offset{0}})).error().code, ErrorCode::kNotLeaderOrFollower);
}

TEST_F(PartitionTest, WhatWasVerifiedUnderOneLeadershipBeginsNoTransactionUnderTheNext) {
  const auto partition = open();
  const storage::VerificationStart question{.producer_id = ProducerId{9}, .epoch = ProducerEpoch{0}};
  storage::BatchSpec spec;
  spec.options.producer_id = question.producer_id;
  spec.options.producer_epoch = question.epoch;
  spec.options.base_sequence = 0;
  spec.options.transactional = true;
  const auto append = [&](Verification verification) {
    const auto appended =
        partition->append_as_leader({.records = storage::make_batch(spec), .verification = verification});
    return appended ? ErrorCode::kNone : appended.error().error.code;
  };
  const auto before = partition->begin_verification(question);
  ASSERT_TRUE(before);
  partition->update(led_by(kOther, LeaderEpoch{4}));
  EXPECT_EQ(partition->begin_verification(question).error().code, ErrorCode::kNotLeaderOrFollower);
  EXPECT_EQ(append(*before), ErrorCode::kNotLeaderOrFollower);
  partition->update(led_by(kSelf, LeaderEpoch{5}));
  EXPECT_EQ(append(*before), ErrorCode::kNotLeaderOrFollower) << "its client looks for the leader, and asks again";
  EXPECT_EQ(append({before->guard, LeaderEpoch{5}}), ErrorCode::kInvalidTxnState) << "nothing is left of the question";
  const auto after = partition->begin_verification(question);
  ASSERT_TRUE(after);
  EXPECT_EQ(append(*after), ErrorCode::kNone);
}

TEST_F(PartitionTest, AcksAllNeedsMinInsyncReplicas) {
  storage::LogConfig config;
  config.min_insync_replicas = 2;
  const auto partition = open(Durability::kDisk, config);
  EXPECT_EQ(partition->append_as_leader({.records = storage::make_batch()}).error().error.code,
            ErrorCode::kNotEnoughReplicas);
  EXPECT_TRUE(partition->append_as_leader({.records = storage::make_batch(), .all_in_sync = false}));
}

TEST_F(PartitionTest, AcksAllNeedsNoMoreReplicasInSyncThanThereAre) {
  storage::LogConfig config;
  config.min_insync_replicas = 2;
  const auto partition = open(Durability::kDisk, config);
  auto alone = led_by(kSelf, LeaderEpoch{4});
  alone.replicas = {kSelf};
  partition->update(alone);
  EXPECT_TRUE(partition->append_as_leader({.records = storage::make_batch()}));
}

TEST_F(PartitionTest, JudgesTheLeaderEpochThatAClientBelievesIn) {
  const auto partition = open();
  EXPECT_EQ(t.run(partition->read({.from = Offset{0}, .current_leader_epoch = LeaderEpoch{2}})).error().code,
            ErrorCode::kFencedLeaderEpoch);
  EXPECT_EQ(t.run(partition->read({.from = Offset{0}, .current_leader_epoch = LeaderEpoch{4}})).error().code,
            ErrorCode::kUnknownLeaderEpoch);
  EXPECT_TRUE(t.run(partition->read({.from = Offset{0}, .current_leader_epoch = LeaderEpoch{3}})));
}

TEST_F(PartitionTest, ReadersSeeNothingBeyondTheHighWatermark) {
  const auto partition = open();
  ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch()}));
  auto read = t.run(partition->read({.from = Offset{0}}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->data.bytes, 0u);
  read = t.run(partition->read({.from = Offset{0}, .isolation = Isolation::kLogEnd}));
  ASSERT_TRUE(read);
  EXPECT_GT(read->data.bytes, 0u);
}

TEST_F(PartitionTest, WhoWaitsIsToldOfWhatCameSinceItLooked) {
  const auto partition = open(Durability::kMemory);
  ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch()}));
  for (const auto isolation : {Isolation::kLogEnd, Isolation::kHighWatermark, Isolation::kLastStable}) {
    bool called = false;
    const auto registration = partition->once_readable(isolation, Offset{0}, [&] { called = true; });
    EXPECT_TRUE(called) << int(isolation);
  }
}

TEST_F(PartitionTest, LosingTheRoleAnswersThoseWhoWait) {
  const auto partition = open();
  bool called = false;
  const auto registration = partition->once_readable(Isolation::kHighWatermark, Offset{0}, [&] { called = true; });
  EXPECT_FALSE(called);
  partition->update(led_by(kOther, LeaderEpoch{4}));
  EXPECT_TRUE(called);
}

// The newest batch is above the high watermark nearly always while somebody writes.
TEST_F(PartitionTest, TheRecordWithTheLargestTimestampIsLookedForBelowTheHighWatermark) {
  const auto partition = open();
  const auto first = partition->append_as_leader({.records = storage::make_batch({.records = 3})});
  ASSERT_TRUE(first);
  ASSERT_TRUE(t.run(partition->high_watermark().reached(first->end(), 1h)));
  ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch({.timestamp = 1'700'000'001'000})}));
  ASSERT_EQ(partition->high_watermark().value(), Offset{3}) << "it is not on disk yet";
  const auto found = t.run(partition->find_offset({.kind = OffsetQuery::Kind::kMaxTimestamp}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->offset, Offset{2});
  EXPECT_EQ(found->timestamp, 1'700'000'000'002);
}

// sarama's functional tests: ten records with acks=1 to a topic of one replica, and then the end, which has to be 10.
TEST_F(PartitionTest, TheEndOfTheOnlyReplicaIsToldOnceWhatItHasTakenIsOnItsDisk) {
  const auto partition = open();
  ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch({.records = 3})}));
  ASSERT_EQ(partition->high_watermark().value(), Offset{0}) << "it is not on disk yet";
  EXPECT_EQ(t.run(partition->find_offset({.kind = OffsetQuery::Kind::kLatest}))->offset, Offset{3});
}

// What one in-sync replica has on its disk is not committed while another has not.
TEST_F(PartitionTest, TheHighWatermarkWaitsForTheOtherInSyncReplicas) {
  const auto partition = open();
  partition->update(led_by(kSelf, LeaderEpoch{4}, {kSelf, kOther}));
  EXPECT_FALSE(partition->is_alone_in_sync());
  const auto appended = partition->append_as_leader({.records = storage::make_batch({.records = 3})});
  ASSERT_TRUE(appended);
  ASSERT_TRUE(t.run(partition->log().durable().reached(Offset{3}, 1h)));
  EXPECT_EQ(partition->high_watermark().value(), Offset{0});
  const auto fetch = [&](std::int64_t from, Offset durable) {
    const auto read = t.run(partition->read({.from = Offset{from},
                                             .isolation = Isolation::kLogEnd,
                                             .current_leader_epoch = LeaderEpoch{4},
                                             .follower = Follower{.id = kOther, .epoch = 7, .durable = durable}}));
    EXPECT_TRUE(read);
    return read ? read->high_watermark : kNoOffset;
  };
  EXPECT_EQ(fetch(0, kNoOffset), Offset{0});
  EXPECT_EQ(fetch(3, Offset{1}), Offset{1}) << "it has three, and one of them on disk";
  EXPECT_EQ(fetch(3, kNoOffset), Offset{3});
  EXPECT_EQ(partition->high_watermark().value(), Offset{3});
  EXPECT_EQ(partition->log().high_watermark(), Offset{3});
}

TEST_F(PartitionTest, AsksForAChangeOfTheIsrWhenAFollowerHasCaughtUpAndWhenItIsSilent) {
  const auto partition = open();
  std::vector<Replication::Wanted> asked;
  partition->set_isr_changes({.eligible = [](BrokerId, std::int64_t epoch) { return epoch == 7; },
                              .propose = [&](Replication::Wanted wanted) { asked.push_back(std::move(wanted)); }});
  auto state = led_by(kSelf, LeaderEpoch{4});
  state.partition_epoch = 10;
  partition->update(state);
  const auto fetch = [&](std::int64_t broker_epoch) {
    EXPECT_TRUE(t.run(partition->read({.from = Offset{0},
                                       .isolation = Isolation::kLogEnd,
                                       .follower = Follower{.id = kOther, .epoch = broker_epoch}})));
  };
  fetch(6);
  EXPECT_TRUE(asked.empty()) << "a broker that is gone";
  fetch(7);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0], (Replication::Wanted{{kSelf, kOther}, 10, LeaderEpoch{4}, {-1, 7}}));
  EXPECT_FALSE(partition->is_alone_in_sync()) << "the controller may have agreed already";
  state.isr = {kSelf, kOther};
  state.partition_epoch = 11;
  partition->update(state);
  t.clock.advance(3s);
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[1], (Replication::Wanted{{kSelf}, 11, LeaderEpoch{4}, {-1}}));
  partition->isr_refused(11);
  t.clock.advance(2s);
  EXPECT_EQ(asked.size(), 3u) << "and again";
}

TEST_F(PartitionTest, DeleteRecordsStopsAtTheHighWatermark) {
  const auto partition = open(Durability::kMemory);
  ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch({.records = 5})}));
  EXPECT_EQ(partition->delete_records(Offset{6}).error().code, ErrorCode::kOffsetOutOfRange);
  EXPECT_EQ(partition->delete_records(Offset{2}), Offset{2});
  EXPECT_EQ(partition->delete_records(kNoOffset), Offset{5});
}

TEST_F(PartitionTest, AnswersWhereALeaderEpochEnds) {
  const auto partition = open(Durability::kMemory);
  ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch({.records = 2})}));
  partition->update(led_by(kSelf, LeaderEpoch{5}));
  const auto old = t.run(partition->end_offset_for_epoch(kNoLeaderEpoch, LeaderEpoch{3}));
  ASSERT_TRUE(old);
  EXPECT_EQ(old->epoch, LeaderEpoch{3});
  EXPECT_EQ(old->end_offset, Offset{2});
}

TEST_F(PartitionTest, CountsWhatIsAppendedAndWhatIsNot) {
  const auto partition = open();
  TopicMetrics topics;
  partition->count_in(topics.of(Uuid{1, 2}, "orders"));
  const auto counts = [&] { return topics.find(Uuid{1, 2}); };
  const auto batch = storage::make_batch(
      {.records = 3,
       .options = {.producer_id = ProducerId{7}, .producer_epoch = ProducerEpoch{0}, .base_sequence = 0}});
  ASSERT_TRUE(partition->append_as_leader({.records = batch}));
  EXPECT_EQ(counts().records_in, 3u);
  EXPECT_EQ(counts().bytes_in, batch.size());
  ASSERT_TRUE(partition->append_as_leader({.records = batch})->duplicate);
  EXPECT_EQ(counts().records_in, 3u) << "it is no new one";
  EXPECT_FALSE(partition->append_as_leader({.records = SharedBytes::copy_of("nonsense")}));
  partition->update(led_by(kOther, LeaderEpoch{4}));
  EXPECT_FALSE(partition->append_as_leader({.records = batch}));
  EXPECT_EQ(counts().produce_requests, 4u);
  EXPECT_EQ(counts().produce_failures, 1u) << "that it leads no more is none, as in Kafka";
}

}  // namespace
}  // namespace thalweg::replica
