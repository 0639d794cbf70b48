#include <gtest/gtest.h>

#include "admin/consumer.h"
#include "admin/offsets.h"
#include "admin/producer.h"
#include "admin/testing.h"
#include "admin/topics.h"
#include "platform/testing.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/fetch_request.h"
#include "protocol/find_coordinator_request.h"
#include "protocol/find_coordinator_response.h"
#include "protocol/heartbeat_request.h"
#include "protocol/heartbeat_response.h"
#include "protocol/init_producer_id_request.h"
#include "protocol/init_producer_id_response.h"
#include "protocol/join_group_request.h"
#include "protocol/leave_group_request.h"
#include "protocol/leave_group_response.h"
#include "protocol/list_offsets_request.h"
#include "protocol/list_offsets_response.h"
#include "protocol/metadata_request.h"
#include "protocol/metadata_response.h"
#include "protocol/offset_commit_request.h"
#include "protocol/offset_commit_response.h"
#include "protocol/offset_fetch_request.h"
#include "protocol/offset_fetch_response.h"
#include "protocol/produce_request.h"
#include "protocol/produce_response.h"
#include "protocol/sync_group_request.h"
#include "protocol/sync_group_response.h"
#include "record/record.h"

namespace thalweg::admin {
namespace {
using namespace std::chrono_literals;
using namespace protocol;

TEST(ParseBootstrap, ReadsHostsWithPorts) {
  EXPECT_EQ(*parse_bootstrap("a:1, b:2"), (std::vector<Endpoint>{{"a", 1}, {"b", 2}}));
  EXPECT_EQ(*parse_bootstrap("[::1]:9092"), (std::vector<Endpoint>{{"::1", 9092}}));
  EXPECT_EQ(*parse_bootstrap("a", 9092), (std::vector<Endpoint>{{"a", 9092}}));
  EXPECT_EQ(*parse_bootstrap("::1,[::2],[::3]:7", 9092),
            (std::vector<Endpoint>{{"::1", 9092}, {"::2", 9092}, {"::3", 7}}));
  EXPECT_EQ(*parse_bootstrap("PLAINTEXT://a:1"), (std::vector<Endpoint>{{"a", 1}}));
  for (const char* bad : {"", "a", "a:", ":1", "a:70000", "a:x", "a:0", "a b:1", "http://", "a/b:1"})
    EXPECT_FALSE(parse_bootstrap(bad)) << bad;
}

// One broker and one client on a shard.
struct Scene {
  const Shard& shard;
  FakeBroker broker;
  Client client;

