// Writes that name themselves with Idempotency-Key, over HTTP of a broker in a simulation.
#include "console/testing.h"

namespace thalweg::console {
namespace {

struct OnceTest : ChangesTest {
  const std::string path = "/topics/orders/records";
  Answered write(const std::string& key, const std::string& value = "1") {
    return change("POST", path, R"({"value":{"text":")" + value + "\"}}", kJson + "Idempotency-Key: " + key + "\r\n");
  }
  std::int64_t records() { return number_at(get("/topics/orders", "/topics/{topic}"), "records"); }
};

TEST_F(OnceTest, TheSameKeyWritesOnceAndAnswersTheSame) {
  start();
  create("orders", 1);
  const auto first = write("\"8e03978e-40d5\"");
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(first.header("Idempotency-Replayed"), "");
  const auto second = write("8e03978e-40d5");
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(second.header("Idempotency-Replayed"), "true");
  EXPECT_EQ(records(), 1);
  EXPECT_EQ(write("another").status, 200);
  EXPECT_EQ(records(), 2);
}

TEST_F(OnceTest, AKeyIsOfOneRequest) {
  start();
  create("orders", 1);
  write("k");
  const auto other = write("k", "2");
  EXPECT_EQ(other.status, 422);
  EXPECT_EQ(text_at(other.json(), "type"), "/problems/idempotency-key-reused");
  EXPECT_EQ(checker.check("/api/v1/topics/{topic}/records", "post", 422, other.json()), "");
  EXPECT_EQ(records(), 1);
}

TEST_F(OnceTest, WhatWasRefusedIsRefusedAgain) {
  start();
  EXPECT_EQ(write("k").status, 404);
  create("orders", 1);
  EXPECT_EQ(write("k").status, 404) << "as it was answered";
  EXPECT_EQ(write("l").status, 200);
}

TEST_F(OnceTest, KeysThatAreNoneAreSaid) {
  start();
  create("orders", 1);
  for (const auto& key : {std::string(), std::string("a b"), std::string("\"\""), std::string(256, 'x')})
    EXPECT_EQ(write(key).status, 400) << key;
  EXPECT_EQ(records(), 0);
}

TEST_F(OnceTest, APlanIsMadeAnewAndAnActIsDoneOnce) {
  start();
  const std::string body = R"({"name":"orders"})", headers = kJson + "Idempotency-Key: k\r\n";
  EXPECT_EQ(change("POST", "/topics?dry_run=true", body, headers).status, 200);
  EXPECT_EQ(change("POST", "/topics", body, headers + "If-Match: *\r\n").status, 200);
  const auto again = change("POST", "/topics", body, headers + "If-Match: *\r\n");
  EXPECT_EQ(again.status, 200) << "without the key: 409, it is there already";
  EXPECT_EQ(at(again.json(), "applied"), json::Value(true));
}

TEST_F(OnceTest, WhoHasNotSignedInLearnsNothing) {
  more["console.auth"] = "token";
  start();
  create("orders", 1);
  const auto signed_in = change("POST", path, R"({"value":{"text":"1"}})",
                                kJson + "Idempotency-Key: k\r\nAuthorization: Bearer " + token() + "\r\n");
  EXPECT_EQ(signed_in.status, 200) << signed_in.body;
  EXPECT_EQ(write("k").status, 401);
}

}  // namespace
}  // namespace thalweg::console
