// What controller_link.h promises, held against every link: to the controller of this node, to that of another over a
// simulated network, and to whichever leads. Then what only a network can do to a link.
#include <gtest/gtest.h>

#include <set>

#include "base/log.h"
#include "broker/network_controller_link.h"
#include "broker/testing.h"

namespace thalweg::broker {
namespace {
using namespace std::chrono_literals;

using protocol::AllocateProducerIdsRequest;
using protocol::AllocateProducerIdsResponse;
using protocol::BrokerRegistrationRequest;
using protocol::BrokerRegistrationResponse;
using protocol::CreateTopicsRequest;
using protocol::CreateTopicsResponse;

// Broker 1 is the controller. Node "other" is where the link over the network is; it speaks as broker 2.
class Links {
 public:
  struct Other {
    Other(const Shard& s, Links& all) : shard(s), channels(s, {}), link(s, channels, [&all] { return all.target; }) {}
    const Shard& shard;
    PeerChannels channels;
    NetworkControllerLink link;
  };

  Links() {
    log::set_level(log::Level::kNone);
    other_ = &world().add_node("other", 1,
                               [this](sim::Node& node) { return std::make_shared<Other>(node.shard(0), *this); });
    other_->start();
  }
  ~Links() { log::set_level(log::Level::kInfo); }

  sim::World& world() { return broker_.world(); }
  BrokerUnderTest& broker() { return broker_; }
  // How far the controller's own broker shows the metadata log.
  Offset shown() { return Offset{broker_.broker().publisher().published().value()}; }
  sim::Node& other_node() { return *other_; }
  Other& other() { return other_->program<Other>(); }

  BrokerRegistrationRequest registration(Uuid incarnation = {2, 2}) {
    BrokerRegistrationRequest request;
    request.broker_id = BrokerId{2};
    request.cluster_id = broker_.broker().publisher().current_image()->cluster_id();
    request.incarnation_id = incarnation;
    request.listeners.push_back({"PLAINTEXT", "other", 9092, 0});
    request.features.push_back({"metadata.version", 1, 30});
    request.features.push_back({"eligible.leader.replicas.version", 0, 1});
    request.features.push_back({"transaction.version", 0, 2});
    request.features.push_back({"thalweg.version", 0, 1});
    request.log_dirs = {Uuid{5, 5}};
    return request;
  }

  std::optional<NetworkControllerLink::Target> target = NetworkControllerLink::Target{BrokerId{1}, {"broker", 9092}};

 private:
  BrokerUnderTest broker_;
  sim::Node* other_;
};

enum class Kind { kHere, kElsewhere, kRouted };

class ControllerLinkContract : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    auto& other = links_.other();
    if (GetParam() == Kind::kHere) {
      link_ = &links_.broker().broker().controller_here();
    } else if (GetParam() == Kind::kElsewhere) {
      link_ = &other.link;
    } else {
      routed_.emplace(other.shard, nobody_, other.link, [] { return false; });
      link_ = &*routed_;
    }
  }
  template <class T>
  T run(Task<T> task) {
    auto& world = links_.world();
    auto result = GetParam() == Kind::kHere ? world.run(links_.broker().node(), std::move(task))
                                            : world.run(links_.other_node(), std::move(task));
    CHECK(result);
    return std::move(*result);
  }
  template <class Response, class Request>
  Result<Response> ask(Request request, std::int16_t version = Request::kMaxVersion) {
    return run(link_->ask_within<Response>(std::move(request), version, 10s));
  }

  // Says that it is no controller, which a link is never to be asked for that leads elsewhere.
  class Nobody : public ControllerLink {
   public:
    Task<Result<Reply>> ask_once(Request, std::int16_t, Instant) override {
      ADD_FAILURE() << "this node does not lead";
      co_return fail(ErrorCode::kUnknownServerError, "asked where nobody leads");
    }

   protected:
    Clock& clock() override { CHECK(false); }
  };

  Links links_;
  Nobody nobody_;
  std::optional<RoutedControllerLink> routed_;
  ControllerLink* link_ = nullptr;
};

TEST_P(ControllerLinkContract, AnAnswerIsOfTheRequestsKind) {
  const auto registered = ask<BrokerRegistrationResponse>(links_.registration());
  ASSERT_TRUE(registered);
  EXPECT_EQ(registered->error_code, ErrorCode::kNone);
  EXPECT_GE(registered->broker_epoch, 0);
  protocol::BrokerHeartbeatRequest beat;
  beat.broker_id = BrokerId{2};
  beat.broker_epoch = registered->broker_epoch;
  beat.current_metadata_offset = links_.shown();
  const auto beaten = ask<protocol::BrokerHeartbeatResponse>(beat, 1);
  ASSERT_TRUE(beaten);
  EXPECT_FALSE(beaten->is_fenced);
}

