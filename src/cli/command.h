// The commands of thalweg under its own name: a noun and a verb, each with help and examples, from one table that also
// feeds shell completion.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/report.h"
#include "cli/tool.h"

namespace thalweg::cli {

// One run of a command: its options and what it may use.
struct Session {
  Context context;
  const Options& options;
  admin::Client& client;
  OutputFormat format = OutputFormat::kTable;

  Terminal& terminal() const { return context.terminal; }
  const std::vector<std::string>& words() const { return options.positional(); }
  void show(const Report& report) const {
    terminal().out(report.text(format, format == OutputFormat::kTable && terminal().colours()));
  }
};

// The words that a command takes after its name.
struct Words {
  enum class Kind { kNone, kTopics, kGroups, kSettings };
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
};

// commands.cc
std::span<const Command> commands();
// With what all commands have in common: --brokers, --output, …
OptionParser parser_of(const Command& command);
inline constexpr std::string_view kDefaultBroker = "localhost:9092";
// Where the address of the brokers is looked for when no option gives it.
inline constexpr std::string_view kBrokersVariable = "THALWEG_BROKERS";

// completion.cc: a script for the shell named, or kInvalidRequest.
Result<std::string> completion_script(std::string_view shell);

// unknown_names.cc: errors that say which name is not known, and the nearest one that is.
Task<Result<>> check_topics(Session session, std::vector<std::string> names);
Task<Result<>> check_groups(Session session, std::vector<std::string> names);
// The error's text, about `name` if it does not say so itself.
Error about(const std::string& name, const Error& error);

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
// thalweg_records.cc
void declare_produce(OptionParser& parser);
void declare_consume(OptionParser& parser);
Task<Result<>> produce(Session session);
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
Task<Result<>> cluster_info(Session session);

}  // namespace thalweg::cli
