// Those of Kafka's tools whose first word says what to do: kafka-features describe.
#pragma once

#include <string>
#include <string_view>

#include "cli/tool.h"

namespace thalweg::cli {

// One run: the word, its options, and what it may use.
struct Errand {
  Context context;
  const std::string& command;
  const Options& options;
  admin::Client& client;

  Terminal& terminal() const { return context.terminal; }
};

struct SubcommandTool {
  std::string_view name;
  std::string_view purpose;
  std::string_view commands;  // separated by blanks
  OptionParser (*options)();
  // What makes no sense, said before anything is connected to; empty when all is well.
  std::string (*misuse)(const std::string& command, const Options& options);
  Task<Result<>> (*run)(Errand errand);
  std::string_view older_config = {};  // an older name of --command-config
};

// Errors go to standard error: those of the broker with the name of Java's exception, kInvalidRequest as it stands.
// Help goes to standard output and ends with 0, as that of Kafka's parser of sub-commands does.
Task<int> run_subcommand_tool(Context context, Arguments arguments, SubcommandTool tool);

// What all of them understand.
void declare_bootstrap(OptionParser& parser);
// --bootstrap-server or --bootstrap-controller is missing, or both are there; else empty.
std::string misuse_of_bootstrap(const Options& options);

// Kafka's ToolsUtils: each cell as wide as its column and a tab behind each, also the last.
std::string tabbed_table(const std::vector<std::string>& titles, const std::vector<std::vector<std::string>>& rows);

}  // namespace thalweg::cli
