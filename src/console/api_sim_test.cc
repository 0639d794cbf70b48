// Every operation of the API, asked over HTTP of a broker in a simulation; every answer is held against its
// description.
#include "console/testing.h"

namespace thalweg::console {
namespace {

struct ApiTest : ConsoleTest {
  std::vector<std::string> names(const json::Value& page) {
    std::vector<std::string> all;
    for (const auto& item : *at(page, "items").if_array()) all.push_back(text_at(item, "name"));
    return all;
  }
};
using Names = std::vector<std::string>;

TEST_F(ApiTest, TheClusterIsToldInFiguresAndInASentence) {
  start();
  EXPECT_EQ(text_at(get("/cluster", "/cluster"), "sentence"), "There are no topics yet.");
  create("orders", 3);
  const auto cluster = get("/cluster", "/cluster");
  EXPECT_EQ(text_at(cluster, "status"), "ok");
  EXPECT_EQ(text_at(cluster, "sentence"), "Every partition has a leader; all are fully replicated.");
  EXPECT_EQ(number_at(cluster, "topics"), 1);
  EXPECT_EQ(number_at(cluster, "partitions"), 3);
  EXPECT_EQ(number_at(cluster, "brokers_active"), 1);
  EXPECT_EQ(number_at(cluster, "controller"), 1);
  EXPECT_EQ(number_at(cluster, "groups"), 0);
  EXPECT_EQ(number_at(cluster, "attention"), 1);  // it is open, on every address
  const auto attention = get("/attention", "/attention");
  EXPECT_EQ(text_at(attention, "items/0/name"), "console.auth");
}

TEST_F(ApiTest, ATopicIsThereAsSoonAsItIsMadeWithItsRecordsAndItsOptions) {
  start();
  create("orders", 2, {{"retention.ms", "60000"}});
  create("state", 1, {{"cleanup.policy", "compact,delete"}});
  produce("orders", 0, 5);
  produce("orders", 1, 2);
  const auto topic = get("/topics/orders", "/topics/{topic}");
  EXPECT_EQ(number_at(topic, "partitions"), 2);
  EXPECT_EQ(number_at(topic, "records"), 7);
  EXPECT_GT(number_at(topic, "bytes"), 0);
  EXPECT_EQ(number_at(topic, "retention_ms"), 60000);
  EXPECT_EQ(number_at(topic, "groups"), 0);
  EXPECT_EQ(text_at(topic, "cleanup/0"), "delete");
  const auto state = get("/topics/state", "/topics/{topic}");
  EXPECT_EQ(text_at(state, "cleanup/0"), "compact");
  EXPECT_EQ(text_at(state, "cleanup/1"), "delete");
  const auto partitions = get("/topics/orders/partitions?sort=-partition", "/topics/{topic}/partitions");
  EXPECT_EQ(number_at(partitions, "total"), 2);
  EXPECT_EQ(number_at(partitions, "items/0/partition"), 1);
  EXPECT_EQ(number_at(partitions, "items/0/end"), 2);
  EXPECT_EQ(number_at(partitions, "items/1/high_watermark"), 5);
  EXPECT_EQ(number_at(partitions, "items/1/leader"), 1);
}

TEST_F(ApiTest, TopicsAreFilteredSortedAndPaged) {
  start();
  for (const auto& [name, partitions] :
       std::vector<std::pair<std::string, int>>{{"b", 1}, {"C", 4}, {"a.orders", 2}, {"a.users", 2}})
    create(name, partitions);
  EXPECT_EQ(names(get("/topics", "/topics")), (Names{"C", "a.orders", "a.users", "b"}));
  EXPECT_EQ(names(get("/topics?sort=-partitions", "/topics")), (Names{"C", "a.orders", "a.users", "b"}));
  EXPECT_EQ(names(get("/topics?sort=-partitions,-name&from=1&limit=2", "/topics")), (Names{"a.users", "a.orders"}));
  EXPECT_EQ(names(get("/topics?q=ORD", "/topics")), (Names{"a.orders"}));
  EXPECT_EQ(names(get("/topics?q=%2F%5Ea%5C.%2F", "/topics")), (Names{"a.orders", "a.users"}));
  EXPECT_EQ(names(get("/topics?show=internal", "/topics")), Names());
  EXPECT_EQ(names(get("/topics?show=attention", "/topics")), Names());
  const auto page = get("/topics?q=a.&limit=1", "/topics");
  EXPECT_EQ(number_at(page, "total"), 2);
  EXPECT_EQ(number_at(page, "all"), 4);
}

TEST_F(ApiTest, WhatIsNotThereIs404WithTheNearestName) {
  start();
  create("orders", 1);
  const auto problem = get("/topics/ordres", "/topics/{topic}", 404);
  EXPECT_EQ(text_at(problem, "code"), "UNKNOWN_TOPIC_OR_PARTITION");
  EXPECT_EQ(text_at(problem, "title"), "There is no topic ordres");
  EXPECT_EQ(text_at(problem, "hint"), "orders is the nearest name");
  EXPECT_EQ(number_at(problem, "broker"), 1);
  get("/topics/ordres/partitions", "/topics/{topic}/partitions", 404);
  get("/topics/ordres/config", "/topics/{topic}/config", 404);
  get("/topics/ordres/groups", "/topics/{topic}/groups", 404);
  get("/groups/nobody", "/groups/{group}", 404);
  get("/groups/nobody/partitions", "/groups/{group}/partitions", 404);
  get("/brokers/7", "/brokers/{id}", 404);
  get("/brokers/x", "/brokers/{id}", 404);
  get("/brokers/7/config", "/brokers/{id}/config", 404);
  get("/brokers/7/directories", "/brokers/{id}/directories", 404);
  EXPECT_EQ(ask("/api/v1/nothing").status, 404);
  EXPECT_EQ(ask("/api/v2/topics").status, 404);
}

TEST_F(ApiTest, WhatIsMalformedIs400AndSaysWhatItShouldBe) {
  start();
  for (const auto& path : {"/topics?limit=0", "/topics?limit=501", "/topics?from=-1", "/topics?sort=weight",
                           "/topics?show=x", "/topics?q=%2F(%2F"})
    get(path, "/topics", 400);
  for (const auto& path : {"/groups?limit=x", "/groups?state=Alive", "/groups?type=old", "/groups?sort=weight"})
    get(path, "/groups", 400);
  get("/brokers?sort=x", "/brokers", 400);
  get("/names?limit=1000", "/names", 400);
}

TEST_F(ApiTest, AnOptionSaysWhichLayerWins) {
  more["log.retention.ms"] = "7000";
  start();
  create("orders", 1, {{"retention.ms", "60000"}});
  create("plain", 1);
  const auto option = [&](const std::string& topic, const std::string& name) {
    const auto configuration = get("/topics/" + topic + "/config", "/topics/{topic}/config");
    for (const auto& item : *at(configuration, "items").if_array())
      if (text_at(item, "name") == name) return item;
    return json::Value();
  };
  const auto own = option("orders", "retention.ms");
  EXPECT_EQ(text_at(own, "value"), "60000");
  EXPECT_EQ(text_at(own, "layer"), "topic");
  EXPECT_EQ(text_at(own, "unit"), "ms");
  EXPECT_EQ(text_at(own, "layers/0/layer"), "topic");
  EXPECT_EQ(text_at(own, "layers/1/layer"), "file");
  EXPECT_EQ(text_at(own, "layers/1/option"), "log.retention.ms");
  EXPECT_EQ(text_at(own, "layers/1/value"), "7000");
  const auto inherited = option("plain", "retention.ms");
  EXPECT_EQ(text_at(inherited, "value"), "7000");
  EXPECT_EQ(text_at(inherited, "layer"), "file");
  EXPECT_EQ(text_at(option("plain", "segment.bytes"), "layer"), "default");
  EXPECT_EQ(text_at(option("plain", "segment.bytes"), "unit"), "bytes");
  EXPECT_NE(text_at(option("plain", "segment.bytes"), "sentence"), "(no text)");
  EXPECT_EQ(number_at(get("/topics/plain", "/topics/{topic}"), "retention_ms"), 7000);
  get("/groups/any/config", "/groups/{group}/config");
  get("/brokers/1/config", "/brokers/{id}/config");
  EXPECT_EQ(text_at(get("/brokers/default/config", "/brokers/{id}/config"), "items/0/layer"), "brokers");
}

TEST_F(ApiTest, AGroupIsAsFarBehindAsItIs) {
  start();
  create("orders", 2);
  create("gone", 1);
  produce("orders", 0, 5);
  produce("orders", 1, 3);
  commit("readers", "orders", 0, 2);
  commit("readers", "orders", 1, 9);  // beyond the end: nothing behind
  commit("others", "orders", 0, 5);
  const auto groups = get("/groups", "/groups");
  EXPECT_EQ(names(groups), (Names{"others", "readers"}));
  EXPECT_EQ(number_at(groups, "items/0/lag"), 0);
  EXPECT_EQ(number_at(groups, "items/1/lag"), 3);
  EXPECT_EQ(number_at(groups, "items/1/topics"), 1);
  EXPECT_EQ(number_at(groups, "items/1/partitions"), 2);
  EXPECT_EQ(number_at(groups, "items/1/members"), 0);
  EXPECT_EQ(text_at(groups, "items/1/state"), "Empty");
  EXPECT_EQ(text_at(groups, "items/1/type"), "classic");
  EXPECT_EQ(names(get("/groups?q=READ", "/groups")), (Names{"readers"}));
  EXPECT_EQ(names(get("/groups?sort=-name&limit=1", "/groups")), (Names{"readers"}));
  EXPECT_EQ(names(get("/groups?state=Stable", "/groups")), Names());
  EXPECT_EQ(names(get("/groups?state=Stable,Empty&type=classic", "/groups")), (Names{"others", "readers"}));
  const auto group = get("/groups/readers", "/groups/{group}");
  EXPECT_EQ(number_at(group, "lag"), 3);
  EXPECT_EQ(number_at(group, "most_behind/partition"), 0);
  EXPECT_EQ(number_at(group, "most_behind/lag"), 3);
  const auto partitions = get("/groups/readers/partitions?sort=-lag", "/groups/{group}/partitions");
  EXPECT_EQ(number_at(partitions, "total"), 2);
  EXPECT_EQ(number_at(partitions, "items/0/committed"), 2);
  EXPECT_EQ(number_at(partitions, "items/0/end"), 5);
  EXPECT_EQ(number_at(partitions, "items/1/lag"), 0);
  EXPECT_EQ(number_at(get("/groups/readers/partitions?topic=none", "/groups/{group}/partitions"), "total"), 0);
  const auto readers = get("/topics/orders/groups", "/topics/{topic}/groups");
  EXPECT_EQ(names(readers), (Names{"others", "readers"}));
  EXPECT_EQ(number_at(readers, "items/1/lag"), 3);
  EXPECT_EQ(number_at(readers, "items/1/partitions"), 2);
  EXPECT_EQ(number_at(get("/topics/orders", "/topics/{topic}"), "groups"), 2);
  EXPECT_EQ(number_at(get("/topics?show=internal", "/topics"), "total"), 1);
}

TEST_F(ApiTest, BrokersQuorumAndNames) {
  start();
  create("orders", 2);
  const auto brokers = get("/brokers", "/brokers");
  EXPECT_EQ(number_at(brokers, "total"), 1);
  EXPECT_EQ(text_at(brokers, "items/0/host"), "server");
  EXPECT_EQ(number_at(brokers, "items/0/port"), 9092);
  EXPECT_EQ(text_at(brokers, "items/0/state"), "active");
  EXPECT_EQ(number_at(brokers, "items/0/leads"), 2);
  EXPECT_EQ(number_at(brokers, "items/0/replicas"), 2);
  EXPECT_EQ(text_at(get("/brokers/1", "/brokers/{id}"), "endpoints/0/listener"), "PLAINTEXT");
  EXPECT_EQ(text_at(get("/brokers/1/directories", "/brokers/{id}/directories"), "items/0/path"), "/data");
  const auto quorum = get("/quorum", "/quorum");
  EXPECT_EQ(number_at(quorum, "leader"), 1);
  EXPECT_EQ(text_at(quorum, "nodes/0/role"), "leader");
  EXPECT_EQ(number_at(quorum, "nodes/0/behind"), 0);
  const auto found = get("/names?q=ORDER", "/names");
  EXPECT_EQ(text_at(found, "items/0/kind"), "topic");
  EXPECT_EQ(text_at(found, "items/0/detail"), "2 partitions");
  EXPECT_EQ(text_at(get("/names?q=retention.ms&limit=1", "/names"), "items/0/name"), "retention.ms");
}

TEST_F(ApiTest, WhatHasNotMovedIs304) {
  start();
  create("orders", 1);
  const std::string tag = ask("/api/v1/topics").header("ETag");
  world.run_for(5s);
  const std::string known = "Host: 10.0.0.1\r\nIf-None-Match: " + tag + "\r\n";
  EXPECT_EQ(ask("/api/v1/topics", known).status, 304);
  EXPECT_EQ(ask("/api/v1/topics", known).body, "");
  produce("orders", 0, 1);
  EXPECT_EQ(ask("/api/v1/topics", known).status, 200);
}

TEST_F(ApiTest, EveryOperationIsDescribedAndAsked) {
  start();
  EXPECT_EQ(ask("/api/v1/openapi.json").body, openapi());
  for (const auto& [method, path] : checker.operations()) {
    if (method != "get") continue;
    std::string real = path;
    for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
             {"{topic}", "none"}, {"{group}", "none"}, {"{id}", "1"}, {"{partition}", "0"}, {"{offset}", "0"}})
      if (const auto place = real.find(name); place != real.npos) real.replace(place, name.size(), value);
    const auto answered = ask(real);
    EXPECT_EQ(checker.check(path, method, answered.status, answered.json()), "") << path << ": " << answered.body;
  }
}

}  // namespace
}  // namespace thalweg::console
