// A broker that leads, as its followers meet it: over a connection, with the real fetcher on the other side, and as raw
// requests where the moment matters.
#include <gtest/gtest.h>

#include <optional>
#include <utility>

#include "broker/testing_follower.h"
#include "protocol/delete_records_request.h"
#include "protocol/delete_records_response.h"
#include "protocol/fetch_request.h"
#include "protocol/fetch_response.h"
#include "protocol/produce_request.h"
#include "protocol/produce_response.h"
#include "storage/pieces.h"

namespace thalweg::broker {
namespace {

using namespace std::chrono_literals;

class FollowerFetch : public WithFollower {};

TEST_F(FollowerFetch, AWriteIsAcknowledgedOnceItIsOnTheFollowersDisk) {
  ASSERT_EQ(state().isr, (std::vector{kLeader, kFollower}));
  const auto written = produce(3);
  broker_.world().run_for(1s);
  EXPECT_FALSE(written->has_value()) << "nobody has it but the leader";
  EXPECT_EQ(leader().high_watermark().value(), Offset{0});
  follower_->start();
  ASSERT_TRUE(until([&] { return written->has_value(); }));
  EXPECT_EQ(broker_.wait_for(written).responses[0].partition_responses[0].error_code, ErrorCode::kNone);
  EXPECT_GE(follower().log(key())->durable().value(), Offset{3});
  // The high watermark comes with the next answer.
  ASSERT_TRUE(until([&] { return follower().log(key())->high_watermark() == Offset{3}; }));
  EXPECT_EQ(follower().log(key())->latest_epoch(), state().leader_epoch);

  // From now on a fetch waits at the leader, and a write costs two hops and a sync.
  broker_.world().run_for(1s);
  const Instant begun = broker_.world().now();
  const auto next = produce(1);
  ASSERT_TRUE(until([&] { return next->has_value(); }));
  EXPECT_LT(broker_.world().now() - begun, 200ms) << "not when the wait at the leader is over";
}

TEST_F(FollowerFetch, ASilentFollowerLeavesTheInSyncReplicasAndComesBack) {
  follower_->start();
  const auto first = produce(3);
  ASSERT_TRUE(until([&] { return first->has_value(); }));
  follower_->crash(sim::Crash::kPowerLoss);
  ASSERT_TRUE(until([&] { return state().isr.size() == 1; })) << "after two seconds without a fetch";
  EXPECT_EQ(state().eligible_leader_replicas, std::vector{kFollower}) << "it has all that was acknowledged";
  follower_->start();
  ASSERT_TRUE(until([&] { return state().isr.size() == 2; }, 10s));
  const auto second = produce(2);
  ASSERT_TRUE(until([&] { return second->has_value(); }));
  EXPECT_EQ(broker_.wait_for(second).responses[0].partition_responses[0].error_code, ErrorCode::kNone);
  EXPECT_EQ(follower().log(key())->end_offset(), Offset{5});
}

// ---- A partition that rests

class RestingFollower : public WithFollower {
 protected:
  void SetUp() override {
    WithFollower::SetUp();
    follower_->start();
    const auto first = produce(3);
    ASSERT_TRUE(until([&] { return first->has_value(); }));
    broker_.world().run_for(3s);
    looks_ = looks();
    broker_.world().run_for(2s);
    ASSERT_EQ(new_looks(), 0u) << "it rests";
  }
  std::uint64_t looks() { return leader().counts().fetch_requests; }
  std::uint64_t new_looks() { return looks() - std::exchange(looks_, looks()); }
  std::uint64_t looks_ = 0;
};

TEST_F(RestingFollower, IsInSyncThoughNoFetchLooksAtIt) {
  broker_.world().run_for(60s);
  EXPECT_EQ(new_looks(), 0u);
  EXPECT_EQ(state().isr.size(), 2u);
}

TEST_F(RestingFollower, GetsTheNextRecordAtOnceAndRestsAgain) {
  const Instant begun = broker_.world().now();
  const auto written = produce(1);
  ASSERT_TRUE(until([&] { return written->has_value(); }));
  EXPECT_LT(broker_.world().now() - begun, 200ms);
  // The high watermark comes as well, though no record follows.
  ASSERT_TRUE(until([&] { return follower().log(key())->high_watermark() == Offset{4}; }));
  broker_.world().run_for(3s);
  EXPECT_LT(new_looks(), 12u);
  broker_.world().run_for(10s);
  EXPECT_EQ(new_looks(), 0u);
}

TEST_F(RestingFollower, IsPutOutTwoSecondsAfterItAskedLast) {
  const Instant begun = broker_.world().now();
  follower_->crash(sim::Crash::kPowerLoss);
  ASSERT_TRUE(until([&] { return state().isr.size() == 1; }));
  EXPECT_LT(broker_.world().now() - begun, 2500ms);
  EXPECT_GT(broker_.world().now() - begun, 1400ms) << "a poll before that was its last word";
  follower_->start();
  ASSERT_TRUE(until([&] { return state().isr.size() == 2; }, 10s));
}

TEST_F(RestingFollower, HearsOfRecordsThatWereDeleted) {
  protocol::DeleteRecordsRequest request;
  request.timeout_ms = 10'000;
  auto& topic = request.topics.emplace_back();
  topic.name = "orders";
  topic.partitions.push_back({PartitionId{0}, Offset{2}});
  const auto deleted = broker_.ask<protocol::DeleteRecordsResponse>(request);
  EXPECT_EQ(deleted.topics.at(0).partitions.at(0).error_code, ErrorCode::kNone);
  EXPECT_EQ(follower().log(key())->start_offset(), Offset{2});
  broker_.world().run_for(5s);
  new_looks();
  broker_.world().run_for(5s);
  EXPECT_EQ(new_looks(), 0u);
}

// ---- Raw fetches

class RawFollowerFetch : public WithFollower {
 protected:
  void SetUp() override {
    WithFollower::SetUp();
    channel_ = *broker_.connect();
  }
  using Answer = std::shared_ptr<std::optional<Result<protocol::FetchResponse>>>;
  static Task<> keep(ChannelPtr channel, protocol::FetchRequest request, Instant deadline, Answer answer) {
    answer->emplace(co_await channel->send<protocol::FetchResponse>(std::move(request), std::int16_t{18}, deadline));
  }
  Answer fetch(protocol::FetchRequest request) {
    request.replica_state = {kFollower, epoch_};
    request.max_wait_ms = 30'000;
    request.min_bytes = 1;
    auto answer = std::make_shared<std::optional<Result<protocol::FetchResponse>>>();
    spawn(broker_.client().shard(0), keep(channel_, std::move(request), broker_.world().now() + 60s, answer));
    return answer;
  }
  protocol::FetchRequest asking(std::int64_t position, std::int64_t claim) {
    protocol::FetchRequest request;
    auto& topic = request.topics.emplace_back();
    topic.topic_id = key().topic_id;
    auto& partition = topic.partitions.emplace_back();
    partition.current_leader_epoch = state().leader_epoch;
    partition.fetch_offset = Offset{position};
    if (position > 0) partition.last_fetched_epoch = state().leader_epoch;
    partition.partition_max_bytes = 1 << 20;
    partition.durable_end_offset = Offset{claim};
    return request;
  }
  const protocol::FetchResponse& value(const Answer& answer) { return ***answer; }
  ChannelPtr channel_;
};

TEST_F(RawFollowerFetch, WhatItHasInMemoryOnlyDoesNotCount) {
  auto request = asking(0, 0);
  request.session_epoch = 0;
  const auto opened = fetch(request);
  const auto written = produce(3);
  ASSERT_TRUE(until([&] { return opened->has_value(); }));
  EXPECT_GT(size_of(*value(opened).responses.at(0).partitions.at(0).records), 0u);
  const std::int32_t session = value(opened).session_id;
  EXPECT_GT(session, 0);

  auto next = asking(3, 1);
  next.session_id = session;
  next.session_epoch = 1;
  const auto parked = fetch(next);
  broker_.world().run_for(1s);
  EXPECT_FALSE(parked->has_value());
  EXPECT_EQ(leader().high_watermark().value(), Offset{1});
  EXPECT_FALSE(written->has_value());

  // The claim comes by a second fetch, which ends the wait of the first.
  auto claim = asking(3, 3);
  claim.session_id = session;
  claim.session_epoch = 2;
  const Instant begun = broker_.world().now();
  const auto second = fetch(claim);
  ASSERT_TRUE(until([&] { return parked->has_value() && written->has_value(); }));
  EXPECT_LT(broker_.world().now() - begun, 200ms);
  EXPECT_EQ(value(parked).error_code, ErrorCode::kNone);
  EXPECT_FALSE(second->has_value()) << "it waits in the first one's place";
  EXPECT_EQ(leader().high_watermark().value(), Offset{3});
}

TEST_F(RawFollowerFetch, WhatWakesItIsNoSignOfLife) {
  auto request = asking(0, 0);
  request.session_epoch = 0;
  const auto parked = fetch(request);
  // Writers go on, and the follower, which never asks again, is put out all the same.
  const auto written = produce(1);
  ASSERT_TRUE(until([&] { return parked->has_value(); }));
  ASSERT_TRUE(until([&] { return state().isr.size() == 1; }, 3s));
}

TEST_F(RawFollowerFetch, WhatItForgetsDoesNotRestOn) {
  auto request = asking(0, 0);
  request.session_epoch = 0;
  request.topics.at(0).partitions.push_back(request.topics.at(0).partitions.at(0));
  request.topics.at(0).partitions.back().partition = PartitionId{7};  // there is none; it keeps the session
  const auto opened = fetch(request);
  ASSERT_TRUE(until([&] { return opened->has_value(); }));
  protocol::FetchRequest next;
  next.session_id = value(opened).session_id;
  for (next.session_epoch = 1; next.session_epoch < 20; ++next.session_epoch) {
    if (next.session_epoch == 10)
      next.forgotten_topics_data.push_back({.topic_id = key().topic_id, .partitions = {PartitionId{0}}});
    else
      next.forgotten_topics_data.clear();
    fetch(next);
    broker_.world().run_for(300ms);
    if (next.session_epoch < 10) EXPECT_EQ(state().isr.size(), 2u);
  }
  EXPECT_EQ(state().isr.size(), 1u) << "it asks on, and not for this one";
}

TEST_F(RawFollowerFetch, WhoIsNoFollowerSeesNothingUncommitted) {
  const auto written = produce(3);
  broker_.world().run_for(100ms);
  auto request = asking(0, 0);
  request.replica_state = {BrokerId{9}, 5};
  request.session_epoch = -1;
  const auto answer = broker_.try_ask<protocol::FetchResponse>(channel_, request, 18);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->responses.at(0).partitions.at(0).error_code, ErrorCode::kNotLeaderOrFollower);
}

TEST_F(RawFollowerFetch, AnOldProcessIsNotHeard) {
  auto request = asking(0, 0);
  request.session_epoch = -1;
  fetch(request);
  const auto written = produce(3);
  broker_.world().run_for(100ms);
  auto claims = asking(3, 3);
  claims.session_epoch = -1;
  claims.replica_state = {kFollower, epoch_ - 1};
  (void)broker_.try_ask<protocol::FetchResponse>(*broker_.connect(), claims, 18);
  EXPECT_EQ(leader().high_watermark().value(), Offset{0});
}

// Who says to be follower 2, and the broker knows better.
class FetchInTheNameOfAFollower : public RawFollowerFetch {
 protected:
  // The error code of an answer to version `version`, with a claim to have three records.
  ErrorCode claim(std::int64_t broker_epoch, std::int16_t version = 18) {
    auto request = asking(3, 3);
    request.session_epoch = -1;
    request.topics.at(0).topic = "orders";
    if (version < 15)
      request.replica_id = kFollower;
    else
      request.replica_state = {kFollower, broker_epoch};
    const auto answer = broker_.try_ask<protocol::FetchResponse>(*broker_.connect(), request, version);
    CHECK(answer);
    return answer->responses.at(0).partitions.at(0).error_code;
  }
  Offset high_watermark() { return leader().high_watermark().value(); }
};

TEST_F(FetchInTheNameOfAFollower, OfAProcessThatIsGoneIsRefusedThoughTheNewOneHasNotAskedYet) {
  const auto written = produce(3);
  broker_.world().run_for(100ms);
  EXPECT_EQ(claim(epoch_ - 1), ErrorCode::kNotLeaderOrFollower);
  EXPECT_EQ(high_watermark(), Offset{0});
}

TEST_F(FetchInTheNameOfAFollower, UnderAnEpochThatNobodyHasIsServedAndCountsForNothing) {
  const auto written = produce(3);
  broker_.world().run_for(100ms);
  EXPECT_EQ(claim(epoch_ + 7), ErrorCode::kNone);
  EXPECT_EQ(high_watermark(), Offset{0});
  follower_->start();
  EXPECT_TRUE(until([&] { return written->has_value(); })) << "the follower itself is heard as before";
  EXPECT_EQ(high_watermark(), Offset{3});
}

TEST_F(FetchInTheNameOfAFollower, UnderNoEpochIsServedAndCountsForNothing) {
  const auto written = produce(3);
  broker_.world().run_for(100ms);
  for (const std::int16_t version : {12, 18}) {
    EXPECT_EQ(claim(-1, version), ErrorCode::kNone);
    EXPECT_EQ(high_watermark(), Offset{0});
  }
}

}  // namespace
}  // namespace thalweg::broker
