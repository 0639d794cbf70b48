// Consumers that read at a replica of their rack (KIP-392): where the leader sends them, and what a follower answers.
#include <gtest/gtest.h>

#include "broker/testing_follower.h"
#include "protocol/fetch_request.h"
#include "protocol/fetch_response.h"

namespace thalweg::broker {
namespace {

using namespace std::chrono_literals;

class RackReads : public WithFollower {
 protected:
  RackReads()
      : WithFollower({{"broker.rack", "north"},
                      {"replica.selector.class", "org.apache.kafka.common.replica.RackAwareReplicaSelector"}}) {}
  using Data = protocol::FetchResponse::PartitionData;
  Data consume(const std::string& rack, std::int64_t from = 0, std::int16_t version = 18) {
    protocol::FetchRequest request;
    request.rack_id = rack;
    request.session_epoch = -1;
    request.max_wait_ms = 300;
    request.min_bytes = 1;
    request.max_bytes = 1 << 20;
    auto& topic = request.topics.emplace_back();
    topic.topic = "orders";
    topic.topic_id = key().topic_id;
    auto& partition = topic.partitions.emplace_back();
    partition.fetch_offset = Offset{from};
    partition.partition_max_bytes = 1 << 20;
    auto response = broker_.ask<protocol::FetchResponse>(request, version);
    return std::move(response.responses.at(0).partitions.at(0));
  }
  static std::size_t bytes_in(const Data& data) { return data.records ? size_of(*data.records) : 0; }
  void write_three() {
    follower_->start();
    ASSERT_EQ(broker_.wait_for(produce(3)).responses[0].partition_responses[0].error_code, ErrorCode::kNone);
    broker_.world().run_for(1s);
  }
  Result<replica::ReadResult> read_at_follower(replica::ReadRequest request) {
    auto results = broker_.world().run(
        *follower_, follower().partitions().read(std::vector<replica::Partitions::Read>{{key(), std::move(request)}}));
    return std::move(results->at(0));
  }
};

TEST_F(RackReads, AConsumerIsSentToTheReplicaOfItsRack) {
  write_three();
  const Instant begun = broker_.world().now();
  const auto data = consume("south");
  EXPECT_EQ(data.error_code, ErrorCode::kNone);
  EXPECT_EQ(data.preferred_read_replica, kFollower);
  EXPECT_EQ(bytes_in(data), 0u);
  EXPECT_EQ(data.high_watermark, Offset{3});
  EXPECT_LT(broker_.world().now() - begun, 200ms) << "at once";
}

TEST_F(RackReads, OthersReadAtTheLeader) {
  write_three();
  for (const char* rack : {"", "north", "east"}) {
    const auto data = consume(rack);
    EXPECT_EQ(data.preferred_read_replica, kNoBroker) << rack;
    EXPECT_GT(bytes_in(data), 0u) << rack;
  }
  EXPECT_GT(bytes_in(consume("south", 0, 10)), 0u) << "a client from before KIP-392";
}

TEST_F(RackReads, WhoHasLeftTheInSyncReplicasIsReadFromNoMore) {
  write_three();
  follower_->crash(sim::Crash::kPowerLoss);
  ASSERT_TRUE(until([&] { return state().isr.size() == 1; }));
  const auto data = consume("south");
  EXPECT_EQ(data.preferred_read_replica, kNoBroker);
  EXPECT_GT(bytes_in(data), 0u);
}

TEST_F(RackReads, NobodyIsSentWhereTheOffsetIsNotYet) {
  write_three();
  EXPECT_EQ(consume("south", 3).preferred_read_replica, kFollower) << "it is at its end";
  EXPECT_EQ(consume("south", 4).preferred_read_replica, kNoBroker);
}

TEST_F(RackReads, AFollowerAnswersUpToItsHighWatermark) {
  write_three();
  ASSERT_TRUE(until([&] { return follower().log(key())->high_watermark() == Offset{3}; }));
  const auto read = read_at_follower({.from = Offset{0}, .may_read_follower = true});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->high_watermark, Offset{3});
  EXPECT_EQ(read->data.next, Offset{3});
  EXPECT_EQ(read_at_follower({.from = Offset{0}}).error().code, ErrorCode::kNotLeaderOrFollower);
  EXPECT_EQ(read_at_follower({.from = Offset{9}, .may_read_follower = true}).error().code,
            ErrorCode::kNotLeaderOrFollower)
      << "the leader may have come so far";
  const LeaderEpoch epoch = state().leader_epoch;
  const auto believing = [&](LeaderEpoch believed) {
    return read_at_follower({.from = Offset{0}, .current_leader_epoch = believed, .may_read_follower = true});
  };
  EXPECT_TRUE(believing(epoch));
  EXPECT_EQ(believing(LeaderEpoch{epoch.value + 1}).error().code, ErrorCode::kUnknownLeaderEpoch);
}

// The last record comes to who reads at a follower as soon as it is committed, not when another one is written.
TEST_F(RackReads, AFollowerHearsOfACommitAtOnce) {
  write_three();
  broker_.world().run_for(1s);
  const auto written = produce(1);
  ASSERT_TRUE(until([&] { return written->has_value(); }));
  const Instant begun = broker_.world().now();
  ASSERT_TRUE(until([&] { return follower().log(key())->high_watermark() == Offset{4}; }));
  EXPECT_LT(broker_.world().now() - begun, 100ms) << "not when the poll is over";
}

}  // namespace
}  // namespace thalweg::broker
