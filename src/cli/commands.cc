#include <fmt/format.h>

#include "cli/command.h"

namespace thalweg::cli {
namespace {

using enum Words::Kind;
constexpr std::size_t kAny = SIZE_MAX;
constexpr Words kNoWords{kNone, 0};
constexpr Words kOneTopic{kTopics, 1, "the name of a topic"};
constexpr Words kManyTopics{kTopics, kAny, "the name of a topic"};
constexpr Words kOneGroup{kGroups, 1, "the id of a group"};
constexpr Words kManyGroups{kGroups, kAny, "the id of a group"};

constexpr Command kCommands[] = {
    {"topic list", "[--all]", "Lists topics with their partitions and replicas.",
     "thalweg topic list\nthalweg topic list --output json", kNoWords, declare_topic_list, topic_list},
    {"topic create",
     "TOPIC... [--partitions N] [--replicas N] [--config KEY=VALUE]...",
     "Creates topics.",
     "thalweg topic create orders --partitions 3\nthalweg topic create audit --config cleanup.policy=compact",
     {kNone, kAny, "the name of a topic"},
     declare_topic_create,
     topic_create},
    {"topic describe", "TOPIC...", "Shows the partitions of topics: leaders, replicas, where they begin and end.",
     "thalweg topic describe orders\nthalweg config get --topic orders    # its settings", kManyTopics, declare_nothing,
     topic_describe},
    {"topic alter", "TOPIC --partitions N", "Adds partitions to a topic.", "thalweg topic alter orders --partitions 6",
     kOneTopic, declare_topic_alter, topic_alter},
    {"topic delete", "TOPIC...", "Deletes topics with all that is in them.", "thalweg topic delete orders", kManyTopics,
     declare_nothing, topic_delete},
    {"topic trim", "TOPIC --offset N [--partition N]...",
     "Deletes the records of a topic that lie before an offset; -1 deletes all.",
     "thalweg topic trim orders --partition 0 --offset 1000", kOneTopic, declare_topic_trim, topic_trim},
    {"topic offsets", "TOPIC...", "Shows where partitions begin and end.", "thalweg topic offsets orders", kManyTopics,
     declare_nothing, topic_offsets},
    {"produce", "TOPIC [--key-separator TEXT] [--key KEY] [--partition N] [--compression CODEC]",
     "Writes each line of standard input as a record.",
     "echo hello | thalweg produce greetings\nthalweg produce users --key-separator : < users.txt\n"
     "thalweg produce greetings    # then type, a record a line; Ctrl-D ends",
     kOneTopic, declare_produce, produce},
    {"consume", "TOPIC... [--from start|end|OFFSET] [--count N] [--follow] [--group ID] [--output json]",
     "Prints records; to the present end of the topic, or for ever with --follow.",
     "thalweg consume greetings\nthalweg consume orders --follow --output json    # an object a line\n"
     "thalweg consume orders --group billing --count 10",
     kManyTopics, declare_consume, consume},
    {"group list", "", "Lists consumer groups.", "thalweg group list", kNoWords, declare_nothing, group_list},
    {"group describe", "GROUP...", "Shows what groups have read, what is left, and who reads.",
     "thalweg group describe billing", kManyGroups, declare_nothing, group_describe},
    {"group delete", "GROUP...", "Deletes groups without members, with their offsets.", "thalweg group delete billing",
     kManyGroups, declare_nothing, group_delete},
    {"group seek", "GROUP --topic TOPIC... --to start|end|OFFSET|TIME [--dry-run]",
     "Moves a group without members to another place.",
     "thalweg group seek billing --topic orders --to start\nthalweg group seek billing --topic orders:0 --to 42\n"
     "thalweg group seek billing --topic orders --to 2026-01-31T12:00:00 --dry-run",
     kOneGroup, declare_group_seek, group_seek},
    {"config get", "[--topic T | --broker ID | --group G | --brokers-default] [--all]",
     "Shows settings: those that were changed, or all.", "thalweg config get --topic orders --all", kNoWords,
     declare_config_get, config_get},
    {"config set",
     "KEY=VALUE... [--topic T | --broker ID | --group G | --brokers-default]",
     "Changes settings.",
     "thalweg config set retention.ms=3600000 --topic orders",
     {kSettings, kAny, "KEY=VALUE"},
     declare_config_target,
     config_set},
    {"config unset",
     "KEY... [--topic T | --broker ID | --group G | --brokers-default]",
     "Gives settings their default again.",
     "thalweg config unset retention.ms --topic orders",
     {kSettings, kAny, "the name of a setting"},
     declare_config_target,
     config_unset},
    {"cluster info", "", "Shows the cluster's id, its brokers and the controller.", "thalweg cluster info", kNoWords,
     declare_nothing, cluster_info},
};

}  // namespace

std::span<const Command> commands() { return kCommands; }

void declare_nothing(OptionParser&) {}

OptionParser parser_of(const Command& command) {
  OptionParser p;
  p.value("brokers", "host:port,...",
          fmt::format("Brokers to connect to first. (default: ${}, or {})", kBrokersVariable, kDefaultBroker));
  p.alias("bootstrap-server", "brokers").alias("b", "brokers");
  p.value("output", "table|json", "How to show the result. (default: table)").alias("o", "output");
  p.integer("timeout", "ms", "How long to try. (default: 30000)");
  p.flag("help", "Shows this help.").alias("h", "help");
  command.declare(p);
  p.suggest_names();
  return p;
}

}  // namespace thalweg::cli
