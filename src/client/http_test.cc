// The registry's client against a scripted server, and the endpoint against hand-written requests.
#include <gtest/gtest.h>

#include "client/http_head.h"
#include "client/testing_http.h"
#include "client/testing_mock.h"
#include "thalweg/client.h"

namespace thalweg::client {
namespace {

struct Purchase {
  std::int64_t id = 0;
  std::optional<std::string> note;
  bool operator==(const Purchase&) const = default;
};
THALWEG_DESCRIBE(Purchase, id, note)

const std::string kSubject = "/subjects/orders-value";

TEST(SchemaRegistry, RegistersOnceAndKnowsTheIdFromThenOn) {
  ScriptedServer server;
  server.on("POST " + kSubject + "/versions", {200, R"({"id":7})"});
  SchemaRegistry registry({.url = server.url() + "/"});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(registry.add("orders-value", "\"string\"")->id, 7);
  EXPECT_EQ(server.requests(),
            (std::vector<std::string>{"POST /subjects/orders-value/versions {\"schema\":\"\\\"string\\\"\"}"}));
  EXPECT_EQ(registry.by_id(7)->text, "\"string\"");
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(SchemaRegistry, NamesTheTypeAndEscapesTheSubject) {
  ScriptedServer server;
  server.on("POST /subjects/a%2Fb%3Ac/versions", {200, R"({"id":1})"});
  SchemaRegistry registry({.url = server.url()});
  EXPECT_TRUE(registry.add("a/b:c", "{}", SchemaType::kJson));
  EXPECT_NE(server.requests()[0].find("\"schemaType\":\"JSON\""), std::string::npos);
}

TEST(SchemaRegistry, ItsErrorsKeepTheirNumberAndWords) {
  ScriptedServer server;
  server.on("GET " + kSubject + "/versions/latest",
            {404, R"({"error_code":40401,"message":"Subject 'orders-value' not found."})"});
  server.on("POST " + kSubject + "/versions",
            {409, R"({"error_code":409,"message":"reader field /id has type string"})"});
  SchemaRegistry registry({.url = server.url()});
  EXPECT_EQ(registry.get("orders-value").error().code, 40401);
  auto refused = registry.add("orders-value", "\"string\"");
  EXPECT_EQ(refused.error().code, 409);
  EXPECT_FALSE(refused.error().retriable);
  EXPECT_NE(refused.error().message.find("reader field /id has type string"), std::string::npos);
}

TEST(SchemaRegistry, IncompatibleIs409WhateverTheServerCallsIt) {
  for (const char* number : {"409", "40901"}) {
    ScriptedServer server;
    server.on("POST " + kSubject + "/versions", {409, R"({"message":"no","error_code":)" + std::string(number) + "}"});
    EXPECT_EQ(SchemaRegistry({.url = server.url()}).add("orders-value", "\"string\"").error().code, 409) << number;
  }
}

TEST(SchemaRegistry, WorksOnThroughAnOutage) {
  ScriptedServer server;
  server.on("GET " + kSubject + "/versions/latest",
            {200, R"({"subject":"orders-value","id":3,"version":2,"schema":"\"long\""})"});
  server.on("GET /schemas/ids/4", {200, R"({"schema":"\"int\""})"});
  SchemaRegistry registry({.url = server.url(), .timeout = 2s, .latest_for = 0ms});
  EXPECT_EQ(registry.get("orders-value")->version, 2);
  EXPECT_EQ(registry.by_id(4)->text, "\"int\"");
  server.stop();
  EXPECT_EQ(registry.get("orders-value")->version, 2);
  EXPECT_EQ(registry.by_id(4)->text, "\"int\"");
  auto unknown = registry.by_id(5);
  ASSERT_FALSE(unknown);
  EXPECT_TRUE(unknown.error().retriable);
}

TEST(SchemaRegistry, AsksTheNextAddressWhereOneCannotBeReached) {
  ScriptedServer first, second;
  for (auto* server : {&first, &second}) {
    server->on("GET /schemas/ids/4", {200, R"({"schema":"\"int\""})"});
    server->on("GET /schemas/ids/5", {200, R"({"schema":"\"long\""})"});
  }
  SchemaRegistry registry({.url = first.url() + "/, " + second.url(), .timeout = 2s});
  EXPECT_EQ(registry.by_id(4)->text, "\"int\"");
  EXPECT_EQ(second.requests().size(), 0u) << "the first one answers";
  first.stop();
  EXPECT_EQ(registry.by_id(5)->text, "\"long\"");
  auto unknown = registry.by_id(6);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, 404) << "an answer is an answer";
  EXPECT_EQ(second.requests().size(), 2u);
}

TEST(SchemaRegistry, ALatestThatIsDeletedIsNotServedFromMemory) {
  ScriptedServer server;
  server.on("GET " + kSubject + "/versions/latest", {200, R"({"id":3,"version":2,"schema":"\"long\""})"});
  SchemaRegistry registry({.url = server.url(), .latest_for = 0ms});
  EXPECT_TRUE(registry.get("orders-value"));
  server.on("GET " + kSubject + "/versions/latest", {404, R"({"error_code":40401,"message":"gone"})"});
  EXPECT_EQ(registry.get("orders-value").error().code, 40401);
}

TEST(SchemaRegistry, WhatIsNotARegistryIsAnError) {
  ScriptedServer server;
  server.on("GET /schemas/ids/1", {200, "<html>"});
  server.on("GET /schemas/ids/2", {200, "[]"});
  server.on("GET /schemas/ids/3", {200, R"({"schema":7})"});
  SchemaRegistry registry({.url = server.url()});
  for (int id = 1; id <= 3; ++id) EXPECT_FALSE(registry.by_id(id)) << id;
}

TEST(SchemaRegistry, SaysWhyATextIsIncompatible) {
  ScriptedServer server;
  server.on("POST /compatibility" + kSubject + "/versions/latest?verbose=true",
            {200, R"({"is_compatible":false,"messages":["a","b"]})"});
  SchemaRegistry registry({.url = server.url()});
  EXPECT_EQ(*registry.incompatibilities("orders-value", "\"string\""), (std::vector<std::string>{"a", "b"}));
}

TEST(RegistrySerde, AvroHasTheIdBeforeItsBytesAndReadsWithTheWritersSchema) {
  ScriptedServer server;
  server.on("POST " + kSubject + "/versions", {200, R"({"id":258})"});
  SchemaRegistry registry({.url = server.url()});
  const auto serde = avro<Purchase>(registry);
  std::string bytes;
  ASSERT_TRUE(serde.write({5, "n"}, bytes, {.topic = "orders"}));
  EXPECT_EQ(bytes, std::string("\0\0\0\1\2\x0a\x02\x02n", 9));
  EXPECT_EQ(*serde.read(bytes, {.topic = "orders"}), (Purchase{5, "n"}));
  EXPECT_FALSE(serde.read("\1\0\0\0\1", {}));
  EXPECT_FALSE(serde.read("", {}));
}

TEST(RegistrySerde, TheGuidesHeaderCarriesTheId) {
  ScriptedServer server;
  server.on("POST " + kSubject, {200, R"({"subject":"orders-value","id":9,"version":1,"schema":"{}"})"});
  SchemaRegistry registry({.url = server.url()});
  const auto serde = json_schema<Purchase>(registry, {.framing = Framing::kSchemaIdHeader, .auto_register = false});
  Message message{.topic = "orders", .value = ""};
  ASSERT_TRUE(serde.write({5, {}}, *message.value, {.topic = message.topic, .headers = &message.headers}));
  EXPECT_EQ(message.headers.last("schema-id"), "9");
  EXPECT_EQ(message.value, R"({"id":5,"note":null})");
  EXPECT_EQ(*Record(message).as(serde), (Purchase{5, {}}));
}

TEST(HttpEndpoint, ServesMetricsAndHealth) {
  MockCluster cluster;
  cluster.topic("orders", 2);
  auto endpoint = HttpEndpoint::listen("127.0.0.1:0");
  ASSERT_TRUE(endpoint) << endpoint.error().message;
  endpoint->metrics(Metrics()).health(HealthChecker({.brokers = cluster.brokers(), .topics = {"orders"}}));
  const auto metrics = exchange(endpoint->port(), "GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(metrics.starts_with("HTTP/1.1 200 OK\r\n")) << metrics;
  EXPECT_NE(metrics.find("# TYPE kafka_messages_produced_total counter"), std::string::npos);
  const auto health = exchange(endpoint->port(), "GET /health HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(health.starts_with("HTTP/1.1 200 OK\r\n")) << health;
  const auto head = exchange(endpoint->port(), "HEAD /metrics HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
}

TEST(HttpEndpoint, UnhealthyIs503AndSaysWhy) {
  MockCluster cluster;
  auto endpoint = HttpEndpoint::listen("127.0.0.1:0");
  endpoint->health(HealthChecker({.brokers = cluster.brokers(), .topics = {"nowhere"}}));
  auto answer = exchange(endpoint->port(), "GET /health HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
  EXPECT_NE(answer.find("topic nowhere does not exist"), std::string::npos) << answer;
}

TEST(HttpEndpoint, ServesPagesOfOnesOwn) {
  auto endpoint = HttpEndpoint::listen("127.0.0.1:0");
  endpoint->page("/status", "application/json", [] { return std::string("{}"); });
  endpoint->page("/broken", "text/plain", []() -> std::string { throw std::runtime_error("no"); });
  const auto answer = exchange(endpoint->port(), "GET /status HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_NE(answer.find("Content-Type: application/json\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n{}")) << answer;
  EXPECT_TRUE(exchange(endpoint->port(), "GET /broken HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 500"));
}

TEST(HealthChecker, AsksForTheApplicationsOwnProblems) {
  MockCluster cluster;
  std::vector<std::string> problems;
  HealthChecker checker({.brokers = cluster.brokers(), .own_problems = [&] { return problems; }});
  EXPECT_EQ(checker.check().text(), "the service is healthy\n");
  problems = {"the database is away"};
  EXPECT_FALSE(checker.check().healthy);
  EXPECT_EQ(checker.check().text(), "the service is unhealthy\nthe database is away\n");
}

TEST(HealthChecker, AnApplicationThatThrowsIsNotHealthy) {
  MockCluster cluster;
  const HealthChecker checker({.brokers = cluster.brokers(), .own_problems = []() -> std::vector<std::string> {
                                 throw std::runtime_error("the database is away");
                               }});
  EXPECT_NE(checker.check().text().find("the database is away"), std::string::npos);
}

TEST(HttpEndpoint, RefusesWhatItDoesNotServe) {
  auto endpoint = HttpEndpoint::listen("127.0.0.1:0");
  EXPECT_TRUE(exchange(endpoint->port(), "GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));
  EXPECT_TRUE(exchange(endpoint->port(), "POST /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405"));
  EXPECT_TRUE(exchange(endpoint->port(), "nonsense\r\n\r\n").starts_with("HTTP/1.1 400"));
  EXPECT_EQ(read_head(std::string(kHeadMost + 1, 'x'))->problem, 431);
  EXPECT_FALSE(HttpEndpoint::listen("nowhere"));
  EXPECT_FALSE(HttpEndpoint::listen("127.0.0.1:" + std::to_string(endpoint->port())));
}

TEST(HealthChecker, WithoutABrokerItSaysSoWithinItsTimeout) {
  MockCluster cluster;
  cluster.down();
  const auto health = HealthChecker({.brokers = cluster.brokers(), .timeout = 300ms}).check();
  EXPECT_FALSE(health.healthy);
  EXPECT_NE(health.text().find("no broker at " + cluster.brokers() + " answers"), std::string::npos) << health.text();
}

}  // namespace
}  // namespace thalweg::client
