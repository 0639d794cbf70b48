#include "http/guard.h"

#include <gtest/gtest.h>

namespace thalweg::http {
namespace {

constexpr const char* kBrowser = "Mozilla/5.0 (X11; Linux x86_64)";

struct Case {
  const char* what;
  const char* method;
  Headers headers;
  int status;  // 0: let through
};

RequestHead head(const Case& c) {
  RequestHead head;
  head.method = c.method;
  head.headers = c.headers;
  if (c.method[0] == 'P') head.content_length = 2;
  return head;
}
int verdict(const Case& c, const GuardRules& rules) {
  const auto refused = guard(head(c), rules);
  return refused ? refused->status : 0;
}

TEST(Guard, TellsOursFromWhatPagesOfOthersMakeABrowserAsk) {
  const Case cases[] = {
      {"curl by any name", "GET", {{"Host", "kafka-1.prod:9644"}, {"User-Agent", "curl/8"}}, 0},
      {"curl without Host", "GET", {}, 0},
      {"Prometheus", "GET", {{"Host", "10.0.0.1:9644"}, {"User-Agent", "Prometheus/2.42"}}, 0},
      {"a browser by address", "GET", {{"Host", "10.0.0.1:9644"}, {"User-Agent", kBrowser}}, 0},
      {"a browser by IPv6", "GET", {{"Host", "[::1]:9644"}, {"User-Agent", kBrowser}}, 0},
      {"a browser at home", "GET", {{"Host", "localhost:9644"}, {"User-Agent", kBrowser}}, 0},
      {"a browser, loud", "GET", {{"Host", "LOCALHOST:9644"}, {"User-Agent", kBrowser}}, 0},
      {"a name below localhost", "GET", {{"Host", "x.localhost"}, {"User-Agent", kBrowser}}, 0},
      {"a name of ours", "GET", {{"Host", "kafka.example:9644"}, {"User-Agent", kBrowser}}, 0},
      {"rebound", "GET", {{"Host", "evil.example:9644"}, {"User-Agent", kBrowser}}, 421},
      {"rebound, by Origin", "GET", {{"Host", "evil.example"}, {"Origin", "http://evil.example"}}, 421},
      {"rebound, by metadata", "GET", {{"Host", "evil.example"}, {"Sec-Fetch-Site", "same-origin"}}, 421},
      {"ends like localhost", "GET", {{"Host", "evillocalhost"}, {"User-Agent", kBrowser}}, 421},
      {"begins like an address", "GET", {{"Host", "10.0.0.1.evil.example"}, {"User-Agent", kBrowser}}, 421},
      {"three numbers", "GET", {{"Host", "10.0.1"}, {"User-Agent", kBrowser}}, 421},
      {"number too large", "GET", {{"Host", "10.0.0.256"}, {"User-Agent", kBrowser}}, 421},
      {"empty brackets", "GET", {{"Host", "[]"}, {"User-Agent", kBrowser}}, 421},
      {"a browser without Host", "GET", {{"User-Agent", kBrowser}}, 421},
      {"own page", "GET", {{"Host", "localhost:9644"}, {"Sec-Fetch-Site", "same-origin"}}, 0},
      {"typed", "GET", {{"Host", "localhost:9644"}, {"Sec-Fetch-Site", "none"}}, 0},
      {"another site", "GET", {{"Host", "localhost:9644"}, {"Sec-Fetch-Site", "cross-site"}}, 403},
      {"another port", "GET", {{"Host", "localhost:9644"}, {"Sec-Fetch-Site", "same-site"}}, 403},
      {"own origin", "GET", {{"Host", "localhost:9644"}, {"Origin", "http://localhost:9644"}}, 0},
      {"behind TLS", "GET", {{"Host", "localhost:9644"}, {"Origin", "https://localhost:9644"}}, 0},
      {"another origin", "GET", {{"Host", "localhost:9644"}, {"Origin", "http://evil.example"}}, 403},
      {"no origin to tell", "GET", {{"Host", "localhost:9644"}, {"Origin", "null"}}, 403},
      {"preflight", "OPTIONS", {{"Host", "localhost"}, {"Access-Control-Request-Method", "PUT"}}, 403},
      {"a form", "POST", {{"Host", "localhost"}, {"User-Agent", kBrowser}, {"Content-Type", "text/plain"}}, 415},
      {"a form of files",
       "POST",
       {{"Host", "localhost"}, {"User-Agent", kBrowser}, {"Content-Type", "Multipart/Form-Data; boundary=x"}},
       415},
      {"no type", "POST", {{"Host", "localhost"}, {"User-Agent", kBrowser}}, 415},
      {"JSON", "POST", {{"Host", "localhost"}, {"User-Agent", kBrowser}, {"Content-Type", "application/json"}}, 0},
      {"curl -d", "POST", {{"Host", "a"}, {"Content-Type", "application/x-www-form-urlencoded"}}, 0},
  };
  GuardRules rules;
  rules.hosts = {"kafka.example"};
  for (const auto& c : cases) EXPECT_EQ(verdict(c, rules), c.status) << c.what;
}

TEST(Guard, HoldsNamesAgainstEverybodyWhereAsked) {
  GuardRules rules;
  rules.names = GuardRules::Names::kOfAll;
  EXPECT_EQ(verdict({"", "GET", {{"Host", "any.example"}}, 0}, rules), 421);
  EXPECT_EQ(verdict({"", "GET", {{"Host", "127.0.0.1:8080"}}, 0}, rules), 0);
}

TEST(Guard, SaysWhereANameCanBeAdded) {
  const Case c{"", "GET", {{"Host", "any.example"}, {"User-Agent", kBrowser}}, 0};
  EXPECT_FALSE(guard(head(c), GuardRules())->message.contains("add the name"));
  GuardRules rules;
  rules.names_option = "console.allowed.hosts";
  EXPECT_TRUE(guard(head(c), rules)->message.ends_with("or add the name to console.allowed.hosts"));
}

TEST(Guard, TakesAnyNameWhereOneSignsInButNoOtherSite) {
  GuardRules rules;
  rules.names = GuardRules::Names::kAny;
  EXPECT_EQ(verdict({"", "GET", {{"Host", "any.example"}, {"User-Agent", kBrowser}}, 0}, rules), 0);
  EXPECT_EQ(verdict({"", "GET", {{"Host", "any.example"}, {"Origin", "http://evil.example"}}, 0}, rules), 403);
}

}  // namespace
}  // namespace thalweg::http
