// A broker's life against a controller that answers from a script.
#include "broker/broker_lifecycle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "base/log.h"
#include "sim/world.h"

namespace thalweg::broker {
namespace {
using namespace std::chrono_literals;

class NoState : public LocalState {
 public:
  Task<Result<>> host(metadata::ImagePtr, metadata::TopicPtr, PartitionId) override { co_return Result<>(); }
  Task<Result<>> drop(metadata::TopicPtr, PartitionId) override { co_return Result<>(); }
  Task<Result<>> remove_topic(metadata::TopicPtr) override { co_return Result<>(); }
  Task<> configure(metadata::ImagePtr, metadata::TopicPtr) override { co_return; }
  Task<bool> configure_broker(metadata::ImagePtr) override { co_return false; }
  Task<> show(metadata::ImagePtr) override { co_return; }
};

// A controller somewhere else.
class ScriptedLink : public ControllerLink {
 public:
  explicit ScriptedLink(const Shard& shard) : shard_(shard) {}

  Task<Result<Reply>> ask_once(Request request, std::int16_t, Instant) override {
    co_await shard_.clock.sleep_for(1ms);
    if (away > 0) {
      --away;
      co_return fail(ErrorCode::kNotController, "an election is under way");
    }
    if (auto* asked = std::get_if<protocol::BrokerRegistrationRequest>(&request)) {
      registrations.push_back(*asked);
      if (answers_lost > 0) {
        --answers_lost;
        co_return fail(ErrorCode::kRequestTimedOut, "no answer; the outcome is unknown");
      }
      protocol::BrokerRegistrationResponse response;
      response.error_code = refusals.empty() ? ErrorCode::kNone : refusals.front();
      if (!refusals.empty()) refusals.pop_front();
      response.broker_epoch = response.error_code == ErrorCode::kNone ? 17 : -1;
      co_return Reply(response);
    }
    beats.push_back(std::get<protocol::BrokerHeartbeatRequest>(request));
    protocol::BrokerHeartbeatResponse response;
    response.is_fenced = beats.back().want_fence || fenced_beats > 0;
    if (fenced_beats > 0) --fenced_beats;
    response.should_shut_down = beats.back().want_shut_down && --beats_to_leave <= 0;
    co_return Reply(response);
  }

  int away = 0, answers_lost = 0, fenced_beats = 0, beats_to_leave = 3;
  std::deque<ErrorCode> refusals;
  std::vector<protocol::BrokerRegistrationRequest> registrations;
  std::vector<protocol::BrokerHeartbeatRequest> beats;

 protected:
  Clock& clock() override { return shard_.clock; }

 private:
  const Shard& shard_;
};

config::BrokerConfig config_of() {
  auto loaded = config::load_broker_config({{"node.id", "1"},
                                            {"listeners", "PLAINTEXT://:9092"},
                                            {"advertised.listeners", "PLAINTEXT://broker:9092"},
                                            {"log.dirs", "/data"}});
  CHECK(loaded);
  return std::move(loaded->config);
}

class BrokerLifecycleTest : public testing::Test {
 protected:
  struct Program {
    explicit Program(const Shard& here)
        : shard(here),
          config(config_of()),
          publisher(shard, state, config.node_id, "cluster"),
          link(shard),
          lifecycle(shard, config, link, publisher) {
      publisher.start();
    }
    static Task<> start(Program* self) { self->started = co_await self->lifecycle.start({Uuid{5, 5}}); }
    static Task<> leave(Program* self) { self->left = co_await self->lifecycle.leave(self->shard.clock.now() + 10s); }

    const Shard& shard;
    NoState state;
    config::BrokerConfig config;
    MetadataPublisher publisher;
    ScriptedLink link;
    BrokerLifecycle lifecycle;
    std::optional<Result<>> started;
    std::optional<bool> left;
  };

  void SetUp() override {
    log::set_level(log::Level::kNone);
    node_ = &world_.add_node("broker", 1, [](sim::Node& node) { return std::make_shared<Program>(node.shard(0)); });
    node_->start();
  }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  Program& program() { return node_->program<Program>(); }
  void begin() { spawn(node_->shard(0), Program::start(&program())); }
  void apply(const std::vector<metadata::Record>& records) {
    program().publisher.apply(Offset{++index_}, LeaderEpoch{1}, BytesView(metadata::encode_records(records)));
  }
  // What the controller has written reaches this node.
  void registration_arrives(std::int64_t epoch = 17, std::optional<Uuid> incarnation = {}) {
    protocol::RegisterBrokerRecord record;
    record.broker_id = BrokerId{1};
    record.broker_epoch = epoch;
    record.incarnation_id = incarnation.value_or(program().link.registrations.back().incarnation_id);
    apply({record});
  }
  void another_broker_is_there() {
    protocol::RegisterBrokerRecord record;
    record.broker_id = BrokerId{2};
    record.fenced = false;
    apply({record});
  }
  void run(Instant duration) { world_.run_for(duration); }

