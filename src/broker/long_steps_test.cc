// A shard serves many: no request makes it work for long without giving way. What a simulation runs in one step is what
// a shard does in one go, so the longest step tells, in time of the processor.
#include <time.h>

#include <cstdio>

#include "base/log.h"
#include "broker/testing.h"
#include "protocol/create_partitions_request.h"
#include "protocol/create_partitions_response.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/delete_topics_request.h"
#include "protocol/delete_topics_response.h"
#include "protocol/incremental_alter_configs_request.h"
#include "protocol/incremental_alter_configs_response.h"

namespace thalweg::broker {
namespace {
using namespace std::chrono_literals;

// What a step may take of the whole, which a busy machine and a build with sanitizers change little: without giving way
// one step is nearly all of it. A release build on an idle machine prints how far from 50 ms each is.
constexpr int kShareMax = 2;

Instant processor_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

class LongSteps : public testing::Test {
 protected:
  void SetUp() override { log::set_level(log::Level::kError); }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  // Asks, and steps until the answer is there.
  template <class Response, class Request>
  Response ask(const char* what, Request request) {
    const auto answer = broker_.begin<Response>(std::move(request));
    Instant longest{0};
    const Instant begun = processor_time();
    while (!answer->has_value()) {
      const Instant before = processor_time();
      CHECK(broker_.world().simulation.step());
      longest = std::max(longest, processor_time() - before);
    }
    const Instant all = processor_time() - begun;
    std::printf("%-46s %6.1f ms of %7.1f ms\n", what, longest.count() / 1e6, all.count() / 1e6);
    EXPECT_LT(longest, all / kShareMax) << what;
    return broker_.wait_for(answer);
  }

  void create(const char* what, const std::string& prefix, int topics, int partitions) {
    protocol::CreateTopicsRequest request;
    for (int i = 0; i < topics; ++i) {
      auto& topic = request.topics.emplace_back();
      topic.name = prefix + std::to_string(i);
      topic.num_partitions = partitions;
      topic.replication_factor = 1;
    }
    const auto response = ask<protocol::CreateTopicsResponse>(what, request);
    ASSERT_EQ(response.topics.size(), std::size_t(topics));
    for (const auto& topic : response.topics) ASSERT_EQ(topic.error_code, ErrorCode::kNone) << topic.name;
  }

  void remove(const char* what, const std::string& prefix, int topics) {
    protocol::DeleteTopicsRequest request;
    for (int i = 0; i < topics; ++i) request.topics.emplace_back().name = prefix + std::to_string(i);
    const auto response = ask<protocol::DeleteTopicsResponse>(what, request);
    for (const auto& topic : response.responses) ASSERT_EQ(topic.error_code, ErrorCode::kNone);
  }

  void set_default(const char* what, const std::string& option, const std::string& value) {
    protocol::IncrementalAlterConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = 4;
    resource.configs.push_back({option, 0, value});
    const auto response = ask<protocol::IncrementalAlterConfigsResponse>(what, request);
    ASSERT_EQ(response.responses.front().error_code, ErrorCode::kNone);
  }

  BrokerUnderTest broker_{{}, 1};
};

TEST_F(LongSteps, ATopicOfThousandsOfPartitionsComesGrowsAndGoes) {
  create("create a topic of 5,000 partitions", "large", 1, 5000);
  protocol::CreatePartitionsRequest request;
  request.topics.push_back({.name = "large0", .count = 9000, .assignments = {}});
  ask<protocol::CreatePartitionsResponse>("add 4,000 partitions", request);
  set_default("change a default of 9,000 partitions", "log.retention.ms", "1000000");
  remove("delete a topic of 9,000 partitions", "large", 1);
}

TEST_F(LongSteps, ThousandsOfTopicsComeAndGo) {
  create("create 5,000 topics", "a-", 5000, 1);
  create("create 2,000 topics with dots in their names", "a.b.", 2000, 1);
  set_default("change a default of 7,000 topics", "log.retention.ms", "1000000");
  remove("delete 5,000 topics", "a-", 5000);
}

}  // namespace
}  // namespace thalweg::broker
