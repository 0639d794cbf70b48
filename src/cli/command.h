// The commands of thalweg under its own name: a noun and a verb, each with help and examples, from one table that also
// feeds shell completion.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admin/topics.h"
#include "cli/report.h"
#include "cli/tool.h"

namespace thalweg::cli {

// One run of a command: its options and what it may use.
struct Session {
  Context context;
  const Options& options;
  admin::Client& client;
  OutputFormat format = OutputFormat::kTable;
  bool& misused;  // the command makes no sense, whatever the cluster says: exit code 2

  Terminal& terminal() const { return context.terminal; }
  const std::vector<std::string>& words() const { return options.positional(); }
  void show(const Report& report) const {
    terminal().out(report.text(format, format == OutputFormat::kTable && terminal().colours()));
  }
  std::unexpected<Error> misuse(std::string message) const {
    misused = true;
    return invalid(std::move(message));
  }
  // What was made of the user's words; its error is misuse.
  template <class T>
  Result<T> given(Result<T> parsed) const {
    if (!parsed) misused = true;
    return parsed;
  }
  std::optional<std::int64_t> number(std::string_view option) const {
    return parse_integer(options.value_or(option, ""));
  }
};

// The words that a command takes after its name.
struct Words {
  enum class Kind { kNone, kTopics, kGroups, kSettings, kAssignments, kSubjects };  // kAssignments: KEY=VALUE
  Kind kind = Kind::kNone;
  std::size_t max = 0;
  std::string_view missing = {};  // how an error calls the first one; empty: there need be none
};

struct Command {
  std::string_view name;      // "topic create"
  std::string_view synopsis;  // what follows the name: "TOPIC [--partitions N]"
  std::string_view summary;
  std::string_view examples;  // lines
  Words words;
  void (*declare)(OptionParser& parser);  // its own options
  Task<Result<>> (*run)(Session session);
  bool streams = false;  // lasts as long as there are records; else --timeout bounds the whole command
  enum class Asks { kCluster, kRegistry };
  Asks asks = Asks::kCluster;  // kRegistry: --registry instead of --brokers, and no broker is connected to
};

// commands.cc
std::span<const Command> commands();
// With what all commands have in common: --brokers, --output, …
OptionParser parser_of(const Command& command);
inline constexpr std::string_view kDefaultBroker = "localhost:9092";
// Where the address of the brokers is looked for when no option gives it.
inline constexpr std::string_view kBrokersVariable = "THALWEG_BROKERS";

// The commands by name, and the words that stand where a command does but are in no table.
std::span<const std::string_view> other_commands();
const Command* find_command(const std::vector<std::string>& words);

// manual.cc: the manual page, as roff.
std::string manual_page();
// completion.cc: a script for the shell named, or kInvalidRequest.
Result<std::string> completion_script(std::string_view shell);

// unknown_names.cc: errors that say which name is not known, and the nearest one that is.
Task<Result<>> check_topics(Session session, std::vector<std::string> names);
Task<Result<>> check_groups(Session session, std::vector<std::string> names);
// The partitions of a topic with these numbers, or all of them when there are none; an error names one that it lacks.
Result<std::vector<PartitionId>> choose_partitions(const admin::TopicDescription& topic,
                                                   const std::vector<std::string>& numbers);
// The error's text, about `name` if it does not say so itself.
Error about(const std::string& name, const Error& error);

// confirm.cc: asks a user at a terminal before something is gone for good; an error when the answer is not yes. Scripts
// and --yes are not asked. `extent`: the end of the question.
void declare_yes(OptionParser& parser);
Task<Result<>> confirm(Session session, std::string what, std::string extent = " for good");

void declare_nothing(OptionParser& parser);
// thalweg_topic.cc
void declare_topic_list(OptionParser& parser);
void declare_topic_create(OptionParser& parser);
void declare_topic_alter(OptionParser& parser);
Task<Result<>> topic_list(Session session);
Task<Result<>> topic_create(Session session);
Task<Result<>> topic_describe(Session session);
Task<Result<>> topic_alter(Session session);
Task<Result<>> topic_delete(Session session);
Task<Result<>> topic_offsets(Session session);
void declare_topic_trim(OptionParser& parser);
Task<Result<>> topic_trim(Session session);
// thalweg_produce.cc, thalweg_consume.cc
void declare_produce(OptionParser& parser);
Task<Result<>> produce(Session session);
void declare_consume(OptionParser& parser);
Task<Result<>> consume(Session session);
// thalweg_group.cc
Task<Result<>> group_list(Session session);
Task<Result<>> group_describe(Session session);
Task<Result<>> group_delete(Session session);
void declare_group_seek(OptionParser& parser);
Task<Result<>> group_seek(Session session);
// thalweg_config.cc
void declare_config_get(OptionParser& parser);
void declare_config_target(OptionParser& parser);
Task<Result<>> config_get(Session session);
Task<Result<>> config_set(Session session);
Task<Result<>> config_unset(Session session);
// thalweg_cluster.cc
Task<Result<>> cluster_info(Session session);
void declare_cluster_health(OptionParser& parser);
Task<Result<>> cluster_health(Session session);
Task<Result<>> cluster_describe(Session session);
// thalweg_cluster_rebalance.cc
void declare_cluster_rebalance(OptionParser& parser);
Task<Result<>> cluster_rebalance(Session session);
// thalweg_cluster_remove.cc
void declare_cluster_remove(OptionParser& parser);
Task<Result<>> cluster_remove(Session session);
// thalweg_partition.cc, thalweg_partition_move.cc
void declare_partition_list(OptionParser& parser);
Task<Result<>> partition_list(Session session);
void declare_partition_elect(OptionParser& parser);
Task<Result<>> partition_elect(Session session);
void declare_partition_move(OptionParser& parser);
Task<Result<>> partition_move(Session session);
// thalweg_schema.cc, thalweg_schema_register.cc, thalweg_schema_change.cc
void declare_schema_list(OptionParser& parser);
Task<Result<>> schema_list(Session session);
void declare_schema_show(OptionParser& parser);
Task<Result<>> schema_show(Session session);
void declare_schema_input(OptionParser& parser);
Task<Result<>> schema_register(Session session);
void declare_schema_check(OptionParser& parser);
Task<Result<>> schema_check(Session session);
void declare_schema_delete(OptionParser& parser);
Task<Result<>> schema_delete(Session session);
void declare_schema_level(OptionParser& parser);
Task<Result<>> schema_level(Session session);
// thalweg_dlq.cc, thalweg_dlq_replay.cc
void declare_dlq_list(OptionParser& parser);
Task<Result<>> dlq_list(Session session);
void declare_dlq_show(OptionParser& parser);
Task<Result<>> dlq_show(Session session);
void declare_dlq_replay(OptionParser& parser);
Task<Result<>> dlq_replay(Session session);

}  // namespace thalweg::cli
