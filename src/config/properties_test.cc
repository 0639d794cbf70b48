#include "config/properties.h"

#include <gtest/gtest.h>

namespace thalweg::config {
namespace {

TEST(Properties, ReadsEveryFormOfSeparator) {
  const auto p = parse_properties("a=1\nb : 2\nc 3\n  d\t=\t4  \ne\nf=\n");
  EXPECT_EQ(p, (Properties{{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4  "}, {"e", ""}, {"f", ""}}));
}

TEST(Properties, SkipsCommentsAndEmptyLines) {
  EXPECT_EQ(parse_properties("# a=1\n! b=2\n\r\n   # c=3\nd=#4\r\n"), (Properties{{"d", "#4"}}));
}

TEST(Properties, JoinsContinuedLines) {
  EXPECT_EQ(parse_properties("list=a,\\\n   b,\\\r\n\tc\nnext=1\\\\\nlast=2"),
            (Properties{{"list", "a,b,c"}, {"next", "1\\"}, {"last", "2"}}));
}

TEST(Properties, AContinuedCommentDoesNotSwallowTheNextLine) {
  EXPECT_EQ(parse_properties("# comment \\\na=1"), (Properties{{"a", "1"}}));
}

TEST(Properties, UnescapesKeysAndValues) {
  EXPECT_EQ(parse_properties(R"(a\ b\=c=x\ty\u00e9\z)"), (Properties{{"a b=c", "x\ty\xc3\xa9z"}}));
  EXPECT_EQ(parse_properties(R"(smile=\uD83D\uDE00)"), (Properties{{"smile", "\xf0\x9f\x98\x80"}}));
  EXPECT_EQ(parse_properties(R"(path=C:\\temp)"), (Properties{{"path", "C:\\temp"}}));
}

TEST(Properties, TheLastOfEqualKeysWins) { EXPECT_EQ(parse_properties("a=1\na=2"), (Properties{{"a", "2"}})); }

TEST(Properties, WritesWhatItReads) {
  const Properties p{{"a b", " x\ty"}, {"c=d", "1:2=3"}, {"#k", "back\\slash\n"}, {"e", ""}};
  EXPECT_EQ(parse_properties(format_properties(p)), p);
}

TEST(Environment, NamesOptionsAsTheImagesDo) {
  const auto s = settings_from_environment({"KAFKA_LOG_RETENTION_MS=1", "KAFKA_A__B=2", "KAFKA_A___B=3",
                                            "THALWEG_SHARDS=4", "PATH=/bin", "KAFKA_HEAP_OPTS=-Xmx1g",
                                            "KAFKA_EMPTY=", "KAFKA_X=a=b", "CLUSTER_ID=MkU3OEVBNTcwNTJENDM2Qg"});
  EXPECT_EQ(s.properties, (Properties{{"log.retention.ms", "1"},
                                      {"a_b", "2"},
                                      {"a-b", "3"},
                                      {"thalweg.cluster.id", "MkU3OEVBNTcwNTJENDM2Qg"},
                                      {"thalweg.shards", "4"},
                                      {"empty", ""},
                                      {"x", "a=b"}}));
}

TEST(Environment, UnderstandsTheNamesOfBitnamisImages) {
  const auto s = settings_from_environment({"KAFKA_CFG_LOG_RETENTION_MS=1", "KAFKA_CFG_A__B=2",
                                            "KAFKA_CFG_ZOOKEEPER_CONNECT=zoo:2181", "KAFKA_ZOOKEEPER_CONNECT=zoo:2181",
                                            "KAFKA_KRAFT_CLUSTER_ID=MkU3OEVBNTcwNTJENDM2Qg"});
  EXPECT_EQ(s.properties,
            (Properties{{"log.retention.ms", "1"}, {"a_b", "2"}, {"thalweg.cluster.id", "MkU3OEVBNTcwNTJENDM2Qg"}}));
  EXPECT_EQ(s.ignored, std::vector<std::string>{"zookeeper.connect"});
}

TEST(Environment, OfTwoSpellingsTheOfficialOneWinsInAnyOrder) {
  const std::vector<std::string> both{"KAFKA_NODE_ID=1", "KAFKA_CFG_NODE_ID=2", "CLUSTER_ID=a",
                                      "KAFKA_KRAFT_CLUSTER_ID=b"};
  const Properties expected{{"node.id", "1"}, {"thalweg.cluster.id", "a"}};
  EXPECT_EQ(settings_from_environment(both).properties, expected);
  EXPECT_EQ(settings_from_environment({both.rbegin(), both.rend()}).properties, expected);
}

TEST(Environment, TheNameForTheGuidesWebUiIsTheConsoles) {
  const auto name = [](std::vector<std::string> environment) {
    return settings_from_environment(environment).properties["console.cluster.name"];
  };
  EXPECT_EQ(name({"KAFKA_CLUSTERS_0_NAME=local"}), "local");
  EXPECT_EQ(name({"KAFKA_CLUSTERS_0_NAME=local", "KAFKA_CONSOLE_CLUSTER_NAME=here"}), "here");
}

TEST(Environment, ListensWhereItAdvertises) {
  const auto listeners = [](const std::string& advertised) {
    auto s = settings_from_environment({"KAFKA_ADVERTISED_LISTENERS=" + advertised});
    return s.properties["listeners"];
  };
  EXPECT_EQ(listeners("PLAINTEXT://kafka:29092,HOST://localhost:9092"), "PLAINTEXT://:29092,HOST://:9092");
  EXPECT_EQ(listeners("PLAINTEXT://[::1]:9092"), "PLAINTEXT://:9092");
  EXPECT_EQ(listeners("nonsense"), "");
}

TEST(Environment, TakesTheClusterIdThatImagesFormatWith) {
  EXPECT_EQ(settings_from_environment({"CLUSTER_ID=4L6g3nShT-eMCtK--X86sw", "THALWEG_BROKERS=h:1"}).properties,
            (Properties{{"thalweg.cluster.id", "4L6g3nShT-eMCtK--X86sw"}}));
  EXPECT_TRUE(settings_from_environment({"CLUSTER_ID="}).properties.empty());
}

TEST(Environment, SetsZooKeeperAside) {
  const auto s = settings_from_environment({"KAFKA_ZOOKEEPER_CONNECT=zoo:2181", "KAFKA_NODE_ID=1"});
  EXPECT_EQ(s.ignored, std::vector<std::string>{"zookeeper.connect"});
  EXPECT_EQ(s.properties, (Properties{{"node.id", "1"}}));
}

}  // namespace
}  // namespace thalweg::config
