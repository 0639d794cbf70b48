// Clients' requests on their way to a controller that comes and goes, and the envelopes they travel in, sent for real.
#include "broker/forwarding.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/log.h"
#include "broker/envelope.h"
#include "broker/testing.h"
#include "protocol/api_versions_request.h"
#include "protocol/api_versions_response.h"
#include "protocol/list_partition_reassignments_request.h"
#include "protocol/list_partition_reassignments_response.h"

namespace thalweg::broker {
namespace {
using namespace std::chrono_literals;

using protocol::ApiKey;
using protocol::CreateTopicsResponse;
using protocol::EnvelopeRequest;
using protocol::EnvelopeResponse;

// The controller of a broker, of whose answers the first ones get lost, or which is not there for a while.
class LossyLink : public ControllerLink {
 public:
  LossyLink(const Shard& shard, ControllerLink& controller) : shard_(shard), controller_(controller) {}
  Task<Result<Reply>> ask_once(Request request, std::int16_t version, Instant deadline) override {
    ++asked;
    if (away-- > 0) co_return fail(ErrorCode::kNotController, "an election is under way");
    auto reply = co_await controller_.ask_once(std::move(request), version, deadline);
    if (answers_lost-- > 0) co_return fail(ErrorCode::kNotController, "the controller went");
    co_return reply;
  }
  int away = 0, answers_lost = 0, asked = 0;

 protected:
  Clock& clock() override { return shard_.clock; }

 private:
  const Shard& shard_;
  ControllerLink& controller_;
};

class ForwardingTest : public testing::Test {
 protected:
  ForwardingTest()
      : link_(broker_.node().shard(0), broker_.broker().controller_here()),
        forwarding_(broker_.node().shard(0), link_, broker_.broker().publisher()) {
    log::set_level(log::Level::kNone);
  }
  ~ForwardingTest() override { log::set_level(log::Level::kInfo); }

  template <class Response, class Request>
  Result<Response> pass_on(Request request) {
    auto answer = broker_.world().run(
        broker_.node(), forwarding_.pass_on<Response>(std::move(request), Request::kMaxVersion, ForwardedFrom{}, 90s));
    CHECK(answer);
    return std::move(*answer);
  }

