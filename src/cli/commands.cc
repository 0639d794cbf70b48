#include <fmt/format.h>

#include "cli/command.h"
#include "cli/registry_client.h"

namespace thalweg::cli {
namespace {

using enum Words::Kind;
constexpr std::size_t kAny = SIZE_MAX;
constexpr Words kNoWords{kNone, 0};
constexpr Words kOneTopic{kTopics, 1, "the name of a topic"};
constexpr Words kManyTopics{kTopics, kAny, "the name of a topic"};
constexpr Words kAllOrTopics{kTopics, kAny};
constexpr Words kOneGroup{kGroups, 1, "the id of a group"};
constexpr Words kManyGroups{kGroups, kAny, "the id of a group"};

constexpr Words kSchemaFile{kSubjects, 2, "the name of a subject"};
constexpr auto kRegistry = Command::Asks::kRegistry;

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
    {"topic delete", "TOPIC... [--yes]", "Deletes topics with all that is in them; asks first on a terminal.",
     "thalweg topic delete orders", kManyTopics, declare_yes, topic_delete},
    {"topic trim", "TOPIC --offset N [--partition N]... [--yes]",
     "Deletes the records of a topic that lie before an offset; -1 deletes all.",
     "thalweg topic trim orders --partition 0 --offset 1000", kOneTopic, declare_topic_trim, topic_trim},
    {"topic offsets", "TOPIC...", "Shows where partitions begin and end.", "thalweg topic offsets orders", kManyTopics,
     declare_nothing, topic_offsets},
    {"produce",
     "TOPIC [--key-separator TEXT | --key KEY | --tombstone] [--null-value TEXT] [--partition N] [--output json]",
     "Writes each line of standard input as a record.",
     "echo hello | thalweg produce greetings\nthalweg produce users --key-separator : < users.txt\n"
     "echo ann | thalweg produce users --tombstone    # forgets ann in a compacted topic\n"
     "echo hello | thalweg produce greetings --output json    # says partition and offset\n"
     "thalweg produce greetings    # then type, a record a line; Ctrl-D ends",
     kOneTopic, declare_produce, produce, true},
    {"consume",
     "TOPIC... [--from start|end|OFFSET|-N|TIME] [--where EXPRESSION] [--count N] [--follow] [--group ID] [--format "
     "TEXT] "
     "[--output json]",
     "Prints records; to the present end of the topic, or for ever with --follow.",
     "thalweg consume greetings\nthalweg consume orders --follow --output json    # an object a line\n"
     "thalweg consume orders --from -10    # the last 10 of each partition\n"
     "thalweg consume orders --where 'value.status == \"FAILED\" && value.amount > 100'\n"
     "thalweg consume orders --from -1h --format '%T %p %o %k %s\\n'\n"
     "thalweg consume orders --group billing --count 10",
     kManyTopics, declare_consume, consume, true},
    {"group list", "", "Lists consumer groups.", "thalweg group list", kNoWords, declare_nothing, group_list},
    {"group describe", "GROUP...", "Shows what groups have read, what is left, and who reads.",
     "thalweg group describe billing", kManyGroups, declare_nothing, group_describe},
    {"group delete", "GROUP... [--yes]",
     "Deletes groups without members, with their offsets; asks first on a terminal.", "thalweg group delete billing",
     kManyGroups, declare_yes, group_delete},
    {"group seek", "GROUP --topic TOPIC... --to start|end|OFFSET|TIME [--dry-run]",
     "Moves a group without members to another place.",
     "thalweg group seek billing --topic orders --to start\nthalweg group seek billing --topic orders:0 --to 42\n"
     "thalweg group seek billing --topic orders --to 2026-01-31T12:00:00 --dry-run\n"
     "thalweg group seek billing --topic orders --to -1h",
     kOneGroup, declare_group_seek, group_seek},
    {"config get", "[--topic T | --broker ID | --group G | --brokers-default] [--all]",
     "Shows settings: those that were changed, or all.", "thalweg config get --topic orders --all", kNoWords,
     declare_config_get, config_get},
    {"config set",
     "KEY=VALUE... [--topic T | --broker ID | --group G | --brokers-default]",
     "Changes settings.",
     "thalweg config set retention.ms=3600000 --topic orders",
     {kAssignments, kAny, "KEY=VALUE"},
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
    {"cluster health", "[--watch]", "Says whether brokers and partitions are well; exit code 1 when they are not.",
     "thalweg cluster health\nthalweg cluster health --watch\nthalweg cluster health --output json | jq .healthy",
     kNoWords, declare_cluster_health, cluster_health, true},
    {"cluster describe", "", "Shows brokers, who controls, what each carries, and the partitions that are not well.",
     "thalweg cluster describe\nthalweg cluster describe --output json", kNoWords, declare_nothing, cluster_describe},
    {"cluster rebalance", "[--throttle BYTES] [--cancel] [--dry-run] [--yes]",
     "Evens out replicas, leaders and bytes over the brokers: shows the plan, asks on a terminal, and does it.",
     "thalweg cluster rebalance --dry-run    # after a broker was added\nthalweg cluster rebalance --throttle "
     "50000000\n"
     "thalweg cluster rebalance --cancel",
     kNoWords, declare_cluster_rebalance, cluster_rebalance, true},
    {"cluster remove",
     "ID [--dry-run] [--yes]",
     "Removes a broker for good: moves its replicas to others, takes its vote, and forgets it; go on by running it "
     "again.",
     "thalweg cluster remove 4 --dry-run    # what moves, and how much\nthalweg cluster remove 4",
     {kNone, 1, "the id of a broker"},
     declare_cluster_remove,
     cluster_remove,
     true},
    {"partition list", "[TOPIC...] [--partition N]... [--state STATE]",
     "Lists partitions: who leads, where the replicas are, which are in sync or may lead, what moves.",
     "thalweg partition list orders\nthalweg partition list --state under-replicated", kAllOrTopics,
     declare_partition_list, partition_list},
    {"partition move",
     "[TOPIC...] [--partition N]... --to 1,2,3 | --off ID | --replicas N | --cancel [--dry-run] [--no-wait] [--yes]",
     "Moves replicas to other brokers: shows the plan, asks on a terminal, waits until they are there.",
     "thalweg partition move orders --to 2,3,4\nthalweg partition move orders --partition 0 --to 3,1,2\n"
     "thalweg partition move --off 4 --dry-run    # what it would take to empty broker 4\n"
     "thalweg partition move orders --replicas 3\nthalweg partition move --cancel",
     kAllOrTopics, declare_partition_move, partition_move, true},
    {"partition elect", "[TOPIC...] [--partition N]... [--unclean] [--dry-run] [--yes]",
     "Gives partitions back to the leader they should have, the first of their replicas.",
     "thalweg partition elect\nthalweg partition elect orders --dry-run\n"
     "thalweg partition elect orders --partition 0 --unclean    # may lose records",
     kAllOrTopics, declare_partition_elect, partition_elect},
    {"dlq list", "[--topic TOPIC]... [--from start|-N|TIME]",
     "Counts dead letters by where they come from and why they died.",
     "thalweg dlq list\nthalweg dlq list --topic dlq.orders --from -1h --output json", kNoWords, declare_dlq_list,
     dlq_list, true},
    {"dlq show",
     "TOPIC [--from start|OFFSET|-N|TIME] [--count N] [--where error=NAME|origin=TOPIC[:N]]... [--output json]",
     "Prints dead letters: where each comes from, why it died, key and value.",
     "thalweg dlq show dlq.orders --from -1 --count 10\nthalweg dlq show dlq.orders --where error=_TIMED_OUT "
     "--where origin=orders:0 --output json",
     kOneTopic, declare_dlq_show, dlq_show, true},
    {"dlq replay", "TOPIC [--to TOPIC] [--count N] [--where error=NAME|origin=TOPIC[:N]]... [--group ID] [--dry-run]",
     "Sends dead letters back to where they come from, each once, as long as nothing is killed in the middle.",
     "thalweg dlq replay dlq.orders --dry-run\nthalweg dlq replay dlq.orders\n"
     "thalweg dlq replay dlq.orders --where error=_TIMED_OUT --to orders-again",
     kOneTopic, declare_dlq_replay, dlq_replay, true},
    {"schema list", "[--prefix TEXT] [--all-versions] [--deleted]",
     "Lists the subjects of the schema registry with their latest version.",
     "thalweg schema list\nthalweg schema list --prefix users- --all-versions\n"
     "thalweg schema list --registry http://registry:8081 --output json",
     kNoWords, declare_schema_list, schema_list, false, kRegistry},
    {"schema show",
     "SUBJECT [--version N|latest] | --id ID | --guid GUID [--raw]",
     "Prints a schema.",
     "thalweg schema show users-value\nthalweg schema show users-value --version 1 --raw > users.avsc\n"
     "thalweg schema show --id 7 --output json    # with subject, version, type, references",
     {kSubjects, 1},
     declare_schema_show,
     schema_show,
     false,
     kRegistry},
    {"schema register", "SUBJECT FILE|- [--type avro|json|protobuf] [--reference NAME=SUBJECT:VERSION]...",
     "Registers a schema under a subject; says its version and id, and whether it was there.",
     "thalweg schema register users-value users.avsc\n"
     "thalweg schema register orders-value order.proto --reference customer.proto=customers-value:1\n"
     "echo '\"string\"' | thalweg schema register names-key - --type avro",
     kSchemaFile, declare_schema_input, schema_register, false, kRegistry},
    {"schema check",
     "SUBJECT FILE|- [--all | --version N|latest] [--type avro|json|protobuf] [--reference NAME=SUBJECT:VERSION]...",
     "Says whether a schema could be registered under a subject, and if not, why; exit code 1 then.",
     "thalweg schema check users-value users.avsc\nthalweg schema check users-value users.avsc --all --output json",
     kSchemaFile, declare_schema_check, schema_check, false, kRegistry},
    {"schema delete",
     "SUBJECT [--version N|latest] [--permanent] [--yes]",
     "Deletes a subject or one of its versions; asks first on a terminal.",
     "thalweg schema delete users-value --version 1\nthalweg schema delete users-value    # ids stay readable\n"
     "thalweg schema delete users-value --permanent    # after the line above",
     {kSubjects, 1, "the name of a subject"},
     declare_schema_delete,
     schema_delete,
     false,
     kRegistry},
    {"schema level",
     "[SUBJECT] [--set LEVEL | --unset]",
     "Shows or changes what a new version must fit, for all subjects or for one.",
     "thalweg schema level\nthalweg schema level --set FULL\nthalweg schema level users-value --set "
     "BACKWARD_TRANSITIVE\nthalweg schema level users-value --unset",
     {kSubjects, 1},
     declare_schema_level,
     schema_level,
     false,
     kRegistry},
};

}  // namespace

std::span<const Command> commands() { return kCommands; }

std::span<const std::string_view> other_commands() {
  static constexpr std::string_view kOthers[] = {"server", "completion", "man", "help", "version"};
  return kOthers;
}

const Command* find_command(const std::vector<std::string>& words) {
  for (const auto& command : commands()) {
    const bool two = command.name.contains(' ');
    if (words.size() < (two ? 2u : 1u)) continue;
    if ((two ? words[0] + " " + words[1] : words[0]) == command.name) return &command;
  }
  return nullptr;
}

void declare_nothing(OptionParser&) {}

OptionParser parser_of(const Command& command) {
  OptionParser p;
  if (command.asks == Command::Asks::kRegistry) {
    p.value("registry", "URL",
            fmt::format("The schema registry's address; of several, with commas, the first that can be reached. "
                        "(default: ${}, or {})",
                        kRegistryVariable, kDefaultRegistry));
  } else {
    p.value("brokers", "host:port,...",
            fmt::format("Brokers to connect to first; a port may be left out. (default: ${}, or {})", kBrokersVariable,
                        kDefaultBroker));
    p.alias("bootstrap-server", "brokers").alias("b", "brokers");
  }
  p.value("output", "table|json", "How to show the result. (default: table)").alias("o", "output");
  p.one_of("output", {"table", "json"});
  p.integer("timeout", "ms", "How long to try to reach the cluster and to be done. (default: 30000)");
  p.within("timeout", 1, INT32_MAX);
  p.flag("help", "Shows this help.").alias("h", "help");
  command.declare(p);
  p.suggest_names();
  return p;
}

}  // namespace thalweg::cli
