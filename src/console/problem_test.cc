#include "console/problem.h"

#include <gtest/gtest.h>

#include "console/api_reading.h"
#include "console/first_questions.h"
#include "console/inflate.h"

namespace thalweg::console {
namespace {

std::string text_of(const http::Response& response) { return std::get<std::string>(response.body); }

TEST(Problem, SaysKafkasNameAndWhatToDo) {
  const auto response = response_of(
      problem_of(ErrorCode::kUnknownTopicOrPartition, "There is no topic orders.v9", "orders.v1 is the nearest name"));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.headers.find("Content-Type"), "application/problem+json");
  EXPECT_EQ(text_of(response),
            R"({"type":"/problems/unknown-topic-or-partition","title":"There is no topic orders.v9","status":404,)"
            R"("code":"UNKNOWN_TOPIC_OR_PARTITION","hint":"orders.v1 is the nearest name"})"
            "\n");
}

TEST(Problem, WhatPassesIs503AndSaysWhenToComeAgain) {
  const auto response = response_of(problem_of(ErrorCode::kCoordinatorLoadInProgress));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.find("Retry-After"), "1");
  EXPECT_EQ(status_of(ErrorCode::kUnknownServerError), 500);
  EXPECT_EQ(status_of(ErrorCode::kGroupAuthorizationFailed), 403);
  EXPECT_EQ(status_of(ErrorCode::kNonEmptyGroup), 409);
}

http::Request request_with(http::Query query) {
  http::Request request;
  request.query = std::move(query);
  return request;
}

TEST(Reading, TakesWhatWasSentAndKeepsDefaults) {
  const auto asked =
      GetTopics::read(request_with({{"q", "a"}, {"show", "internal"}, {"limit", "7"}, {"unknown", "x"}}));
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->q, "a");
  EXPECT_EQ(asked->show, TopicShow::kInternal);
  EXPECT_EQ(asked->limit, 7);
  EXPECT_EQ(asked->from, 0);
  EXPECT_EQ(asked->sort, "name");
}

TEST(Reading, NamesTheParameterThatIsWrong) {
  for (const auto& [name, value] :
       http::Query{{"limit", "many"}, {"from", "1e3"}, {"show", "some"}, {"limit", "99999999999"}}) {
    const auto asked = GetTopics::read(request_with({{name, value}}));
    ASSERT_FALSE(asked) << name;
    EXPECT_EQ(asked.error().status, 400);
    EXPECT_EQ(asked.error().fields->front().path, name);
  }
}

http::Request request_with_body(std::string_view type, std::string_view body) {
  http::Request request;
  request.head.headers = {{"Content-Type", std::string(type)}};
  request.body = SharedBytes::copy_of(body);
  return request;
}

TEST(Reading, ABodyIsJsonOfTheRightShape) {
  EXPECT_EQ(
      PostSession::read(request_with_body("application/json; charset=utf-8", R"({"token":"t","more":1})"))->body.token,
      "t");
  EXPECT_EQ(PostSession::read(request_with_body("text/plain", R"({"token":"t"})")).error().status, 415);
  EXPECT_EQ(PostSession::read(request_with_body("application/json", "{")).error().status, 400);
  EXPECT_EQ(PostSession::read(request_with_body("application/json", "[]")).error().fields->front().path, "/");
  EXPECT_EQ(PostSession::read(request_with_body("application/json", "{}")).error().fields->front().path, "/token");
  EXPECT_EQ(PostSession::read(request_with_body("application/json", R"({"token":7})")).error().fields->front().path,
            "/token");
}

TEST(Writing, IntegersAreExactAndWhatIsMissingIsLeftOut) {
  std::string text;
  append_json(text, Partition{.partition = 1, .epoch = 0, .replicas = {1, 2}, .end = INT64_MAX, .offline = false});
  EXPECT_EQ(
      text,
      R"({"partition":1,"epoch":0,"replicas":[1,2],"in_sync":[],"adding":[],"removing":[],"end":9223372036854775807,"offline":false})");
}

TEST(Writing, NamesThatStrangersChoseStayInTheirQuotes) {
  std::string text;
  append_json(text, Name{.kind = NameKind::kGroup, .name = "a\"<b>\n\xff", .detail = {}});
  EXPECT_EQ(text, "{\"kind\":\"group\",\"name\":\"a\\\"<b>\\n\xef\xbf\xbd\"}");
}

TEST(Pages, NoTextEndsTheScriptElement) {
  EXPECT_EQ(within_script(R"({"a":"</script><script>"})"), R"({"a":"\u003c/script>\u003cscript>"})");
}

TEST(Pages, AskFirstWhatTheirScreenShows) {
  const auto after_the_two = [](std::string_view target) {
    auto questions = first_questions(target);
    EXPECT_EQ(questions.at(0), "/api/v1/session");
    EXPECT_EQ(questions.at(1), "/api/v1/cluster");
    questions.erase(questions.begin(), questions.begin() + 2);
    return questions;
  };
  using Questions = std::vector<std::string>;
  EXPECT_EQ(after_the_two("/topics"), (Questions{"/api/v1/topics?show=all&from=0&limit=100"}));
  EXPECT_EQ(after_the_two("/topics?q=a"), Questions());
  EXPECT_EQ(after_the_two("/groups/a%2Fb/lag"),
            (Questions{"/api/v1/groups/a%2Fb", "/api/v1/groups/a%2Fb/partitions?sort=-lag&from=0&limit=100"}));
  EXPECT_EQ(after_the_two("/"), (Questions{"/api/v1/brokers", "/api/v1/attention", "/api/v1/quorum"}));
  EXPECT_EQ(after_the_two("/elsewhere/and/further"), Questions());
  EXPECT_EQ(after_the_two("http://host/topics"), Questions());
}

TEST(Gzip, IsAcceptedWhereItIsSaid) {
  EXPECT_TRUE(accepts_gzip("gzip, deflate, br"));
  EXPECT_TRUE(accepts_gzip("br;q=1.0, GZIP;q=0.5"));
  EXPECT_FALSE(accepts_gzip(""));
  EXPECT_FALSE(accepts_gzip("br, gzip;q=0"));
  EXPECT_FALSE(accepts_gzip("br, gzip; q=0.000"));
  EXPECT_FALSE(accepts_gzip("x-gzip"));
}

}  // namespace
}  // namespace thalweg::console
