#include "cli/tool.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
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
  for (const char* name :
       {"kafka-topics", "kafka-configs", "kafka-console-consumer", "kafka-console-producer", "kafka-consumer-groups",
        "kafka-get-offsets", "kafka-reassign-partitions", "kafka-leader-election", "kafka-log-dirs"}) {
    const auto ran = run_tool(find_tool(name), {"--version"});
    EXPECT_EQ(ran.code, 0) << name;
    EXPECT_EQ(ran.out, "4.3.1\n") << name;
  }
}

TEST(KafkaTools, ExplainThemselvesOnStandardErrorWhenAskedOrGivenNothing) {
  for (const char* name :
       {"kafka-topics", "kafka-configs", "kafka-console-consumer", "kafka-console-producer", "kafka-consumer-groups",
        "kafka-get-offsets", "kafka-reassign-partitions", "kafka-leader-election", "kafka-log-dirs"})
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
            "thalweg topic list: nothing listens at 127.0.0.1:1\n"
            "Is the server running, and is it this port? To start one: thalweg server. For another address: --brokers "
            "host:port, or THALWEG_BROKERS in the environment\n");
}

TEST(Thalweg, TakesTheBrokersFromTheEnvironmentOrAnOptionAnywhere) {
  platform::TestShards shards;
  FakeTerminal terminal;
  terminal.variables["THALWEG_BROKERS"] = kNobody;
  const Context context{shards[0], terminal};
  platform::run_on(shards[0], run_thalweg(context, {"topic", "list", "--timeout", "100"}));
  EXPECT_TRUE(terminal.err_text.contains("nothing listens at 127.0.0.1:1")) << terminal.err_text;
  terminal.err_text.clear();
  platform::run_on(shards[0], run_thalweg(context, {"--brokers", "127.0.0.1:2", "--timeout=100", "topic", "list"}));
  EXPECT_TRUE(terminal.err_text.contains("nothing listens at 127.0.0.1:2")) << terminal.err_text;
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
            "thalweg: --partitions is a number from 1 to 2147483647, not 'x'");
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

TEST(Thalweg, RefusesWrongValuesBeforeItConnects) {
  const std::vector<Arguments> all{
      {"topic", "list", "--timeout", "0"},
      {"topic", "list", "--timeout", "99999999999"},
      {"topic", "list", "--brokers", ""},
      {"topic", "list", "--brokers", "a:b"},
      {"topic", "list", "--brokers", "a:0"},
      {"topic", "list", "--brokers", "a b"},
      {"topic", "create", "t", "--partitions", "0"},
      {"topic", "create", "t", "--partitions", "-1"},
      {"topic", "create", "t", "--replicas", "40000"},
      {"topic", "create", "t", "--config", "retention.ms"},
      {"topic", "alter", "t"},
      {"topic", "alter", "t", "--partitions", "0"},
      {"topic", "trim", "t"},
      {"topic", "trim", "t", "--offset", "-2"},
      {"topic", "trim", "t", "--offset", "1", "--partition", "x"},
      {"produce", "t", "--partition", "-1"},
      {"produce", "t", "--acks", "2"},
      {"produce", "t", "--compression", "zip"},
      {"produce", "t", "--header", "x"},
      {"produce", "t", "--key-separator", ""},
      {"produce", "t", "--key", "k", "--key-separator", ":"},
      {"produce", "t", "--tombstone", "--key", "k"},
      {"consume", "t", "--count", "0"},
      {"consume", "t", "--count", "-5"},
      {"consume", "t", "--from", "yesterday"},
      {"consume", "t", "--from", "+5"},
      {"consume", "t", "--partition", "-1"},
      {"consume", "t", "--group", ""},
      {"consume", "t", "--group", "g", "--from", "42"},
      {"consume", "t", "--group", "g", "--partition", "0"},
      {"consume", "t", "--format", "%q"},
      {"consume", "t", "--format", "%k", "--output", "json"},
      {"group", "seek", "g"},
      {"group", "seek", "g", "--topic", "t", "--to", "-1"},
      {"group", "seek", "g", "--topic", "t", "--to", "-2"},
      {"group", "seek", "g", "--topic", "t", "--to", "latest"},
      {"group", "seek", "g", "--topic", "t:x", "--to", "end"},
      {"config", "get"},
      {"config", "get", "--topic", "t", "--broker", "1"},
      {"config", "get", "--broker", "x"},
      {"config", "set", "retention.ms", "--topic", "t"},
      {"config", "set", "=1", "--topic", "t"},
      {"config", "unset", "retention.ms=1", "--topic", "t"},
      {"partition", "list", "--partition", "0"},
      {"partition", "list", "--state", "bad"},
      {"partition", "move", "t"},
      {"partition", "move", "--to", "1"},
      {"partition", "move", "t", "--to", "1,1"},
      {"partition", "move", "t", "--to", "one"},
      {"partition", "move", "t", "--to", "1", "--off", "2"},
      {"partition", "move", "t", "--replicas", "0"},
      {"partition", "move", "t", "u", "--partition", "0", "--to", "1"},
      {"partition", "move", "--cancel", "--to", "1"},
      {"partition", "elect", "t", "--partition", "x"},
  };
  for (Arguments arguments : all) {
    const std::string shown = fmt::format("{}", fmt::join(arguments, " "));
    if (!shown.contains("--brokers")) arguments.insert(arguments.end(), {"--brokers", kNobody});
    const auto ran = run_tool(run_thalweg, arguments);
    EXPECT_EQ(ran.code, 2) << shown << ": " << ran.err;
    EXPECT_EQ(ran.out, "") << shown;
    EXPECT_TRUE(ran.err.contains("Try: thalweg ")) << shown << ": " << ran.err;
  }
}

