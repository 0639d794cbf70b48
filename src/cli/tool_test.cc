#include "cli/tool.h"

#include <gtest/gtest.h>

#include "cli/command.h"
#include "cli/testing.h"
#include "cli/topic_filter.h"

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

TEST(KafkaConsoleTools, RefuseAnOptionUnderBothItsNames) {
  const auto produced = run_tool(kafka_console_producer, {"--bootstrap-server", kNobody, "--topic", "t", "--property",
                                                          "a=b", "--reader-property", "c=d"});
  EXPECT_EQ(produced.code, 1);
  EXPECT_EQ(first_line(produced.err), "Options --property and --reader-property cannot be specified together.");
  const auto consumed = run_tool(kafka_console_consumer, {"--bootstrap-server", kNobody, "--topic", "t", "--group", "a",
                                                          "--command-property", "group.id=b"});
  EXPECT_TRUE(consumed.err.contains("do not match. Detected group ids: 'a', 'b'"));
}

TEST(KafkaConsoleTools, NameASettingThatIsNotValid) {
  const auto ran =
      run_tool(kafka_console_producer, {"--bootstrap-server", kNobody, "--topic", "t", "--compression-codec", "wrong"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err,
            "org.apache.kafka.common.config.ConfigException: Invalid value wrong for configuration compression.type: "
            "String must be one of: none, gzip, snappy, lz4, zstd\n");
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

TEST(KafkaConsumerGroups, RefusesWhatMakesNoSenseBeforeItConnects) {
  const auto error = [](Arguments arguments) {
    arguments.insert(arguments.begin(), {"--bootstrap-server", kNobody});
    const auto ran = run_tool(kafka_consumer_groups, arguments);
    EXPECT_EQ(ran.code, 1);
    const auto text = ran.err.starts_with("WARN") ? ran.err.substr(ran.err.find('\n') + 1) : ran.err;
    return first_line(text);
  };
  EXPECT_EQ(error({"--describe"}), "Option [describe] takes one of these options: [group], [all-groups]");
  EXPECT_EQ(error({"--list", "--group", "g"}), "Option \"[group]\" can't be used with option \"[list]\"");
  EXPECT_EQ(error({"--list", "--members"}),
            "Option(s) [members] are unavailable given other options on the command line");
  EXPECT_EQ(error({"--describe", "--group", "g", "--all-groups"}),
            "Option \"[group]\" can't be used with option \"[all-groups]\"");
  EXPECT_EQ(error({"--reset-offsets", "--group", "g", "--topic", "t", "--to-earliest", "--to-latest"}),
            "Option \"[to-earliest]\" can't be used with option \"[to-latest]\"");
  EXPECT_EQ(error({"--reset-offsets", "--group", "g", "--to-earliest", "--dry-run"}),
            "One of the reset scopes should be defined: --all-topics, --topic.");
  EXPECT_EQ(error({"--reset-offsets", "--group", "g", "--topic", "t:x", "--to-earliest"}),
            "Invalid partition 'x' specified in topic arg 't:x''");
}

TEST(KafkaConsumerGroups, ValidatesARegularExpressionWithoutACluster) {
  EXPECT_EQ(run_tool(kafka_consumer_groups, {"--validate-regex", "a.*"}).out,
            "The regular expression `a.*` is valid.\n");
  EXPECT_TRUE(run_tool(kafka_consumer_groups, {"--validate-regex", "("}).out.contains("is invalid"));
}

TEST(KafkaConfigs, RefusesWhatMakesNoSenseBeforeItConnects) {
  const auto error = [](Arguments arguments) {
    arguments.insert(arguments.begin(), {"--bootstrap-server", kNobody});
    const auto ran = run_tool(kafka_configs, arguments);
    EXPECT_EQ(ran.code, 1);
    return first_line(ran.err);
  };
  EXPECT_EQ(error({"--describe", "--broker", "x"}),
            "The entity name for brokers must be a valid integer broker id, but it is: x");
  EXPECT_EQ(error({"--describe", "--topic", "t", "--broker", "1"}),
            "Only 'users' and 'clients' entity types may be specified together");
  EXPECT_EQ(error({"--alter", "--entity-type", "topics", "--add-config", "a=b"}),
            "An entity name must be specified with --alter of topics");
  EXPECT_EQ(error({"--describe", "--topic", "t", "--add-config", "a=b"}),
            "Option \"[describe]\" can't be used with option \"[add-config]\"");
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

TEST(Thalweg, SaysWhatToDoWhenNoBrokerAnswers) {
  const auto lost = run_tool(run_thalweg, {"topic", "list", "--brokers", kNobody, "--timeout", "100"});
  EXPECT_EQ(lost.code, 1);
  EXPECT_EQ(lost.err,
            "thalweg topic list: no broker answers at 127.0.0.1:1\n"
            "Is it running? To start one: thalweg server. For another address: --brokers host:port, or "
            "THALWEG_BROKERS in the environment\n");
}

TEST(Thalweg, TakesTheBrokersFromTheEnvironmentOrAnOptionAnywhere) {
  platform::TestShards shards;
  FakeTerminal terminal;
  terminal.variables["THALWEG_BROKERS"] = kNobody;
  const Context context{shards[0], terminal};
  platform::run_on(shards[0], run_thalweg(context, {"topic", "list", "--timeout", "100"}));
  EXPECT_TRUE(terminal.err_text.contains("no broker answers at 127.0.0.1:1")) << terminal.err_text;
  terminal.err_text.clear();
  platform::run_on(shards[0], run_thalweg(context, {"--brokers", "127.0.0.1:2", "--timeout=100", "topic", "list"}));
  EXPECT_TRUE(terminal.err_text.contains("no broker answers at 127.0.0.1:2")) << terminal.err_text;
}

TEST(Thalweg, NamesTheNearestCommandAndOption) {
  const auto error = [](Arguments arguments) {
    const auto ran = run_tool(run_thalweg, std::move(arguments));
    EXPECT_EQ(ran.code, 2);
    EXPECT_EQ(ran.out, "");
    return first_line(ran.err);
  };
  EXPECT_EQ(error({"topics"}), "thalweg: no command 'topics'; did you mean topic?");
  EXPECT_EQ(error({"topic", "creat"}), "thalweg: no command 'topic creat'; did you mean create?");
  EXPECT_EQ(error({"topic", "create", "t", "--partition", "x"}),
            "thalweg: Cannot parse argument 'x' of option partitions");
  EXPECT_EQ(error({"topic", "create", "t", "--replcas", "1"}),
            "thalweg: replcas is not a recognized option; did you mean --replicas?");
}

TEST(Thalweg, RefusesTooFewAndTooManyWordsBeforeItConnects) {
  const auto error = [](Arguments arguments) { return first_line(run_tool(run_thalweg, std::move(arguments)).err); };
  EXPECT_EQ(error({"topic", "describe"}), "thalweg: the name of a topic is missing");
  EXPECT_EQ(error({"topic", "list", "orders"}), "thalweg: 'orders' is one word too many");
  EXPECT_EQ(error({"topic", "alter", "a", "b"}), "thalweg: 'b' is one word too many");
  EXPECT_EQ(error({"topic", "list", "--output", "yaml"}), "thalweg: --output is table or json, not 'yaml'");
}

TEST(Thalweg, SaysItsVersionAndHelpsUnderEveryName) {
  EXPECT_TRUE(run_tool(run_thalweg, {"--version"}).out.starts_with("thalweg "));
  const auto help = run_tool(run_thalweg, {"help", "topic", "create"});
  EXPECT_EQ(help.code, 0);
  EXPECT_EQ(help.out, run_tool(run_thalweg, {"topic", "create", "--help"}).out);
  EXPECT_EQ(run_tool(run_thalweg, {}).out, run_tool(run_thalweg, {"--help"}).out);
  EXPECT_TRUE(run_tool(run_thalweg, {"topic", "--help"}).out.contains("topic trim"));
}

TEST(Thalweg, ColoursOnlyAScreenWhoseUserWantsThem) {
  const auto help = [](std::map<std::string, std::string, std::less<>> variables) {
    platform::TestShards shards;
    FakeTerminal terminal;
    terminal.is_terminal = true;
    terminal.variables = std::move(variables);
    platform::run_on(shards[0], run_thalweg({shards[0], terminal}, {"--help"}));
    return terminal.out_text;
  };
  EXPECT_TRUE(help({}).contains('\x1b'));
  EXPECT_FALSE(help({{"NO_COLOR", "1"}}).contains('\x1b'));
  EXPECT_FALSE(help({{"TERM", "dumb"}}).contains('\x1b'));
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
