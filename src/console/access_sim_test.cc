// Who may ask, by name, by token and by cookie; over HTTP, of a broker in a simulation.
#include "console/access.h"
#include "console/testing.h"

namespace thalweg::console {
namespace {

const std::string kHost = "Host: 10.0.0.1:8080\r\n";

struct AccessTest : ConsoleTest {
  AccessTest() { more["console.auth"] = "token"; }
  Answered sign_in(const std::string& given) { return post("/api/v1/session", R"({"token":")" + given + "\"}"); }
  static std::string cookie(const Answered& answered) {
    const auto set = answered.header("Set-Cookie");
    return "Cookie: other=1; " + set.substr(0, set.find(';')) + "\r\n";
  }
};

TEST(SignInWayTest, AutoAsksForATokenUnlessEverybodyIsOnThisMachine) {
  const auto way = [](const std::string& listeners, const std::string& auth) {
    return sign_in_way(config::load_broker_config({{"console.listeners", listeners}, {"console.auth", auth}})->config);
  };
  EXPECT_EQ(sign_in_way(config::BrokerConfig()), SignInWay::kNone);
  EXPECT_EQ(way("http://localhost:1,http://127.0.0.2:2,http://[::1]:3", "auto"), SignInWay::kNone);
  EXPECT_EQ(way("http://localhost:1,http://10.0.0.1:2", "auto"), SignInWay::kToken);
  EXPECT_EQ(way("http://:1", "auto"), SignInWay::kToken);
  EXPECT_EQ(way("http://0.0.0.0:1", "auto"), SignInWay::kToken);
  EXPECT_EQ(way("http://127.evil.example:1", "auto"), SignInWay::kToken);
  EXPECT_EQ(way("http://0.0.0.0:1", "none"), SignInWay::kNone);
  EXPECT_EQ(way("http://localhost:1", "token"), SignInWay::kToken);
}

TEST_F(AccessTest, WithoutASignInOnlyTheSessionAnswersAndSaysNothingOfTheCluster) {
  start();
  const auto session = get("/session", "/session");
  EXPECT_EQ(at(session, "signed_in"), json::Value(false));
  EXPECT_EQ(text_at(session, "sign_in"), "token");
  EXPECT_TRUE(at(session, "cluster").is_null());
  EXPECT_TRUE(at(session, "principal").is_null());
  for (const auto& [method, path] : checker.operations()) {
    if (method != "get" || path.ends_with("/session")) continue;
    const auto answered = ask(path);
    EXPECT_EQ(answered.status, 401) << path;
    EXPECT_EQ(checker.check(path, "get", 401, answered.json()), "") << path;
    EXPECT_EQ(text_at(answered.json(), "sign_in"), "token");
  }
}

TEST_F(AccessTest, TheTokenOpensASessionThatEndsWithSigningOut) {
  start();
  const auto in = sign_in(token());
  EXPECT_EQ(in.status, 200);
  EXPECT_EQ(checker.check("/api/v1/session", "post", 200, in.json()), "");
  EXPECT_EQ(text_at(in.json(), "principal"), "User:operator");
  const auto set = in.header("Set-Cookie");
  EXPECT_TRUE(set.starts_with("thalweg_8080=")) << set;
  EXPECT_TRUE(set.ends_with("; HttpOnly; SameSite=Strict; Path=/")) << set;
  const auto with = kHost + cookie(in);
  EXPECT_EQ(ask("/api/v1/cluster", with).status, 200);
  EXPECT_EQ(ask("/api/v1/cluster", "Host: 10.0.0.1:8081\r\n" + cookie(in)).status, 401);  // another port's
  EXPECT_EQ(send("DELETE /api/v1/session HTTP/1.1\r\nConnection: close\r\n" + with + "\r\n").status, 204);
  EXPECT_EQ(ask("/api/v1/cluster", with).status, 401);
}

TEST_F(AccessTest, ScriptsSendTheTokenItself) {
  start();
  EXPECT_EQ(ask("/api/v1/cluster", kHost + "Authorization: Bearer " + token() + "\r\n").status, 200);
  EXPECT_EQ(ask("/api/v1/cluster", kHost + "Authorization: Bearer x" + token() + "\r\n").status, 401);
  EXPECT_EQ(ask("/api/v1/cluster", kHost + "Authorization: Basic " + token() + "\r\n").status, 401);
}

TEST_F(AccessTest, WhoGuessesIsNotListenedToForTheRestOfAMinute) {
  start();
  const auto real = token();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(sign_in("0123456789abcdef0123456789abcdef").status, 401);
  const auto refused = sign_in(real);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(checker.check("/api/v1/session", "post", 429, refused.json()), "");
  EXPECT_EQ(ask("/api/v1/cluster", kHost + "Authorization: Bearer " + real + "\r\n").status, 429);
  world.run_for(61s);
  EXPECT_EQ(sign_in(real).status, 200);
}

TEST_F(AccessTest, TheTokenStaysOverARestartAndSessionsDoNot) {
  start();
  const auto before = token();
  EXPECT_EQ(before.size(), 32u);
  const auto with = kHost + cookie(sign_in(before));
  server->crash(sim::Crash::kKill);
  server->start();
  wait_for_start();
  EXPECT_EQ(token(), before);
  EXPECT_EQ(ask("/api/v1/cluster", with).status, 401);
}

TEST_F(AccessTest, APageOfAnotherSiteGetsNothing) {
  start();
  const auto bearer = kHost + "Authorization: Bearer " + token() + "\r\n";
  EXPECT_EQ(ask("/api/v1/topics", bearer + "Sec-Fetch-Site: cross-site\r\n").status, 403);
  EXPECT_EQ(ask("/", bearer + "Sec-Fetch-Site: cross-site\r\n").status, 403);
  EXPECT_EQ(ask("/api/v1/topics", bearer + "Origin: http://evil.example\r\n").status, 403);
  EXPECT_EQ(ask("/api/v1/topics", bearer + "Origin: http://10.0.0.1:8080\r\n").status, 200);
  EXPECT_EQ(send("OPTIONS /api/v1/session HTTP/1.1\r\nConnection: close\r\n" + kHost +
                 "Access-Control-Request-Method: POST\r\n\r\n")
                .status,
            403);
  EXPECT_EQ(send("POST /api/v1/session HTTP/1.1\r\nConnection: close\r\n" + kHost +
                 "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}")
                .status,
            415);
}

TEST_F(AccessTest, AnyNameWillDoWhereOneSignsIn) {
  start();
  EXPECT_EQ(ask("/api/v1/session", "Host: console.example\r\n").status, 200);
}

TEST_F(AccessTest, WhereNobodySignsInTheNameHasToBeOurs) {
  more["console.auth"] = "none";
  more["console.allowed.hosts"] = "Console.example, other";
  start();
  EXPECT_EQ(ask("/api/v1/topics", "Host: 10.0.0.1:8080\r\n").status, 200);
  EXPECT_EQ(ask("/api/v1/topics", "Host: localhost\r\n").status, 200);
  EXPECT_EQ(ask("/api/v1/topics", "Host: server:8080\r\n").status, 200);  // advertised
  EXPECT_EQ(ask("/api/v1/topics", "Host: console.EXAMPLE:80\r\n").status, 200);
  const auto refused = ask("/api/v1/topics", "Host: evil.example\r\n");
  EXPECT_EQ(refused.status, 421);
  EXPECT_TRUE(text_at(refused.json(), "title").contains("console.allowed.hosts")) << refused.body;
  EXPECT_EQ(text_at(get("/session", "/session"), "principal"), "User:ANONYMOUS");
  EXPECT_EQ(post("/api/v1/session", R"({"token":""})").status, 200);
}

TEST_F(AccessTest, EveryAnswerTellsTheBrowserToTrustNothingInIt) {
  start();
  for (const auto& path :
       {"/", "/topics/a", "/api/v1/session", "/api/v1/topics", "/api/v1/nothing", "/assets/none.js"}) {
    const auto answered = ask(path);
    EXPECT_TRUE(answered.header("Content-Security-Policy").contains("default-src 'none'")) << path;
    EXPECT_TRUE(answered.header("Content-Security-Policy").contains("trusted-types 'none'")) << path;
    EXPECT_EQ(answered.header("X-Content-Type-Options"), "nosniff") << path;
    EXPECT_EQ(answered.header("Referrer-Policy"), "no-referrer") << path;
    EXPECT_EQ(answered.header("Access-Control-Allow-Origin"), "") << path;
  }
}

TEST_F(AccessTest, AConsoleThatOnlyReadsSaysSo) {
  more["console.read.only"] = "true";
  more["console.auth"] = "none";
  start();
  EXPECT_EQ(at(get("/session", "/session"), "read_only"), json::Value(true));
}

}  // namespace
}  // namespace thalweg::console
