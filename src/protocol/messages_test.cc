// All messages in all versions, and what generated code promises about a few of them.
#include <gtest/gtest.h>

#include "protocol/api.h"
#include "protocol/api_versions_request.h"
#include "protocol/create_topics_request.h"
#include "protocol/describe_topic_partitions_request.h"
#include "protocol/fetch_request.h"
#include "protocol/fetch_response.h"
#include "protocol/incremental_alter_configs_request.h"
#include "protocol/metadata_request.h"
#include "protocol/offset_commit_value.h"
#include "protocol/produce_request.h"
#include "protocol/request_header.h"
#include "protocol/testing/registry_entry.h"

namespace thalweg::protocol {
namespace {

TEST(Messages, SurviveARoundTripInEveryVersion) {
  constexpr std::uint32_t kSeeds = 12;
  for (const auto& message : all_messages()) {
    for (std::int16_t version = message.min_version; version <= message.max_version; ++version) {
      for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
        const std::string trouble = message.round_trip(seed, version);
        ASSERT_EQ(trouble, "") << message.name << " version " << version << " seed " << seed;
      }
    }
  }
}

TEST(Messages, CutAnywhereAreRefusedOrShorterButNeverReadPastTheEnd) {
  for (const auto& message : all_messages()) {
    for (std::int16_t version = message.min_version; version <= message.max_version; ++version) {
      const SharedBytes whole = message.encode_filled(7, version);
      for (std::size_t size = 0; size < whole.size(); size += 1 + size / 16) {
        // A copy of exactly that size, so that a sanitizer sees a read behind it.
        const auto result = message.recode(SharedBytes::copy_of(whole.view().first(size)), version);
        if (!result) {
          EXPECT_EQ(result.error().code, ErrorCode::kInvalidRequest);
        } else {
          EXPECT_EQ(result->size(), size) << message.name << " version " << version;
        }
      }
    }
  }
}

TEST(Messages, WithAForeignTaggedFieldAreReadWithoutIt) {
  for (const auto& message : all_messages()) {
    const std::int16_t version = message.max_version;
    if (version < message.flexible_from || message.name == "ResponseHeader") continue;
    const SharedBytes plain = message.encode_filled(3, version);
    // The outermost tag section ends the message. Where it is empty, one field with a high tag takes its place.
    if (plain.view().back() != std::byte{0}) continue;
    std::vector<std::byte> extended(plain.view().begin(), plain.view().end() - 1);
    for (const int byte : {1, 0xf0, 0x07, 2, 0xca, 0xfe}) extended.push_back(static_cast<std::byte>(byte));
    const auto result = message.recode(SharedBytes::take(extended), version);
    // A last field that happens to end in a zero byte makes the guess above wrong; then it does not parse.
    if (result) {
      EXPECT_EQ(*result, plain) << message.name;
    }
  }
}

TEST(Messages, RefuseVersionsTheyDoNotHave) {
  Reader reader(SharedBytes{});
  const auto result = FetchRequest::decode(reader, 3);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(result.error().message, "FetchRequest has versions 4 to 18, not 3");
}

TEST(Messages, LeaveWhatFollowsThemInTheReader) {
  Writer writer;
  RequestHeader header;
  header.request_api_key = 3;
  header.client_id = "me";
  header.encode(writer, 2);
  MetadataRequest request;
  request.encode(writer, 9);
  Reader reader(writer.take_bytes());
  EXPECT_EQ(RequestHeader::decode(reader, 2)->client_id, "me");
  EXPECT_TRUE(MetadataRequest::decode(reader, 9));
  EXPECT_EQ(reader.remaining(), 0u);
}

TEST(Messages, StartWithTheDefaultsOfTheSchema) {
  const FetchRequest fetch;
  EXPECT_EQ(fetch.max_bytes, 0x7fffffff);
  EXPECT_EQ(fetch.replica_id, kNoBroker);
  EXPECT_FALSE(fetch.cluster_id);
  const FetchRequest::FetchPartition partition;
  EXPECT_EQ(partition.current_leader_epoch, kNoLeaderEpoch);
  EXPECT_EQ(partition.high_watermark, Offset{0x7fffffffffffffff});
  EXPECT_FALSE(ProduceRequest::PartitionProduceData().records);
  EXPECT_TRUE(MetadataRequest().allow_auto_topic_creation);
}

TEST(Messages, KeepTheClientIdRigidInFlexibleRequestHeaders) {
  RequestHeader header;
  header.client_id = "c";
  const SharedBytes bytes = encoded(header, 2);
  EXPECT_EQ(as_text(bytes.view().last(4)), std::string_view("\0\1c\0", 4));
}

TEST(Messages, SayWhichValueAVersionCannotCarry) {
  FetchRequest fetch;
  fetch.forgotten_topics_data.emplace_back();
  const auto old = fetch.representable(4);
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().code, ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(old.error().message, "FetchRequest version 4 cannot carry forgotten_topics_data");
  EXPECT_TRUE(fetch.representable(7));

  MetadataRequest every_topic;
  every_topic.topics.reset();
  EXPECT_FALSE(every_topic.representable(0));
  EXPECT_TRUE(every_topic.representable(1));

  OffsetCommitValue commit;
  commit.leader_epoch = LeaderEpoch{5};  // ignorable
  EXPECT_TRUE(commit.representable(2));
}

TEST(Messages, ShareTheFrameWithTheRecordsTheyCarry) {
  ProduceRequest request;
  request.topic_data.emplace_back().partition_data.emplace_back().records = SharedBytes::copy_of("batch");
  const SharedBytes frame = encoded(request, 9);
  Reader reader(frame);
  const auto decoded = ProduceRequest::decode(reader, 9);
  ASSERT_TRUE(decoded);
  const SharedBytes records = *decoded->topic_data[0].partition_data[0].records;
  EXPECT_EQ(records.text(), "batch");
  EXPECT_GE(records.data(), frame.data());
  EXPECT_LT(records.data(), frame.data() + frame.size());
}

TEST(Messages, PrintNamesAndValuesButNotContents) {
  FetchResponse response;
  auto& partition = response.responses.emplace_back().partitions.emplace_back();
  partition.error_code = ErrorCode::kNotLeaderOrFollower;
  partition.records = Pieces{SharedBytes::copy_of("secret")};
  const std::string text = to_string(response);
  EXPECT_TRUE(text.starts_with("FetchResponse{throttle_time_ms=0, ")) << text;
  EXPECT_NE(text.find("error_code=NOT_LEADER_OR_FOLLOWER"), std::string::npos) << text;
  EXPECT_NE(text.find("records=<6 bytes>"), std::string::npos) << text;
}

TEST(Messages, DoNotPrintValuesOfConfigurations) {
  IncrementalAlterConfigsRequest request;
  auto& config = request.resources.emplace_back().configs.emplace_back();
  config.name = "ssl.keystore.password";
  config.value = "changeit";
  const std::string text = to_string(request);
  EXPECT_NE(text.find("name=ssl.keystore.password"), std::string::npos) << text;
  EXPECT_EQ(text.find("changeit"), std::string::npos) << text;
}

TEST(Api, ListsKeysInOrderWithTheirVersions) {
  std::int16_t last = -1;
  for (const auto& api : all_apis()) {
    EXPECT_GT(static_cast<std::int16_t>(api.key), last);
    last = static_cast<std::int16_t>(api.key);
    EXPECT_EQ(find_api(last), &api);
    EXPECT_LE(api.advertised_max, api.max_version);
  }
  EXPECT_EQ(last, 20001);  // ours: what is beyond kApiKeyMax
  EXPECT_NE(find_api(kApiKeyMax), nullptr);
  EXPECT_EQ(find_api(4), nullptr);  // retired
  EXPECT_EQ(find_api(-1), nullptr);
  EXPECT_EQ(find_api(95), nullptr);
  EXPECT_EQ(name(ApiKey::kFetch), "Fetch");
}

TEST(Api, AdvertisesProduceFromZeroAndHidesTheUnstable) {
  EXPECT_EQ(info(ApiKey::kProduce).advertised_min, 0);
  EXPECT_FALSE(info(ApiKey::kProduce).decodes(0));
  EXPECT_TRUE(info(ApiKey::kInitProducerId).decodes(6));
  EXPECT_EQ(info(ApiKey::kInitProducerId).advertised_max, 5);
}

TEST(Api, ServesTheVersionsThatOldClientsSend) {
  EXPECT_TRUE(info(ApiKey::kOffsetCommit).decodes(1));
  EXPECT_TRUE(info(ApiKey::kCreateTopics).decodes(0));
  EXPECT_TRUE(info(ApiKey::kDeleteTopics).decodes(0));
  EXPECT_TRUE(info(ApiKey::kDescribeConfigs).decodes(0));
  EXPECT_TRUE(info(ApiKey::kDescribeAcls).decodes(0));
  EXPECT_TRUE(info(ApiKey::kListOffsets).decodes(0));
  EXPECT_TRUE(info(ApiKey::kDescribeLogDirs).decodes(0));
  EXPECT_TRUE(info(ApiKey::kJoinGroup).decodes(0));
}

TEST(Api, KnowsWhichHeaderGoesInFront) {
  EXPECT_EQ(request_header_version(ApiKey::kMetadata, 8), 1);
  EXPECT_EQ(request_header_version(ApiKey::kMetadata, 9), 2);
  EXPECT_EQ(response_header_version(ApiKey::kMetadata, 8), 0);
  EXPECT_EQ(response_header_version(ApiKey::kMetadata, 9), 1);
  EXPECT_EQ(request_header_version(ApiKey::kSaslHandshake, 1), 1);
  EXPECT_EQ(request_header_version(ApiKey::kApiVersions, 99), 2);
  EXPECT_EQ(response_header_version(ApiKey::kApiVersions, 3), 0);
}

}  // namespace
}  // namespace thalweg::protocol
