#include "cli/tool.h"

#include <gtest/gtest.h>

#include "cli/command.h"
#include "cli/testing.h"

namespace thalweg::cli {
namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }
const std::string kNobody = "127.0.0.1:1";

TEST(FindTool, KnowsTheNamesOfKafkasToolsWithAndWithoutTheirEnding) {
  EXPECT_EQ(find_tool("kafka-topics"), &kafka_topics);
  EXPECT_EQ(find_tool("/opt/kafka/bin/kafka-console-consumer.sh"), &kafka_console_consumer);
  EXPECT_EQ(find_tool("thalweg"), nullptr);
}

TEST(KafkaTools, PrintTheVersionThatTheyStandInFor) {
  for (const char* name : {"kafka-topics", "kafka-configs", "kafka-console-consumer", "kafka-console-producer",
                           "kafka-consumer-groups", "kafka-get-offsets"}) {
    const auto ran = run_tool(find_tool(name), {"--version"});
    EXPECT_EQ(ran.code, 0) << name;
    EXPECT_EQ(ran.out, "4.3.1\n") << name;
  }
}

TEST(KafkaTools, ExplainThemselvesOnStandardErrorWhenAskedOrGivenNothing) {
  for (const char* name : {"kafka-topics", "kafka-configs", "kafka-console-consumer", "kafka-console-producer",
                           "kafka-consumer-groups", "kafka-get-offsets"})
    for (const Arguments& arguments : {Arguments{}, Arguments{"--help"}}) {
      const auto ran = run_tool(find_tool(name), arguments);
      EXPECT_EQ(ran.code, 1) << name;
      EXPECT_EQ(ran.out, "") << name;
      EXPECT_NE(ran.err.find("--bootstrap-server"), std::string::npos) << name;
    }
}

TEST(KafkaTopics, RefusesWhatMakesNoSenseBeforeItConnects) {
  const auto error = [](Arguments arguments) {
    arguments.insert(arguments.begin(), {"--bootstrap-server", kNobody});
    const auto ran = run_tool(kafka_topics, arguments);
    EXPECT_EQ(ran.code, 1);
    return first_line(ran.err);
  };
  EXPECT_EQ(error({"--list", "--describe"}),
            "Command must include exactly one action: --list, --describe, --create, --alter or --delete");
  EXPECT_EQ(error({"--create"}), "Missing required argument \"[topic]\"");
  EXPECT_EQ(error({"--list", "--partitions", "3"}), "Option \"[partitions]\" can't be used with option \"[list]\"");
  EXPECT_EQ(error({"--lst"}), "lst is not a recognized option");
}

TEST(KafkaTopics, ReportsOnStandardOutputThatNoBrokerAnswers) {
  platform::TestShards shards;
  FakeTerminal terminal;
  terminal.files["short.properties"] = "default.api.timeout.ms=200\nrequest.timeout.ms=200\n";
  const int code = platform::run_on(
      shards[0], kafka_topics({shards[0], terminal},
                              {"--bootstrap-server", kNobody, "--list", "--command-config", "short.properties"}));
  EXPECT_EQ(code, 1);
  EXPECT_EQ(terminal.out_text,
            "Error while executing topic command : Timed out waiting for a node assignment. Call: listTopics\n");
}

TEST(KafkaConsoleConsumer, WantsOneOfTopicAndInclude) {
  const auto ran = run_tool(kafka_console_consumer, {"--bootstrap-server", kNobody});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(first_line(ran.err), "Exactly one of the following arguments is required: [topic], [include]");
}

TEST(KafkaConsoleConsumer, EndsByItselfWhenNothingComesInTime) {
  const auto ran =
      run_tool(kafka_console_consumer, {"--bootstrap-server", kNobody, "--topic", "t", "--timeout-ms", "50"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.err, "org.apache.kafka.common.errors.TimeoutException\nProcessed a total of 0 messages\n");
}

TEST(KafkaConsumerGroups, EndsWithZeroAlsoWhenNoBrokerAnswers) {
  const auto ran = run_tool(kafka_consumer_groups, {"--bootstrap-server", kNobody, "--list", "--timeout", "100"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_NE(ran.out.find("Failed to find brokers to send ListGroups"), std::string::npos);
}

TEST(Thalweg, HasHelpWithExamplesForEveryCommand) {
  for (const auto& command : commands()) {
    Arguments arguments;
    const std::string name(command.name);
    const auto blank = name.find(' ');
    arguments.push_back(name.substr(0, blank));
    if (blank != name.npos) arguments.push_back(name.substr(blank + 1));
    arguments.emplace_back("--help");
    const auto ran = run_tool(run_thalweg, arguments);
    EXPECT_EQ(ran.code, 0) << name;
    EXPECT_NE(ran.out.find("Examples\n  "), std::string::npos) << name;
    EXPECT_NE(ran.out.find("thalweg " + name), std::string::npos) << name;
    EXPECT_EQ(ran.out.find('\x1b'), std::string::npos) << "colours only on a terminal";
  }
}

TEST(Thalweg, SaysWhatToDoWhenNoBrokerAnswersOrTheCommandIsUnknown) {
  const auto lost = run_tool(run_thalweg, {"topic", "list", "--brokers", kNobody, "--timeout", "100"});
  EXPECT_EQ(lost.code, 1);
  EXPECT_EQ(lost.err,
            "thalweg topic list: no broker answers at 127.0.0.1:1; is the server running? Another address: "
            "--brokers host:port\n");
  const auto unknown = run_tool(run_thalweg, {"topics"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_EQ(unknown.err, "thalweg: no command 'topics'\nTry: thalweg --help\n");
}

TEST(Thalweg, CompletesEveryCommandInEveryShell) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto script = completion_script(shell);
    ASSERT_TRUE(script);
    for (const auto& command : commands())
      EXPECT_NE(script->find(command.name.substr(command.name.find(' ') + 1)), std::string::npos) << shell;
  }
  EXPECT_FALSE(completion_script("csh"));
}

TEST(TopicFilter, TakesARegularExpressionForTheWholeName) {
  const auto filter = TopicFilter::parse("or.*,plain");
  ASSERT_TRUE(filter);
  EXPECT_TRUE(filter->allows("orders"));
  EXPECT_TRUE(filter->allows("plain"));
  EXPECT_FALSE(filter->allows("plainer"));
  EXPECT_FALSE(TopicFilter::parse("("));
}

}  // namespace
}  // namespace thalweg::cli