TEST(Thalweg, NamesTheVariableThatIsWrong) {
  platform::TestShards shards;
  FakeTerminal terminal;
  terminal.variables["THALWEG_BROKERS"] = "a:b";
  EXPECT_EQ(platform::run_on(shards[0], run_thalweg({shards[0], terminal}, {"topic", "list"})), 2);
  EXPECT_TRUE(terminal.err_text.contains("THALWEG_BROKERS")) << terminal.err_text;
}

TEST(AnyTool, FailsWhenItsOutputIsLost) {
  const auto run = [](Tool tool, const char* name, Arguments arguments, const char* failure) {
    platform::TestShards shards;
    FakeTerminal terminal;
    terminal.out_failure_text = failure;
    const Context context{shards[0], terminal};
    const int code = platform::run_on(shards[0], run_to_the_end(context, tool, name, std::move(arguments)));
    return std::pair(code, terminal.err_text);
  };
  EXPECT_EQ(run(run_thalweg, "thalweg", {"--help"}, "No space left on device"),
            std::pair(1, std::string("thalweg: cannot write to standard output: No space left on device\n")));
  EXPECT_EQ(run(kafka_topics, "kafka-topics", {"--version"}, "No space left on device").first, 1);
  EXPECT_EQ(run(run_thalweg, "thalweg", {"--help"}, ""), std::pair(0, std::string()));
  EXPECT_EQ(run(run_thalweg, "thalweg", {"topics"}, "x").first, 2) << "a code that says more stays";
}

