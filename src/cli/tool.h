// The tools by name, and what they share. A tool is a coroutine from a command line to an exit code; it reads and
// writes only through its Terminal and reaches the cluster through its shard.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admin/client.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "config/properties.h"

namespace thalweg::cli {

struct Context {
  const Shard& shard;
  Terminal& terminal;
};
using Arguments = std::vector<std::string>;
using Tool = Task<int> (*)(Context, Arguments);

// One of Kafka's tools: its name without .sh, and what it understands.
struct NamedTool {
  std::string_view name;
  Tool tool;
  OptionParser (*options)();
  std::string_view commands = {};  // of a tool whose first word says what to do, separated by blanks
};
std::span<const NamedTool> kafka_tools();
// "kafka-topics", "/usr/bin/kafka-topics.sh" -> the tool of that name; null if there is none.
Tool find_tool(std::string_view program);
// thalweg COMMAND …, all but `thalweg server`.
Task<int> run_thalweg(Context context, Arguments arguments);

// Runs the tool and hands its output over. Output that was lost is an error, whatever the tool thought: it is said with
// the program's name, and the exit code is 1. A reader that went away (a closed pipe) is none.
Task<int> run_to_the_end(Context context, Tool tool, std::string program, Arguments arguments);

Task<int> kafka_topics(Context context, Arguments arguments);
Task<int> kafka_console_producer(Context context, Arguments arguments);
Task<int> kafka_console_consumer(Context context, Arguments arguments);
Task<int> kafka_consumer_groups(Context context, Arguments arguments);
Task<int> kafka_configs(Context context, Arguments arguments);
Task<int> kafka_get_offsets(Context context, Arguments arguments);
Task<int> kafka_reassign_partitions(Context context, Arguments arguments);
Task<int> kafka_leader_election(Context context, Arguments arguments);
Task<int> kafka_log_dirs(Context context, Arguments arguments);
Task<int> kafka_metadata_quorum(Context context, Arguments arguments);
Task<int> kafka_features(Context context, Arguments arguments);
Task<int> kafka_cluster(Context context, Arguments arguments);
Task<int> kafka_storage(Context context, Arguments arguments);
Task<int> kafka_transactions(Context context, Arguments arguments);
OptionParser kafka_topics_options();
OptionParser kafka_console_producer_options();
OptionParser kafka_console_consumer_options();
OptionParser kafka_consumer_groups_options();
OptionParser kafka_configs_options();
OptionParser kafka_get_offsets_options();
OptionParser kafka_reassign_partitions_options();
OptionParser kafka_leader_election_options();
OptionParser kafka_log_dirs_options();
OptionParser kafka_metadata_quorum_options();
OptionParser kafka_features_options();
OptionParser kafka_cluster_options();
OptionParser kafka_storage_options();
OptionParser kafka_transactions_options();

// The Kafka release whose tools these stand in for; what --version prints.
inline constexpr std::string_view kKafkaVersion = "4.3.1";

// Writes the message and the table of options to standard error; returns the exit code 1.
int usage_error(Terminal& terminal, const OptionParser& parser, std::string_view message);
// Prints the message and nothing beside it, as some of Kafka's tools do; 1.
int plain_error(Terminal& terminal, std::string_view message);
// What --version, --help and an empty command line answer in each of Kafka's tools: the exit code when that was all.
std::optional<int> answer_at_once(Terminal& terminal, const OptionParser& parser, const Arguments& arguments,
                                  const Options& options, std::string_view purpose);

// Client settings by Kafka's names.
using config::Properties;
// Files named by the options `files`, then pairs given by the options `pairs`: the later wins.
Result<Properties> client_properties(Terminal& terminal, const Options& options, const std::vector<std::string>& files,
                                     const std::vector<std::string>& pairs = {});
// Which of Kafka's clients the settings are for, as far as the tools care.
enum class ClientKind { kAdmin, kProducer, kConsumer };
// kInvalidRequest for a setting that cannot be honoured, since to ignore it would do something else than was asked for.
// Names that no client of Kafka's knows are warned about.
Result<> check_properties(Terminal& terminal, ClientKind kind, const Properties& properties);
Result<admin::ClientOptions> client_options(const std::string& bootstrap, const Properties& properties,
                                            std::string client_id);
// Of --bootstrap-server and --command-config. `older`: another name of the latter that the tool still takes.
Result<admin::ClientOptions> admin_options(Terminal& terminal, const Options& options, const std::string& older = "");

}  // namespace thalweg::cli
