// A change that is too large for the metadata log costs its sender an error, and nobody else anything.
#include <gtest/gtest.h>

#include "broker/testing.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/incremental_alter_configs_request.h"
#include "protocol/incremental_alter_configs_response.h"
#include "protocol/metadata_request.h"
#include "protocol/metadata_response.h"

namespace thalweg::broker {
namespace {

using protocol::CreateTopicsRequest;
using protocol::CreateTopicsResponse;
using protocol::IncrementalAlterConfigsRequest;
using protocol::IncrementalAlterConfigsResponse;
using protocol::MetadataRequest;
using protocol::MetadataResponse;

CreateTopicsRequest create(int number) {
  CreateTopicsRequest request{.timeout_ms = 30'000};
  request.topics.push_back({.name = "t" + std::to_string(number), .num_partitions = 1, .replication_factor = 1});
  return request;
}

// No option of ours, so nobody knows what values it may have.
IncrementalAlterConfigsRequest oversized() {
  IncrementalAlterConfigsRequest request;
  auto& resource = request.resources.emplace_back();
  resource.resource_type = 4;
  resource.configs.push_back({.name = "my.own.option", .value = std::string(9'000'000, 'x')});
  return request;
}

// Not "ask another controller", which clients would do again and again.
bool is_refusal(ErrorCode code) { return code != ErrorCode::kNone && code != ErrorCode::kNotController; }

TEST(OversizedChange, CostsOnlyItsSenderAnError) {
  BrokerUnderTest broker;
  constexpr int kRounds = 4;
  int topics = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto large = broker.begin<IncrementalAlterConfigsResponse>(oversized());
    std::vector<BrokerUnderTest::Pending<CreateTopicsResponse>> creations;
    for (int i = 0; i < 5; ++i) creations.push_back(broker.begin<CreateTopicsResponse>(create(topics++)));
    const auto refused = broker.wait_for<IncrementalAlterConfigsResponse>(large);
    EXPECT_TRUE(is_refusal(refused.responses.at(0).error_code));
    for (const auto& creation : creations)
      EXPECT_EQ(broker.wait_for<CreateTopicsResponse>(creation).topics.at(0).error_code, ErrorCode::kNone);
    // While this is on its way to the log, the next one is refused.
    const auto in_flight = broker.begin<CreateTopicsResponse>(create(topics++));
    const auto next = broker.ask<IncrementalAlterConfigsResponse>(oversized());
    EXPECT_TRUE(is_refusal(next.responses.at(0).error_code));
    EXPECT_EQ(broker.wait_for<CreateTopicsResponse>(in_flight).topics.at(0).error_code, ErrorCode::kNone);
  }
  broker.restart();
  const auto metadata = broker.ask<MetadataResponse>(MetadataRequest{.topics = std::nullopt});
  EXPECT_EQ(metadata.topics.size(), std::size_t(topics));
}

}  // namespace
}  // namespace thalweg::broker
