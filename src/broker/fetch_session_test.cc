#include "broker/fetch_session.h"

#include <gtest/gtest.h>

namespace thalweg::broker {
namespace {

using protocol::FetchRequest;
using protocol::FetchResponse;

constexpr std::int16_t kByName = 12;
constexpr std::int16_t kById = 13;

FetchRequest request(std::int32_t session, std::int32_t epoch, std::vector<std::string> topics) {
  FetchRequest r;
  r.session_id = session;
  r.session_epoch = epoch;
  for (auto& name : topics) {
    auto& topic = r.topics.emplace_back();
    topic.topic = std::move(name);
    auto& partition = topic.partitions.emplace_back();
    partition.partition = PartitionId{0};
    partition.partition_max_bytes = 1000;
  }
  return r;
}

FetchResponse answer(const FetchContext& context, Offset high_watermark, std::string_view records = {}) {
  FetchResponse response;
  for (const auto& partition : context.partitions) {
    auto& topic = response.responses.emplace_back();
    topic.topic = partition.topic;
    auto& data = topic.partitions.emplace_back();
    data.partition_index = partition.partition;
    data.high_watermark = high_watermark;
    data.log_start_offset = Offset{0};
    data.records.emplace();
    if (!records.empty()) data.records->push_back(SharedBytes::copy_of(records));
  }
  return response;
}

struct Opened {
  FetchSessionCache cache{10, 7, 64};
  std::int32_t id = 0;
  explicit Opened(std::vector<std::string> topics) {
    auto context = cache.begin(request(0, 0, std::move(topics)), kByName, Instant{0});
    EXPECT_TRUE(context);
    auto response = answer(*context, Offset{5});
    finish_fetch(*context, response);
    id = response.session_id;
  }
};

TEST(FetchSession, ARequestThatWaitsIsToldWhenTheNextOneComes) {
  Opened session({"a"});
  const auto waiting = session.cache.begin(request(session.id, 1, {}), kByName, Instant{0});
  ASSERT_TRUE(waiting);
  const auto superseded = waiting->park();
  ASSERT_TRUE(superseded);
  EXPECT_FALSE(session.cache.begin(request(session.id, 9, {}), kByName, Instant{0})) << "of no session that there is";
  EXPECT_FALSE(superseded->given());
  const auto next = session.cache.begin(request(session.id, 2, {}), kByName, Instant{0});
  EXPECT_TRUE(superseded->given());
  EXPECT_FALSE(next->park()->given());
  EXPECT_FALSE(session.cache.begin(request(0, -1, {"a"}), kByName, Instant{0})->park()) << "without a session";
}

TEST(FetchSession, IsNotMadeForAClientThatWantsNone) {
  FetchSessionCache cache(10, 1, 64);
  const auto context = cache.begin(request(0, -1, {"a"}), kByName, Instant{0});
  ASSERT_TRUE(context);
  EXPECT_EQ(context->session, nullptr);
  EXPECT_EQ(cache.size(), 0u);
}

TEST(FetchSession, RemembersPartitionsAndLeavesOutThoseWithoutNews) {
  Opened opened({"a", "b"});
  EXPECT_EQ(opened.id, 7);
  auto context = opened.cache.begin(request(opened.id, 1, {}), kByName, Instant{0});
  ASSERT_TRUE(context);
  EXPECT_EQ(context->partitions.size(), 2u);
  auto response = answer(*context, Offset{5});
  response.responses[1].partitions[0].high_watermark = Offset{6};
  finish_fetch(*context, response);
  ASSERT_EQ(response.responses.size(), 1u);
  EXPECT_EQ(response.responses[0].topic, "b");
  EXPECT_EQ(response.session_id, opened.id);
}

// Without a broker nothing can rest, so this only sees that no more is served than has news or was named.
TEST(FetchSession, AnswersWhichPartitionsHadNoNews) {
  Opened opened({"a", "b", "c"});
  const auto context = opened.cache.begin(request(opened.id, 1, {}), kByName, Instant{0});
  ASSERT_TRUE(context);
  auto response = answer(*context, Offset{5});
  response.responses[1].partitions[0].high_watermark = Offset{6};
  EXPECT_EQ(finish_fetch(*context, response), (std::vector<std::size_t>{0, 2}));
  EXPECT_FALSE(context->others_rest());
}

TEST(FetchSession, RefusesAnEpochThatIsNotTheNextAndAnUnknownId) {
  Opened opened({"a"});
  EXPECT_EQ(opened.cache.begin(request(opened.id, 2, {}), kByName, Instant{0}).error().code,
            ErrorCode::kInvalidFetchSessionEpoch);
  EXPECT_EQ(opened.cache.begin(request(99, 1, {}), kByName, Instant{0}).error().code,
            ErrorCode::kFetchSessionIdNotFound);
}

TEST(FetchSession, RefusesToMixNamesAndIds) {
  Opened opened({"a"});
  EXPECT_EQ(opened.cache.begin(request(opened.id, 1, {}), kById, Instant{0}).error().code,
            ErrorCode::kFetchSessionTopicIdError);
}

TEST(FetchSession, MovesPartitionsThatReturnedDataToTheEnd) {
  Opened opened({"a", "b"});
  auto context = opened.cache.begin(request(opened.id, 1, {}), kByName, Instant{0});
  ASSERT_TRUE(context);
  auto response = answer(*context, Offset{5});
  response.responses[0].partitions[0].records->push_back(SharedBytes::copy_of(std::string_view("x")));
  finish_fetch(*context, response);
  context = opened.cache.begin(request(opened.id, 2, {}), kByName, Instant{0});
  ASSERT_TRUE(context);
  EXPECT_EQ(context->partitions[0].topic, "b");
  EXPECT_EQ(context->partitions[1].topic, "a");
}

TEST(FetchSession, AnErrorMakesTheNextGoodAnswerNews) {
  Opened opened({"a"});
  auto context = opened.cache.begin(request(opened.id, 1, {}), kByName, Instant{0});
  auto response = answer(*context, Offset{5});
  response.responses[0].partitions[0].error_code = ErrorCode::kNotLeaderOrFollower;
  finish_fetch(*context, response);
  EXPECT_EQ(response.responses.size(), 1u);
  context = opened.cache.begin(request(opened.id, 2, {}), kByName, Instant{0});
  response = answer(*context, Offset{5});
  finish_fetch(*context, response);
  EXPECT_EQ(response.responses.size(), 1u);
}

TEST(FetchSession, EndsWhenItsLastPartitionIsForgotten) {
  Opened opened({"a"});
  auto forget = request(opened.id, 1, {});
  auto& topic = forget.forgotten_topics_data.emplace_back();
  topic.topic = "a";
  topic.partitions = {PartitionId{0}};
  const auto context = opened.cache.begin(forget, kByName, Instant{0});
  ASSERT_TRUE(context);
  EXPECT_EQ(context->session, nullptr);
  EXPECT_EQ(opened.cache.size(), 0u);
}

TEST(FetchSession, AFullCacheGivesWayOnlyToLargerOrAfterTwoMinutes) {
  FetchSessionCache cache(1, 1, 64);
  ASSERT_TRUE(cache.begin(request(0, 0, {"a"}), kByName, Instant{0})->session);
  EXPECT_FALSE(cache.begin(request(0, 0, {"b", "c"}), kByName, std::chrono::seconds(60))->session);
  EXPECT_TRUE(cache.begin(request(0, 0, {"b"}), kByName, std::chrono::seconds(121))->session);
  EXPECT_EQ(cache.size(), 1u);
}

}  // namespace
}  // namespace thalweg::broker