  BrokerUnderTest broker_;
  LossyLink link_;
  Forwarding forwarding_;
};

TEST_F(ForwardingTest, AsksUntilThereIsAController) {
  link_.away = 10;
  const auto answer = pass_on<CreateTopicsResponse>(creation_of("orders"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->topics[0].error_code, ErrorCode::kNone);
  EXPECT_EQ(link_.asked, 11);
}

TEST_F(ForwardingTest, SaysSoWhenNoneComes) {
  link_.away = 1'000'000;
  const Instant begun = broker_.world().now();
  EXPECT_EQ(pass_on<CreateTopicsResponse>(creation_of("orders")).error().code, ErrorCode::kNotController);
  EXPECT_LE(broker_.world().now() - begun, Forwarding::kAgainWithin + 1s);
}

TEST_F(ForwardingTest, ItsOwnWorkIsNoError) {
  link_.answers_lost = 2;
  const auto created = pass_on<CreateTopicsResponse>(creation_of("orders"));
  ASSERT_TRUE(created);
  EXPECT_EQ(created->topics[0].error_code, ErrorCode::kNone);
  EXPECT_FALSE(created->topics[0].topic_id.is_zero());

  link_.answers_lost = 1;
  protocol::CreatePartitionsRequest more;
  auto& topic = more.topics.emplace_back();
  topic.name = "orders";
  topic.count = 4;
  topic.assignments.reset();
  EXPECT_EQ(pass_on<protocol::CreatePartitionsResponse>(more)->results[0].error_code, ErrorCode::kNone);

  link_.answers_lost = 1;
  protocol::DeleteTopicsRequest gone;
  gone.topics.push_back({"orders", Uuid()});
  const auto deleted = pass_on<protocol::DeleteTopicsResponse>(gone);
  ASSERT_TRUE(deleted);
  EXPECT_EQ(deleted->responses[0].error_code, ErrorCode::kNone);
  EXPECT_EQ(deleted->responses[0].name, "orders");
  EXPECT_EQ(link_.asked, 3 + 2 + 2);
}

TEST_F(ForwardingTest, SomebodyElsesWorkStaysAnError) {
  ASSERT_EQ(pass_on<CreateTopicsResponse>(creation_of("orders"))->topics[0].error_code, ErrorCode::kNone);
  link_.answers_lost = 1;
  EXPECT_EQ(pass_on<CreateTopicsResponse>(creation_of("orders"))->topics[0].error_code, ErrorCode::kTopicAlreadyExists);
}

class Envelopes : public testing::Test {
 protected:
  void SetUp() override { log::set_level(log::Level::kNone); }
  void TearDown() override { log::set_level(log::Level::kInfo); }
  template <class Request>
  static EnvelopeRequest around(const Request& request, std::int16_t version = Request::kMaxVersion) {
    return put_in_envelope(request, version, {.principal = "User:alice", .client_host = "192.0.2.7"}).value();
  }
  ErrorCode refusal(BrokerUnderTest& broker, EnvelopeRequest envelope) {
    return broker.ask<EnvelopeResponse>(std::move(envelope)).error_code;
  }
};

TEST_F(Envelopes, ARequestInsideIsAnsweredInside) {
  BrokerUnderTest broker;
  const auto created =
      response_in_envelope<CreateTopicsResponse>(broker.ask<EnvelopeResponse>(around(creation_of("orders"))), 7);
  ASSERT_TRUE(created);
  EXPECT_EQ(created->topics.at(0).error_code, ErrorCode::kNone);
  const protocol::ListPartitionReassignmentsRequest list;
  EXPECT_TRUE(response_in_envelope<protocol::ListPartitionReassignmentsResponse>(
      broker.ask<EnvelopeResponse>(around(list)), 0));
}

TEST_F(Envelopes, DepthAndWhatIsNotForwardedAreRefusedAndTheConnectionGoesOn) {
  BrokerUnderTest broker;
  EXPECT_EQ(refusal(broker, around(around(creation_of("orders")))), ErrorCode::kInvalidRequest);
  EXPECT_EQ(refusal(broker, around(protocol::ApiVersionsRequest())), ErrorCode::kInvalidRequest);
  auto nobody = around(creation_of("orders"));
  nobody.request_principal.reset();
  EXPECT_EQ(refusal(broker, nobody), ErrorCode::kPrincipalDeserializationFailure);
  auto nowhere = around(creation_of("orders"));
  nowhere.client_host_address = SharedBytes::copy_of(std::string_view("12345"));
  EXPECT_EQ(refusal(broker, nowhere), ErrorCode::kInvalidRequest);
  auto cut = around(creation_of("orders"));
  cut.request_data = cut.request_data.slice(0, cut.request_data.size() - 3);
  EXPECT_EQ(refusal(broker, cut), ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(refusal(broker, around(creation_of("orders"))), ErrorCode::kNone);
}

TEST_F(Envelopes, ALargeRequestIsRefused) {
  BrokerUnderTest broker;
  auto large = around(creation_of("orders"));
  large.request_data = SharedBytes::take(std::vector<std::byte>(kEnvelopeMax + 1));
  EXPECT_EQ(refusal(broker, large), ErrorCode::kInvalidRequest);
}

TEST_F(Envelopes, AnyPrefixAndAnyChangedByteIsAnsweredOrEndsTheConnection) {
  BrokerUnderTest broker;
  const auto good = around(creation_of("orders"));
  const std::string bytes(good.request_data.text());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    auto changed = good;
    std::string other = bytes;
    other[at] = char(other[at] ^ 0x55);
    changed.request_data = SharedBytes::copy_of(other);
    broker.ask<EnvelopeResponse>(changed);  // CHECKs that it is answered
    changed.request_data = good.request_data.slice(0, at);
    EXPECT_NE(refusal(broker, changed), ErrorCode::kNone) << at;
  }
}

// What only nodes say to each other.
constexpr ApiKey kOfNodes[] = {ApiKey::kAlterPartition, ApiKey::kEnvelope, ApiKey::kBrokerRegistration,
                               ApiKey::kBrokerHeartbeat, ApiKey::kAllocateProducerIds};

TEST_F(Envelopes, ClientsAreNotToldOfWhatIsForNodes) {
  BrokerUnderTest broker;
  protocol::ApiVersionsRequest request;
  request.client_software_name = request.client_software_version = "x";
  const auto told = broker.ask<protocol::ApiVersionsResponse>(request, std::int16_t{3});
  for (const ApiKey key : kOfNodes)
    for (const auto& api : told.api_keys) EXPECT_NE(api.api_key, static_cast<std::int16_t>(key));
}

TEST_F(Envelopes, WhereControllersHaveAListenerClientsHaveNoneOfThem) {
  BrokerUnderTest broker({{"process.roles", "broker,controller"},
                          {"listeners", "PLAINTEXT://:9092,CONTROLLER://:9093"},
                          {"controller.listener.names", "CONTROLLER"},
                          {"controller.quorum.voters", "1@broker:9093"}});
  const auto channel = broker.connect().value();
  EXPECT_EQ(broker.try_ask<EnvelopeResponse>(channel, around(creation_of("orders"))).error().code,
            ErrorCode::kNetworkException);
  EXPECT_FALSE(channel->is_open());
}

}  // namespace
}  // namespace thalweg::broker
