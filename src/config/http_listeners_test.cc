#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/broker_config.h"

namespace thalweg::config {
namespace {
using testing::HasSubstr;
using Listeners = std::vector<HttpListener>;

TEST(HttpListeners, AreUrlsWithoutAPath) {
  EXPECT_EQ(parse_http_listeners("http://localhost:9644, http://[::1]:9645/,http://:0"),
            (Listeners{{"localhost", 9644}, {"::1", 9645}, {"", 0}}));
  EXPECT_EQ(parse_http_listeners(""), Listeners());
  EXPECT_EQ(to_string(HttpListener{"::1", 9645}), "http://[::1]:9645");
}

TEST(HttpListeners, SayWhatIsWrong) {
  const auto why = [](std::string_view text) {
    const auto parsed = parse_http_listeners(text);
    return parsed ? "" : parsed.error().message;
  };
  EXPECT_THAT(why("localhost:9644"), HasSubstr("is not http://host:port"));
  EXPECT_THAT(why("https://localhost:9644"), HasSubstr("https is not served yet"));
  EXPECT_THAT(why("http://localhost"), HasSubstr("has no port"));
  EXPECT_THAT(why("http://localhost:port"), HasSubstr("is not a port"));
  EXPECT_THAT(why("http://localhost:1/metrics"), HasSubstr("has no path"));
  EXPECT_THAT(why("http://::1:9644"), HasSubstr("brackets"));
  EXPECT_THAT(why("http://a:1,http://a:1"), HasSubstr("twice"));
}

TEST(HttpListeners, OfMetricsHaveADefaultAndCanBeTurnedOff) {
  EXPECT_EQ(BrokerConfig().metrics_listeners, (Listeners{{"localhost", 9644}}));
  EXPECT_EQ(load_broker_config({{"metrics.listeners", ""}})->config.metrics_listeners, Listeners());
  EXPECT_THAT(load_broker_config({{"metrics.listeners", "9644"}}).error().message, HasSubstr("metrics.listeners: "));
}

TEST(HttpListeners, OfTheConsoleAreOnThisMachineAndItsOptionsHaveTheirValues) {
  EXPECT_EQ(BrokerConfig().console_listeners, (Listeners{{"localhost", 8080}}));
  EXPECT_EQ(BrokerConfig().console_auth, "auto");
  EXPECT_FALSE(BrokerConfig().console_read_only);
  EXPECT_EQ(BrokerConfig().console_cluster_name, std::nullopt);
  const auto config = load_broker_config({{"console.listeners", ""},
                                          {"console.auth", "token"},
                                          {"console.read.only", "true"},
                                          {"console.allowed.hosts", "a, b"},
                                          {"console.cluster.name", "here"}})
                          ->config;
  EXPECT_EQ(config.console_listeners, Listeners());
  EXPECT_TRUE(config.console_read_only);
  EXPECT_EQ(config.console_allowed_hosts, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(config.console_cluster_name, "here");
  EXPECT_FALSE(load_broker_config({{"console.auth", "sasl"}}));
}

}  // namespace
}  // namespace thalweg::config