  sim::World world_{1};
  sim::Node* node_ = nullptr;
  std::int64_t index_ = 1;
};

TEST_F(BrokerLifecycleTest, IsStartedWhenItsRegistrationIsInItsOwnImageWhereverTheControllerIs) {
  begin();
  run(1s);
  ASSERT_EQ(program().link.registrations.size(), 1u);
  registration_arrives(16);  // of the process before
  run(1s);
  EXPECT_FALSE(program().started);
  registration_arrives(17, Uuid{1, 2});  // of somebody else with the same id
  run(1s);
  EXPECT_FALSE(program().started);
  registration_arrives();
  run(100ms);
  ASSERT_TRUE(program().started);
  EXPECT_TRUE(*program().started);
  EXPECT_EQ(program().lifecycle.epoch(), 17);
  const auto& beats = program().link.beats;
  const auto serves = std::ranges::find(beats, false, &protocol::BrokerHeartbeatRequest::want_fence);
  ASSERT_NE(serves, beats.end());
  EXPECT_EQ(serves->current_metadata_offset, Offset{index_}) << "until then it asks to stay fenced";
}

TEST_F(BrokerLifecycleTest, AsksUntilThereIsAController) {
  program().link.away = 20;
  begin();
  run(5s);
  EXPECT_EQ(program().link.registrations.size(), 1u);
}

TEST_F(BrokerLifecycleTest, AsksAgainWhenAnAnswerGotLost) {
  program().link.answers_lost = 2;
  begin();
  run(1s);
  EXPECT_EQ(program().link.registrations.size(), 3u);
}

TEST_F(BrokerLifecycleTest, GivesUpWhenNoControllerIsThereInTime) {
  program().link.away = 1'000'000;
  begin();
  run(61s);
  ASSERT_TRUE(program().started);
  EXPECT_EQ(program().started->error().code, ErrorCode::kNotController);
}

TEST_F(BrokerLifecycleTest, WaitsForTheSessionOfTheProcessBefore) {
  program().link.refusals.assign(3, ErrorCode::kDuplicateBrokerRegistration);
  begin();
  run(2s);
  EXPECT_EQ(program().link.registrations.size(), 4u);
  EXPECT_EQ(program().lifecycle.epoch(), 17);
}

TEST_F(BrokerLifecycleTest, ARefusalIsFinal) {
  program().link.refusals.assign(1, ErrorCode::kInconsistentClusterId);
  begin();
  run(1s);
  ASSERT_TRUE(program().started);
  EXPECT_EQ(program().started->error().code, ErrorCode::kInconsistentClusterId);
}

TEST_F(BrokerLifecycleTest, StaysFencedUntilTheControllerSaysOtherwise) {
  program().link.fenced_beats = 3;
  begin();
  run(100ms);
  registration_arrives();
  run(60ms);
  EXPECT_FALSE(program().started);
  run(1s);
  EXPECT_TRUE(program().started);
}

TEST_F(BrokerLifecycleTest, BeatsAtItsIntervalAlsoWhenOneGetsLost) {
  begin();
  run(100ms);
  registration_arrives();
  run(100ms);
  const auto before = program().link.beats.size();
  program().link.away = 2;
  run(10s);
  EXPECT_GE(program().link.beats.size(), before + 4);
}

TEST_F(BrokerLifecycleTest, AsksToBeFencedWhenMetadataCannotBeApplied) {
  begin();
  run(100ms);
  registration_arrives();
  run(100ms);
  program().publisher.apply(Offset{++index_}, LeaderEpoch{1}, as_bytes(std::string_view("\x03\x01\x7f\x00", 4)));
  run(3s);
  EXPECT_TRUE(program().link.beats.back().want_fence);
}

TEST_F(BrokerLifecycleTest, HandsOverBeforeItLeaves) {
  begin();
  run(100ms);
  registration_arrives();
  another_broker_is_there();
  run(100ms);
  spawn(node_->shard(0), Program::leave(&program()));
  run(30ms);
  EXPECT_FALSE(program().left) << "the controller is still moving leaderships";
  run(1s);
  EXPECT_EQ(program().left, true);
}

TEST_F(BrokerLifecycleTest, HandsNothingOverWhereItWasToldNotTo) {
  begin();
  run(100ms);
  registration_arrives();
  another_broker_is_there();
  run(100ms);
  program().config.controlled_shutdown_enable = false;
  spawn(node_->shard(0), Program::leave(&program()));
  run(10ms);
  EXPECT_EQ(program().left, true);
  EXPECT_FALSE(program().link.beats.back().want_shut_down);
}

TEST_F(BrokerLifecycleTest, ALoneBrokerHasNobodyToHandOverTo) {
  begin();
  run(100ms);
  registration_arrives();
  run(100ms);
  const auto beats = program().link.beats.size();
  spawn(node_->shard(0), Program::leave(&program()));
  run(10ms);
  EXPECT_EQ(program().left, true);
  EXPECT_EQ(program().link.beats.size(), beats);
}

TEST_F(BrokerLifecycleTest, AmongOthersItTellsAtOnceWhatItShows) {
  begin();
  run(100ms);
  registration_arrives();
  another_broker_is_there();
  run(1s);
  const auto before = program().link.beats.size();
  apply({protocol::NoOpRecord()});
  run(20ms);
  EXPECT_GT(program().link.beats.size(), before);
  EXPECT_EQ(program().link.beats.back().current_metadata_offset, Offset{index_});
  const auto then = program().link.beats.size();
  run(1600ms);
  EXPECT_NEAR(double(program().link.beats.size() - then), 10, 2);
}

TEST_F(BrokerLifecycleTest, ClaimsItsFormerEpochAndRemembersTheNewOneBeforeItServes) {
  std::vector<std::int64_t> remembered;
  program().lifecycle.of({.previous_epoch = [] { return std::int64_t{9}; },
                          .remember_epoch = [&](std::int64_t epoch) -> Task<Result<>> {
                            EXPECT_TRUE(program().link.beats.empty());
                            remembered.push_back(epoch);
                            co_return Result<>();
                          }});
  begin();
  run(100ms);
  EXPECT_EQ(program().link.registrations.front().previous_broker_epoch, 9);
  EXPECT_EQ(remembered, std::vector<std::int64_t>{17});
}

TEST_F(BrokerLifecycleTest, NamesWhatLacksRecordsWhenItRegisters) {
  const BrokerLifecycle::DamagedReplica damaged{Uuid{1, 2}, {PartitionId{3}}};
  program().lifecycle.of({.damaged = [&] { return std::vector{damaged}; }});
  begin();
  run(100ms);
  EXPECT_EQ(program().link.registrations.front().damaged_replicas, std::vector{damaged});
}

// It may learn only from the leader of the quorum that entries are committed which it had: then it opens those logs.
TEST_F(BrokerLifecycleTest, RegistersAgainWhenLogsThatWereOpenedSinceHaveLostSomething) {
  std::vector<BrokerLifecycle::DamagedReplica> damaged;
  std::int64_t previous = 9;
  int told = 0;
  program().lifecycle.of({.previous_epoch = [&] { return previous; },
                          .damaged = [&] { return damaged; },
                          .damage_is_told = [&]() -> Task<Result<>> {
                            ++told;
                            co_return Result<>();
                          }});
  begin();
  run(500us);
  ASSERT_TRUE(program().link.registrations.empty()) << "it is on its way";
  damaged.push_back({Uuid{1, 2}, {PartitionId{3}}});
  run(100ms);
  EXPECT_EQ(told, 0);
  previous = -1;
  registration_arrives();
  run(100ms);
  ASSERT_TRUE(program().started);
  EXPECT_TRUE(*program().started);
  const auto& registrations = program().link.registrations;
  ASSERT_EQ(registrations.size(), 2u);
  EXPECT_EQ(registrations.back().incarnation_id, registrations.front().incarnation_id);
  EXPECT_EQ(registrations.back().previous_broker_epoch, -1);
  EXPECT_EQ(registrations.back().damaged_replicas, damaged);
  EXPECT_EQ(told, 1);
}

TEST_F(BrokerLifecycleTest, AnEpochThatCannotBeRememberedIsNotUsed) {
  program().lifecycle.of({.remember_epoch = [](std::int64_t) -> Task<Result<>> {
    co_return fail(ErrorCode::kUnknownServerError, "the disk is gone");
  }});
  begin();
  run(1s);
  ASSERT_TRUE(program().started);
  EXPECT_EQ(program().started->error().message, "the disk is gone");
  EXPECT_TRUE(program().link.beats.empty());
}

TEST_F(BrokerLifecycleTest, ABeatVouchesForEveryShard) {
  auto& elsewhere = world_.add_node("a thread that may hang", 1, [](sim::Node&) { return nullptr; });
  elsewhere.start();
  program().lifecycle.of({.shards = {&node_->shard(0), &elsewhere.shard(0)}});
  begin();
  run(100ms);
  registration_arrives();
  another_broker_is_there();
  run(1s);
  ASSERT_TRUE(program().started && *program().started);
  elsewhere.stall();
  run(3s);
  const auto silent = program().link.beats.size();
  run(5s);
  EXPECT_EQ(program().link.beats.size(), silent);
  elsewhere.resume();
  run(1s);
  EXPECT_GT(program().link.beats.size(), silent);
}

}  // namespace
}  // namespace thalweg::broker