TEST_P(ControllerLinkContract, ARefusalIsAnAnswer) {
  auto request = links_.registration();
  request.cluster_id = "another";
  const auto refused = ask<BrokerRegistrationResponse>(request);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->error_code, ErrorCode::kInconsistentClusterId);
  AllocateProducerIdsRequest ids;
  ids.broker_id = BrokerId{9};
  EXPECT_EQ(ask<AllocateProducerIdsResponse>(ids)->error_code, ErrorCode::kStaleBrokerEpoch) << "as Kafka says it";
}

TEST_P(ControllerLinkContract, WhatMayBeMadeTwiceIsTheSameTwice) {
  const auto first = ask<BrokerRegistrationResponse>(links_.registration());
  EXPECT_EQ(ask<BrokerRegistrationResponse>(links_.registration())->broker_epoch, first->broker_epoch);
}

TEST_P(ControllerLinkContract, AClientsRequestIsAnsweredWhenItIsInForce) {
  const ForwardedFrom from{.principal = "User:alice", .client_host = "192.0.2.7", .client_id = "tool"};
  const auto created = run(link_->forward_from<CreateTopicsResponse>(creation_of("orders"), 7, from, Instant::max()));
  ASSERT_TRUE(created);
  EXPECT_EQ(created->topics.at(0).error_code, ErrorCode::kNone);
  EXPECT_TRUE(links_.broker().broker().publisher().published_image()->topic("orders"));
  const auto again = run(link_->forward_from<CreateTopicsResponse>(creation_of("orders"), 7, from, Instant::max()));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->topics.at(0).error_code, ErrorCode::kTopicAlreadyExists);
}

TEST_P(ControllerLinkContract, OldVersionsAreAnsweredInThem) {
  for (std::int16_t version = CreateTopicsRequest::kMinVersion; version <= CreateTopicsRequest::kMaxVersion;
       ++version) {
    const auto created =
        run(link_->forward<CreateTopicsResponse>(creation_of("v" + std::to_string(version)), version, Instant::max()));
    ASSERT_TRUE(created) << version;
    EXPECT_EQ(created->topics.at(0).error_code, ErrorCode::kNone) << version;
  }
}

INSTANTIATE_TEST_SUITE_P(
    , ControllerLinkContract, testing::Values(Kind::kHere, Kind::kElsewhere, Kind::kRouted), [](const auto& kind) {
      return std::string(kind.param == Kind::kHere ? "Here" : kind.param == Kind::kElsewhere ? "Elsewhere" : "Routed");
    });

class OverTheNetwork : public testing::Test {
 protected:
  template <class Response, class Request>
  Result<Response> ask(Request request, Instant within = 10s) {
    auto answer = links_.world().run(links_.other_node(), links_.other().link.ask_within<Response>(
                                                              std::move(request), Request::kMaxVersion, within));
    CHECK(answer);
    return std::move(*answer);
  }
  template <class Response, class Request>
  Result<Response> ask_once(Request request, Instant within = 10s) {
    const Instant deadline = links_.other().shard.clock.now() + within;
    auto answer = links_.world().run(
        links_.other_node(), links_.other().link.forward<Response>(std::move(request), Request::kMaxVersion, deadline));
    CHECK(answer);
    return std::move(*answer);
  }
  std::int64_t enroll() { return ask<BrokerRegistrationResponse>(links_.registration())->broker_epoch; }
  AllocateProducerIdsRequest ids(std::int64_t epoch) {
    AllocateProducerIdsRequest request;
    request.broker_id = BrokerId{2};
    request.broker_epoch = epoch;
    return request;
  }
  // Asks for the topic and goes on with whatever else there is.
  auto begin_create(const std::string& name) {
    auto answer = std::make_shared<std::optional<Result<CreateTopicsResponse>>>();
    spawn(links_.other().shard, [](Links::Other* other, CreateTopicsRequest request, auto into) -> Task<> {
      *into = co_await other->link.forward<CreateTopicsResponse>(std::move(request), 7, Instant::max());
    }(&links_.other(), creation_of(name), answer));
    return answer;
  }

  Links links_;
};