TEST(KafkaTools, RefuseSettingsThatTheyCannotHonour) {
  const auto error = [](const char* tool, const std::string& setting) {
    platform::TestShards shards;
    FakeTerminal terminal;
    terminal.files["c"] =
        setting + "\nclient.id=x\nrequest.timeout.ms=50\ndefault.api.timeout.ms=50\nmax.block.ms=50\n";
    Arguments arguments{"--bootstrap-server", kNobody, "--command-config", "c"};
    const std::string name = tool;
    if (name.contains("console")) arguments.insert(arguments.end(), {"--topic", "t"});
    if (name == "kafka-console-consumer") arguments.insert(arguments.end(), {"--timeout-ms", "50"});
    static const std::map<std::string, Arguments> kAsks{
        {"kafka-configs", {"--describe", "--topic", "t"}},
        {"kafka-topics", {"--list"}},
        {"kafka-consumer-groups", {"--list"}},
        {"kafka-reassign-partitions", {"--list"}},
        {"kafka-log-dirs", {"--describe"}},
        {"kafka-leader-election", {"--election-type", "preferred", "--all-topic-partitions"}},
        {"kafka-cluster", {"cluster-id"}},
        {"kafka-features", {"describe"}},
        {"kafka-metadata-quorum", {"describe", "--status"}},
        {"kafka-transactions", {"list"}}};
    if (const auto asks = kAsks.find(name); asks != kAsks.end())
      arguments.insert(arguments.end(), asks->second.begin(), asks->second.end());
    const int code = platform::run_on(shards[0], find_tool(tool)({shards[0], terminal}, arguments));
    const std::string said = terminal.err_text + terminal.out_text;
    const std::string key = setting.substr(0, setting.find('='));
    const bool refused = said.contains(key) && said.contains("is not supported by these tools");
    EXPECT_FALSE(refused && code == 0 && name != "kafka-consumer-groups") << tool << " " << said;
    return refused;
  };
  for (const auto& tool : kafka_tools()) {
    if (tool.name == "kafka-storage") continue;  // it asks nobody
    EXPECT_TRUE(error(tool.name.data(), "security.protocol=SASL_SSL")) << tool.name;
    EXPECT_TRUE(error(tool.name.data(), "sasl.mechanism=PLAIN")) << tool.name;
    EXPECT_TRUE(error(tool.name.data(), "ssl.truststore.location=/x")) << tool.name;
    EXPECT_FALSE(error(tool.name.data(), "security.protocol=PLAINTEXT")) << tool.name;
    EXPECT_FALSE(error(tool.name.data(), "ssl.truststore.location=")) << tool.name;
  }
  EXPECT_TRUE(error("kafka-console-consumer", "group.protocol=consumer"));
  EXPECT_FALSE(error("kafka-console-consumer", "group.protocol=classic"));
  EXPECT_TRUE(error("kafka-console-consumer", "group.instance.id=a"));
  EXPECT_TRUE(error("kafka-console-consumer", "partition.assignment.strategy=org.apache.kafka.StickyAssignor"));
  EXPECT_TRUE(error("kafka-console-producer", "transactional.id=a"));
  EXPECT_TRUE(error("kafka-console-producer", "partitioner.class=org.example.Mine"));
  EXPECT_FALSE(error("kafka-console-producer", "linger.ms=5"));
}

TEST(KafkaTools, HidePasswordsAndWarnOfSettingsThatNobodyKnows) {
  platform::TestShards shards;
  FakeTerminal terminal;
  EXPECT_TRUE(check_properties(terminal, ClientKind::kProducer, {{"acks", "1"}, {"group.id", "g"}, {"aks", "1"}}));
  EXPECT_EQ(terminal.err_text, "WARN These configurations '[aks, group.id]' were supplied but are not used.\n");
  const auto refused = check_properties(terminal, ClientKind::kAdmin, {{"ssl.key.password", "secret"}});
  EXPECT_FALSE(refused.error().message.contains("secret"));
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

TEST(Thalweg, CompletesSettingsAndKafkasToolsInEveryShell) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto script = completion_script(shell);
    ASSERT_TRUE(script);
    for (const char* some : {"retention.ms=", "kafka-console-consumer", "from-beginning", "_thalweg_brokers"})
      EXPECT_TRUE(script->contains(some)) << shell << " " << some;
  }
}

TEST(Thalweg, DescribesEveryCommandAndOptionInItsManual) {
  const auto ran = run_tool(run_thalweg, {"man"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_TRUE(ran.out.starts_with(".TH THALWEG 1"));
  const auto contains = [&](std::string text) {
    for (auto at = text.find('-'); at != text.npos; at = text.find('-', at + 2)) text.insert(at, "\\");
    return ran.out.contains(text);
  };
  for (const auto& command : commands()) {
    EXPECT_TRUE(contains(".SS " + std::string(command.name))) << command.name;
    for (const auto& [name, spec] : parser_of(command).specs()) EXPECT_TRUE(contains("--" + name)) << name;
  }
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