  explicit Scene(const Shard& s)
      : shard(s), broker(s), client(s, {.bootstrap = {{"127.0.0.1", 1}, broker.endpoint}, .retry_backoff = 1ms}) {}
};

void play(Task<> (*script)(Scene*)) {
  platform::TestShards shards;
  struct Run {
    static Task<> played(const Shard* shard, Task<> (*script)(Scene*)) {
      Scene scene(*shard);
      co_await script(&scene);
      scene.client.close();
      co_await scene.broker.stop();
    }
  };
  platform::run_on(shards[0], Run::played(&shards[0], script));
}

TEST(Client, TriesTheNextBootstrapBrokerWhenOneDoesNotAnswer) {
  play([](Scene* s) -> Task<> {
    s->broker.topics = {{"b", 2}, {"a", 1}};
    const auto topics = co_await list_topics(s->client);
    EXPECT_TRUE(topics);
    EXPECT_EQ(topics->size(), 2u);
    EXPECT_EQ(topics->front().name, "a");
  });
}

TEST(Topics, AreCreatedAlthoughTheControllerMovesMeanwhile) {
  play([](Scene* s) -> Task<> {
    s->broker.on<CreateTopicsRequest, CreateTopicsResponse>([s](const auto& request) {
      CreateTopicsResponse response;
      auto& result = response.topics.emplace_back();
      result.name = request.topics.at(0).name;
      if (s->broker.count(ApiKey::kCreateTopics) < 3) result.error_code = ErrorCode::kNotController;
      return response;
    });
    EXPECT_TRUE(co_await create_topic(s->client, {.name = "t"}));
    EXPECT_EQ(s->broker.count(ApiKey::kCreateTopics), 3);
  });
}

TEST(Topics, AreCreatedThroughAnybodyWhereTheControllerIsGone) {
  play([](Scene* s) -> Task<> {
    s->broker.on<MetadataRequest, MetadataResponse>([s](const auto&) {
      MetadataResponse response;
      const auto& here = s->broker.endpoint;
      response.brokers.push_back({.node_id = {1}, .host = here.host, .port = here.port, .rack = {}});
      response.brokers.push_back({.node_id = {2}, .host = here.host, .port = 1, .rack = {}});  // nobody is there
      response.controller_id = {2};
      return response;
    });
    s->broker.on<CreateTopicsRequest, CreateTopicsResponse>([](const auto& request) {
      CreateTopicsResponse response;
      response.topics.emplace_back().name = request.topics.at(0).name;
      return response;
    });
    const auto created = co_await create_topic(s->client, {.name = "t"});
    EXPECT_TRUE(created) << created.error().message;
  });
}

TEST(Topics, AnErrorThatDoesNotPassIsReportedAtOnceInTheBrokersWords) {
  play([](Scene* s) -> Task<> {
    s->broker.on<CreateTopicsRequest, CreateTopicsResponse>([](const auto&) {
      CreateTopicsResponse response;
      auto& result = response.topics.emplace_back();
      result.name = "t";
      result.error_code = ErrorCode::kTopicAlreadyExists;
      result.error_message = "Topic 't' already exists.";
      return response;
    });
    const auto created = co_await create_topic(s->client, {.name = "t"});
    EXPECT_EQ(created.error(), (Error{ErrorCode::kTopicAlreadyExists, "Topic 't' already exists."}));
    EXPECT_EQ(s->broker.count(ApiKey::kCreateTopics), 1);
  });
}

TEST(Topics, ManyAreOneRequestAndEachHasItsOutcome) {
  play([](Scene* s) -> Task<> {
    s->broker.on<CreateTopicsRequest, CreateTopicsResponse>([](const CreateTopicsRequest& request) {
      CreateTopicsResponse response;
      for (const auto& topic : request.topics) {
        auto& result = response.topics.emplace_back();
        result.name = topic.name;
        if (topic.name == "b") result.error_code = ErrorCode::kTopicAlreadyExists;
      }
      std::ranges::reverse(response.topics);  // in whatever order
      return response;
    });
    const auto outcomes = co_await create_topics(s->client, {{.name = "a"}, {.name = "b"}, {.name = "c"}});
    EXPECT_EQ(outcomes.size(), 3u);
    EXPECT_TRUE(outcomes.at(0) && outcomes.at(2));
    EXPECT_EQ(outcomes.at(1).error().code, ErrorCode::kTopicAlreadyExists);
    EXPECT_EQ(s->broker.count(ApiKey::kCreateTopics), 1);
  });
}

TEST(Offsets, OnlyWhatHasNoFinalAnswerIsAskedAgain) {
  play([](Scene* s) -> Task<> {
    s->broker.topics = {{"t", 2}};
    std::vector<std::size_t> asked;
    s->broker.on<ListOffsetsRequest, ListOffsetsResponse>([&asked](const auto& request) {
      ListOffsetsResponse response;
      response.topics.push_back({request.topics.at(0).name, {}});
      asked.push_back(request.topics.at(0).partitions.size());
      for (const auto& p : request.topics.at(0).partitions) {
        const bool moving = asked.size() == 1 && p.partition_index == PartitionId{1};
        auto& answer = response.topics.at(0).partitions.emplace_back();
        answer.partition_index = p.partition_index;
        answer.offset = Offset{10 + p.partition_index.value};
        if (moving) answer.error_code = ErrorCode::kNotLeaderOrFollower;
      }
      return response;
    });
    const TopicPartition t0{"t", {0}}, t1{"t", {1}}, beyond{"t", {2}}, none{"none", {0}};
    auto at = co_await list_offsets(s->client, {{t0, kLatest}, {t1, kLatest}, {beyond, kLatest}, {none, kLatest}});
    CHECK(at);
    EXPECT_EQ(asked, (std::vector<std::size_t>{2, 1}));
    EXPECT_EQ(at->at(t0)->offset, Offset{10});
    EXPECT_EQ(at->at(t1)->offset, Offset{11});
    EXPECT_EQ(at->at(beyond).error().code, ErrorCode::kUnknownTopicOrPartition);
    EXPECT_EQ(at->at(none).error().code, ErrorCode::kUnknownTopicOrPartition);
  });
}

TEST(Offsets, AreWaitedForAsLongAsTheirUserHasPatience) {
  play([](Scene* s) -> Task<> {
    s->broker.topics = {{"t", 1}};
    s->broker.on<ListOffsetsRequest, ListOffsetsResponse>([](const auto&) {
      ListOffsetsResponse response;
      auto& topic = response.topics.emplace_back();
      topic.name = "t";
      topic.partitions.emplace_back().error_code = ErrorCode::kOffsetNotAvailable;
      return response;
    });
    const TopicPartition t0{"t", {0}};
    const Instant began = s->shard.clock.now();
    const auto at = co_await list_offsets(s->client, {{t0, kLatest}}, false, 50ms);
    CHECK(at);
    EXPECT_EQ(at->at(t0).error().code, ErrorCode::kOffsetNotAvailable);
    EXPECT_LT(s->shard.clock.now() - began, s->client.options().api_timeout / 2);
  });
}

// What a broker would have written: producer id, first sequence and values of each batch, in order of arrival.
struct Written {
  std::int64_t producer;
  std::int32_t sequence;
  std::vector<std::string> values;
  friend bool operator==(const Written&, const Written&) = default;
};
Written read_batch(const ProduceRequest& request) {
  const SharedBytes bytes = *request.topic_data.at(0).partition_data.at(0).records;
  const auto batch = record::BatchView::at(bytes);
  CHECK(batch && batch->crc_ok());
  Written out{batch->producer_id().value, batch->base_sequence(), {}};
  auto records = record::RecordReader::open(*batch);
  CHECK(records);
  for (;;) {
    const auto record = records->next();
    CHECK(record);
    if (!*record) return out;
    out.values.emplace_back(as_text(*(*record)->value));
  }
}
ProduceResponse answer_produce(const ProduceRequest& request, ErrorCode code) {
  ProduceResponse response;
  const auto& topic = request.topic_data.at(0);
  auto& partition =
      response.responses.emplace_back(ProduceResponse::TopicProduceResponse{topic.name, topic.topic_id, {}})
          .partition_responses.emplace_back();
  partition.index = topic.partition_data.at(0).index;
  partition.error_code = code;
  return response;
}
void offer_producer_ids(FakeBroker& broker) {
  broker.on<InitProducerIdRequest, InitProducerIdResponse>([&broker](const auto&) {
    InitProducerIdResponse response;
    response.producer_id = {100 + broker.count(ApiKey::kInitProducerId)};
    response.producer_epoch = {0};
    return response;
  });
}
Message message(std::string value) {
  return {.topic = "t", .partition = {}, .key = {}, .value = std::move(value), .headers = {}, .timestamp = {}};
}

TEST(Producer, KeepsOrderAndSequenceWhenABatchHasToBeSentAgain) {
  play([](Scene* s) -> Task<> {
    s->broker.topics = {{"t", 1}};
    offer_producer_ids(s->broker);
    std::vector<Written> written;
    s->broker.on<ProduceRequest, ProduceResponse>([&](const auto& request) {
      const bool refuse = s->broker.count(ApiKey::kProduce) == 1;
      if (!refuse) written.push_back(read_batch(request));
      return answer_produce(request, refuse ? ErrorCode::kNotLeaderOrFollower : ErrorCode::kNone);
    });
    const auto producer = Producer::create(s->client, {.batch_size = 200});
    int delivered = 0;
    for (int i = 0; i < 3; ++i)
      co_await producer->send(message(std::string(100, static_cast<char>('a' + i))),
                              [&](auto result) { delivered += result.has_value(); });
    co_await producer->close();
    EXPECT_EQ(delivered, 3);
    std::int32_t sequence = 0;
    std::string order;
    for (const auto& batch : written) {
      EXPECT_EQ(batch.producer, 101);
      EXPECT_EQ(batch.sequence, sequence);
      sequence += static_cast<std::int32_t>(batch.values.size());
      for (const auto& value : batch.values) order += value[0];
    }
    EXPECT_EQ(order, "abc");
  });
}

TEST(Producer, GoesOnWithANewIdBehindABatchThatFailedForGood) {
  play([](Scene* s) -> Task<> {
    s->broker.topics = {{"t", 1}};
    offer_producer_ids(s->broker);
    std::vector<Written> written;
    s->broker.on<ProduceRequest, ProduceResponse>([&](const auto& request) {
      written.push_back(read_batch(request));
      return answer_produce(request, written.size() == 1 ? ErrorCode::kMessageTooLarge : ErrorCode::kNone);
    });
    const auto producer = Producer::create(s->client, {});
    const auto lost = co_await producer->send_and_wait(message("large"));
    EXPECT_EQ(lost.error().code, ErrorCode::kMessageTooLarge);
    EXPECT_TRUE(co_await producer->send_and_wait(message("small")));
    co_await producer->close();
    EXPECT_EQ(written, (std::vector<Written>{{101, 0, {"large"}}, {102, 0, {"small"}}}));
  });
}

TEST(Producer, LeavesIdsOutWhereTheClusterHasNone) {
  play([](Scene* s) -> Task<> {
    s->broker.topics = {{"t", 1}};
    std::vector<Written> written;
    s->broker.on<ProduceRequest, ProduceResponse>([&](const auto& request) {
      written.push_back(read_batch(request));
      return answer_produce(request, ErrorCode::kNone);
    });
    const auto producer = Producer::create(s->client, {});
    EXPECT_TRUE(co_await producer->send_and_wait(message("x")));
    co_await producer->close();
    EXPECT_EQ(written, (std::vector<Written>{{-1, -1, {"x"}}}));
  });
}

TEST(Producer, LetsSeveralSendersWaitForRoomAndForTheEnd) {
  play([](Scene* s) -> Task<> {
    s->broker.topics = {{"t", 1}};
    s->broker.on<ProduceRequest, ProduceResponse>(
        [](const auto& request) { return answer_produce(request, ErrorCode::kNone); });
    const auto producer = Producer::create(s->client, {.batch_size = 1, .buffer_size = 1});
    // Each waits for the room that the others take.
    OneShot<bool> all_sent;
    int sent = 0;
    for (int i = 0; i < 3; ++i)
      spawn(s->shard, [](std::shared_ptr<Producer> to, int* count, OneShot<bool> all) -> Task<> {
        for (int j = 0; j < 4; ++j) co_await to->send(message("x"));
        if (++*count == 3) all.set(true);
      }(producer, &sent, all_sent));
    co_await all_sent.wait();
    co_await producer->close();
    EXPECT_EQ(s->broker.count(ApiKey::kProduce), 12);
  });
}

TEST(Client, IsToldWhomItReachesAndWhomNot) {
  play([](Scene* s) -> Task<> {
    std::vector<std::pair<Endpoint, bool>> told;
    s->client.watch(
        [&](const Endpoint& endpoint, const Error* error) { told.emplace_back(endpoint, error == nullptr); });
    EXPECT_TRUE(co_await s->client.any(s->client.api_deadline()));
    EXPECT_EQ(told, (std::vector<std::pair<Endpoint, bool>>{{{"127.0.0.1", 1}, false}, {s->broker.endpoint, true}}));
  });
}

TEST(Client, EndsNoCallBehindItsLimit) {
  play([](Scene* s) -> Task<> {
    const Instant limit = s->shard.clock.now() + 50ms;
    s->client.limit(limit);
    EXPECT_EQ(s->client.api_deadline(), limit);
    Client lost(s->shard, {.bootstrap = {{"127.0.0.1", 1}}, .retry_backoff = 1ms});
    lost.limit(limit);
    EXPECT_FALSE(co_await list_topics(lost));
    EXPECT_FALSE(co_await list_topics(lost));
    EXPECT_LT(s->shard.clock.now(), limit + 5s);
  });
}

// A group of one, and a partition with three records.
struct Group {
  int joins = 0;
  std::vector<std::int64_t> committed;
  bool left = false;
};
void offer_group(Scene* s, Group* group) {
  auto& broker = s->broker;
  broker.topics = {{"t", 1}};
  broker.on<FindCoordinatorRequest, FindCoordinatorResponse>([s](const auto& request) {
    FindCoordinatorResponse response;
    response.coordinators.push_back(
        {request.coordinator_keys.at(0), {1}, s->broker.endpoint.host, s->broker.endpoint.port, ErrorCode::kNone, {}});
    return response;
  });
  broker.on<JoinGroupRequest, JoinGroupResponse>([group](const auto& request) {
    JoinGroupResponse response;
    response.member_id = response.leader = "m";
    if (++group->joins == 1) response.error_code = ErrorCode::kMemberIdRequired;
    response.generation_id = 1;
    response.protocol_type = "consumer";
    response.protocol_name = "range";
    response.members.push_back({"m", {}, request.protocols.at(0).metadata});
    return response;
  });
  broker.on<SyncGroupRequest, SyncGroupResponse>([](const auto& request) {
    SyncGroupResponse response;
    response.assignment = request.assignments.at(0).assignment;
    return response;
  });
  broker.on<OffsetFetchRequest, OffsetFetchResponse>([](const auto& request) {
    OffsetFetchResponse response;
    response.groups.push_back({request.groups.at(0).group_id, {}, ErrorCode::kNone});
    return response;
  });
  broker.on<ListOffsetsRequest, ListOffsetsResponse>([](const auto& request) {
    ListOffsetsResponse response;
    auto& p = response.topics.emplace_back(ListOffsetsResponse::ListOffsetsTopicResponse{request.topics.at(0).name, {}})
                  .partitions.emplace_back();
    p.offset = {0};
    return response;
  });
  broker.on<OffsetCommitRequest, OffsetCommitResponse>([group](const auto& request) {
    group->committed.push_back(request.topics.at(0).partitions.at(0).committed_offset.value);
    OffsetCommitResponse response;
    response.topics.push_back({request.topics.at(0).name, {}, {{{0}, ErrorCode::kNone}}});
    return response;
  });
  broker.on<LeaveGroupRequest, LeaveGroupResponse>([group](const auto&) {
    group->left = true;
    return LeaveGroupResponse{};
  });
  broker.on<HeartbeatRequest, HeartbeatResponse>([](const auto&) { return HeartbeatResponse{}; });
}
void offer_records(FakeBroker& broker, SharedBytes records) {
  broker.on<FetchRequest, FetchResponse>([records](const auto& request) {
    FetchResponse response;
    const auto& topic = request.topics.at(0);
    auto& p = response.responses.emplace_back(FetchResponse::FetchableTopicResponse{topic.topic, topic.topic_id, {}})
                  .partitions.emplace_back();
    p.records = topic.partitions.at(0).fetch_offset.value < 3 ? Pieces{records} : Pieces{};
    return response;
  });
}
SharedBytes three_records() {
  record::BatchBuilder batch;
  for (const char* value : {"a", "b", "c"}) batch.append({1, {}, as_bytes(value), {}});
  return batch.build();
}

TEST(Consumer, JoinsItsGroupReadsCommitsAndLeaves) {
  play([](Scene* s) -> Task<> {
    Group group;
    offer_group(s, &group);
    offer_records(s->broker, three_records());
    const auto consumer = Consumer::create(s->client, {.group = "g", .reset = kEarliest});
    consumer->subscribe({"t"});
    const auto records = co_await consumer->poll(s->shard.clock.now() + 5s);
    EXPECT_TRUE(records);
    std::string values;
    for (const auto& record : *records) values += *record.value;
    EXPECT_EQ(values, "abc");
    EXPECT_EQ(group.joins, 2);  // the first one only brings the member id
    EXPECT_EQ(consumer->assignment(), (std::set<TopicPartition>{{"t", {0}}}));
    consumer->seek({"t", {0}}, Offset{2});  // "c" was not used
    co_await consumer->close();
    EXPECT_EQ(group.committed, std::vector<std::int64_t>{2});
    EXPECT_TRUE(group.left);
  });
}

TEST(Consumer, FailsAtOnceWhenNothingIsCommittedAndNothingSaysWhereToBegin) {
  play([](Scene* s) -> Task<> {
    Group group;
    offer_group(s, &group);
    const auto consumer = Consumer::create(s->client, {.group = "g", .reset = std::nullopt});
    consumer->subscribe({"t"});
    const auto records = co_await consumer->poll(s->shard.clock.now() + 5s);
    CHECK(!records);
    EXPECT_EQ(records.error(),
              (Error{ErrorCode::kOffsetOutOfRange, "Undefined offset with no reset policy for partitions: [t-0]"}));
    co_await consumer->close();
    EXPECT_TRUE(group.left);
  });
}

TEST(Consumer, BeginsInsideABatchAtTheOffsetAskedFor) {
  play([](Scene* s) -> Task<> {
    s->broker.topics = {{"t", 1}};
    offer_records(s->broker, three_records());
    const auto consumer = Consumer::create(s->client, {});
    consumer->assign({{{"t", {0}}, 1}});
    const auto records = co_await consumer->poll(s->shard.clock.now() + 5s);
    EXPECT_TRUE(records);
    EXPECT_EQ(records->size(), 2u);
    EXPECT_EQ(records->front().offset, Offset{1});
    co_await consumer->close();
  });
}

TEST(Consumer, ReturnsNothingAtTheDeadlineAndAfterWakeup) {
  play([](Scene* s) -> Task<> {
    s->broker.topics = {{"t", 1}};
    const auto consumer = Consumer::create(s->client, {});
    consumer->assign({{{"t", {0}}, 3}});
    offer_records(s->broker, three_records());
    const auto late = co_await consumer->poll(s->shard.clock.now() + 20ms);
    EXPECT_TRUE(late && late->empty());
    consumer->wakeup();
    const auto woken = co_await consumer->poll(s->shard.clock.now() + 1h);
    EXPECT_TRUE(woken && woken->empty());
    co_await consumer->close();
  });
}

}  // namespace
}  // namespace thalweg::admin