TEST_F(OverTheNetwork, WhereNobodyLeadsOrListensThereIsNoController) {
  links_.target.reset();
  EXPECT_EQ(ask_once<CreateTopicsResponse>(creation_of("a")).error().code, ErrorCode::kNotController);
  links_.target = {BrokerId{1}, {"broker", 1}};
  EXPECT_EQ(ask_once<CreateTopicsResponse>(creation_of("a")).error().code, ErrorCode::kNotController);
  links_.target = {BrokerId{3}, {"broker", 9092}};
  const auto wrong = ask_once<CreateTopicsResponse>(creation_of("a"));
  EXPECT_EQ(wrong.error().code, ErrorCode::kNotController);
  EXPECT_NE(wrong.error().message.find("is not node 3"), std::string::npos) << wrong.error().message;
}

// It would take the place of a broker that lives, since that one's controller knows its own process to be another one.
TEST_F(OverTheNetwork, WhoComesWithTheIdOfTheControllersOwnBrokerIsRefused) {
  const std::int64_t epoch = links_.broker().broker().broker_epoch();
  auto request = links_.registration();
  request.broker_id = BrokerId{1};
  const auto answer = ask_once<BrokerRegistrationResponse>(request);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error_code, ErrorCode::kDuplicateBrokerRegistration);
  EXPECT_EQ(links_.broker().broker().publisher().current_image()->broker(BrokerId{1})->epoch, epoch);
}

TEST_F(OverTheNetwork, WhoNamesNoLogDirectoryIsRefused) {
  auto request = links_.registration();
  request.log_dirs.clear();
  const auto answer = ask_once<BrokerRegistrationResponse>(request);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error_code, ErrorCode::kInvalidRegistration);
  EXPECT_EQ(links_.broker().broker().publisher().current_image()->broker(BrokerId{2}), nullptr);
}

TEST_F(OverTheNetwork, TheBrokersOwnBusinessIsAskedAgainWhenNoAnswerComes) {
  const std::int64_t epoch = enroll();
  ASSERT_TRUE(ask<AllocateProducerIdsResponse>(ids(epoch)));  // the connection is there
  links_.world().network.part("other", "broker");
  const Instant begun = links_.world().now();
  EXPECT_EQ(ask_once<AllocateProducerIdsResponse>(ids(epoch), 60s).error().code, ErrorCode::kRequestTimedOut);
  EXPECT_LE(links_.world().now() - begun, NetworkControllerLink::kOwnWithin + 10ms);
  links_.world().simulation.at(links_.world().now() + 5s, [&] { links_.world().network.join_all(); });
  const auto answer = ask<AllocateProducerIdsResponse>(ids(epoch), 60s);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error_code, ErrorCode::kNone);
  EXPECT_LT(links_.world().now() - begun, 15s);
}

// What was sent over a connection whose other end is gone gives no sign for as long as the kernel tries again.
TEST_F(OverTheNetwork, AConnectionOverWhichNothingComesIsGivenUpWithAllThatWaitsOnIt) {
  const std::int64_t epoch = enroll();
  ASSERT_TRUE(ask<AllocateProducerIdsResponse>(ids(epoch)));
  ASSERT_TRUE(ask_once<CreateTopicsResponse>(creation_of("first")));
  const auto channel = [&](Purpose purpose) {
    const Instant deadline = links_.other().shard.clock.now() + 5s;
    const auto found = links_.world().run(
        links_.other_node(), links_.other().channels.to({BrokerId{1}, purpose}, {"broker", 9092}, deadline));
    CHECK(found && *found);
    return **found;
  };
  const auto own = channel(Purpose::kController), forwarding = channel(Purpose::kForwarding);
  links_.world().network.part("other", "broker");
  const auto answer = begin_create("second");
  EXPECT_EQ(ask_once<AllocateProducerIdsResponse>(ids(epoch), 60s).error().code, ErrorCode::kRequestTimedOut);
  EXPECT_FALSE(own->is_open());
  EXPECT_FALSE(forwarding->is_open());
  links_.world().run_for(10ms);
  ASSERT_TRUE(*answer) << "it may be asked again, and not in a minute and a half";
  EXPECT_EQ((**answer).error().code, ErrorCode::kNotController);
  links_.world().network.join_all();
  EXPECT_TRUE(ask<AllocateProducerIdsResponse>(ids(epoch)));
  EXPECT_NE(channel(Purpose::kController), own);
}

TEST_F(OverTheNetwork, ASlowAnswerDoesNotEndAConnectionOverWhichOthersCome) {
  const std::int64_t epoch = enroll();
  ASSERT_TRUE(ask<AllocateProducerIdsResponse>(ids(epoch)));
  EXPECT_EQ(ask_once<AllocateProducerIdsResponse>(ids(epoch), 1us).error().code, ErrorCode::kRequestTimedOut);
  const Instant deadline = links_.other().shard.clock.now() + 5s;
  const auto found = links_.world().run(
      links_.other_node(), links_.other().channels.to({BrokerId{1}, Purpose::kController}, {"broker", 9092}, deadline));
  ASSERT_TRUE(found && *found);
  EXPECT_TRUE(ask<AllocateProducerIdsResponse>(ids(epoch)));
  EXPECT_TRUE((**found)->is_open());
}

