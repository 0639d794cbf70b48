#include "cli/subcommand_tool.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/nearest.h"
#include "cli/java_errors.h"

namespace thalweg::cli {
namespace {

std::vector<std::string> words_in(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto blank = std::min(text.find(' '), text.size());
    words.emplace_back(text.substr(0, blank));
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  return words;
}

int refuse(Terminal& terminal, const SubcommandTool& tool, std::string_view message) {
  terminal.err(fmt::format("usage: {} {{{}}} [OPTIONS]\n{}: error: {}\n", tool.name,
                           fmt::join(words_in(tool.commands), ","), tool.name, message));
  return 1;
}

std::string usage_of(const SubcommandTool& tool) {
  return fmt::format("usage: {} {{{}}} [OPTIONS]\n\n{}\n\n{}", tool.name, fmt::join(words_in(tool.commands), ","),
                     tool.purpose, tool.options().help());
}

std::string exception_or_text(Error error, std::string_view call) {
  if (error.code == ErrorCode::kInvalidRequest) return error.message;
  if (error.message == admin::kNoBrokerInTime) error.message += fmt::format(" Call: {}", call);
  return exception_text(error);
}

}  // namespace

void declare_bootstrap(OptionParser& parser) {
  parser.value("bootstrap-server", "host:port,...", "Brokers to connect to first.").alias("b", "bootstrap-server");
  parser.value("bootstrap-controller", "host:port,...", "Controllers to connect to, in place of brokers.")
      .alias("C", "bootstrap-controller");
  parser.value("command-config", "FILE", "Properties file with client settings.");
  parser.flag("help", "Shows this help.").alias("h", "help");
}

std::string misuse_of_bootstrap(const Options& options) {
  if (options.has("bootstrap-server") && options.has("bootstrap-controller"))
    return "argument --bootstrap-controller: not allowed with argument --bootstrap-server";
  if (!options.has("bootstrap-server") && !options.has("bootstrap-controller"))
    return "one of the arguments --bootstrap-server --bootstrap-controller is required";
  return "";
}

Task<int> run_subcommand_tool(Context context, Arguments arguments, SubcommandTool tool) {
  Terminal& terminal = context.terminal;
  const OptionParser known = tool.options();
  const auto options = known.parse(arguments);
  if (!options) co_return refuse(terminal, tool, options.error().message);
  if (options->has("help")) {
    terminal.out(usage_of(tool));
    co_return 0;
  }
  if (options->positional().empty()) co_return refuse(terminal, tool, "too few arguments");
  const std::string command = options->positional()[0];
  const auto commands = words_in(tool.commands);
  if (std::ranges::find(commands, command) == commands.end())
    co_return refuse(terminal, tool,
                     fmt::format("invalid choice: '{}' (choose from '{}'){}", command, fmt::join(commands, "', '"),
                                 did_you_mean(command, commands)));
  if (options->positional().size() > 1)
    co_return refuse(terminal, tool, fmt::format("unrecognized arguments: '{}'", options->positional()[1]));
  if (const std::string text = tool.misuse(command, *options); !text.empty()) co_return refuse(terminal, tool, text);
  if (!tool.older_config.empty() && options->has(tool.older_config))
    terminal.out(
        fmt::format("Option --{} has been deprecated and will be removed in a future version. Use "
                    "--command-config instead.\n",
                    tool.older_config));
  auto settings = admin_options(terminal, *options, std::string(tool.older_config));
  if (!settings) {
    terminal.err(settings.error().message + "\n");
    co_return 1;
  }
  admin::Client client(context.shard, std::move(*settings));
  const auto done = co_await tool.run({context, command, *options, client});
  if (done) co_return 0;
  terminal.err(exception_or_text(done.error(), "listNodes") + "\n");
  co_return 1;
}

std::string tabbed_table(const std::vector<std::string>& titles, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < titles.size(); ++i) {
    std::size_t width = titles[i].size();
    for (const auto& row : rows) width = std::max(width, row[i].size());
    widths.push_back(width);
  }
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) out += fmt::format("{:<{}}\t", cells[i], widths[i]);
    out += '\n';
  };
  line(titles);
  for (const auto& row : rows) line(row);
  return out;
}

}  // namespace thalweg::cli