TEST_F(OverTheNetwork, ANodeThatLeadsAgainIsAskedOverAnotherConnection) {
  ASSERT_TRUE(ask_once<CreateTopicsResponse>(creation_of("first")));
  links_.world().network.part("other", "broker");
  const auto answer = begin_create("second");
  links_.world().run_for(1s);
  EXPECT_FALSE(*answer);
  links_.world().simulation.at(links_.world().now(),
                               [&] { links_.other().shard.post([&] { links_.other().link.leader_changed(); }); });
  links_.world().run_for(10ms);
  ASSERT_TRUE(*answer);
  EXPECT_EQ((**answer).error().code, ErrorCode::kNotController);
}

TEST_F(OverTheNetwork, ThroughConnectionsThatBreakNoIdIsGivenTwice) {
  const std::int64_t epoch = enroll();
  links_.world().network.faults.reset_one_in = 8;
  std::set<std::int64_t> given;
  for (int i = 0; i < 50; ++i) {
    const auto block = ask<AllocateProducerIdsResponse>(ids(epoch), 60s);
    ASSERT_TRUE(block) << block.error().message;
    EXPECT_TRUE(given.insert(block->producer_id_start.value).second);
  }
}

TEST_F(OverTheNetwork, AControllerThatRestartsIsFoundAgain) {
  enroll();
  links_.broker().restart();
  const auto again = ask<BrokerRegistrationResponse>(links_.registration(), 30s);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->error_code, ErrorCode::kNone);
}

TEST_F(OverTheNetwork, WhoWaitsForALeaderThatWasReplacedIsToldToAskAgain) {
  ASSERT_TRUE(ask_once<CreateTopicsResponse>(creation_of("first")));
  links_.world().network.part("other", "broker");
  const auto answer = begin_create("second");
  links_.world().run_for(3s);
  EXPECT_FALSE(*answer) << "a client's request waits";
  links_.target = {BrokerId{7}, {"elsewhere", 9092}};
  links_.world().simulation.at(links_.world().now(),
                               [&] { links_.other().shard.post([&] { links_.other().link.leader_changed(); }); });
  links_.world().run_for(10ms);
  ASSERT_TRUE(*answer);
  EXPECT_EQ((**answer).error().code, ErrorCode::kNotController);
}

TEST_F(OverTheNetwork, ARequestThatWaitsDoesNotHoldUpHeartbeatsNorOtherRequests) {
  const std::int64_t epoch = enroll();
  // Broker 2 is unfenced and shows nothing more, so that what clients ask waits for it.
  protocol::BrokerHeartbeatRequest beat;
  beat.broker_id = BrokerId{2};
  beat.broker_epoch = epoch;
  beat.current_metadata_offset = links_.shown();
  ASSERT_FALSE(ask<protocol::BrokerHeartbeatResponse>(beat)->is_fenced);
  const auto first = begin_create("first"), second = begin_create("second");
  links_.world().run_for(100ms);
  EXPECT_FALSE(*first || *second);
  const Instant begun = links_.world().now();
  ASSERT_TRUE(ask<protocol::BrokerHeartbeatResponse>(beat));
  EXPECT_LT(links_.world().now() - begun, 100ms);
  links_.world().run_for(500ms);
  EXPECT_TRUE(*first && *second) << "each waited for half a second, and not one behind the other";
}

TEST_F(OverTheNetwork, AChangeIsAnsweredAsSoonAsTheLastBrokerShowsIt) {
  const std::int64_t epoch = enroll();
  protocol::BrokerHeartbeatRequest beat;
  beat.broker_id = BrokerId{2};
  beat.broker_epoch = epoch;
  beat.current_metadata_offset = links_.shown();
  ASSERT_FALSE(ask<protocol::BrokerHeartbeatResponse>(beat)->is_fenced);
  const auto answer = begin_create("orders");
  links_.world().run_for(100ms);
  EXPECT_FALSE(*answer);
  beat.current_metadata_offset = links_.shown();
  ASSERT_TRUE(ask<protocol::BrokerHeartbeatResponse>(beat));
  links_.world().run_for(100ms);  // the way there and back, and no longer
  EXPECT_TRUE(*answer);
}

}  // namespace
}  // namespace thalweg::broker
