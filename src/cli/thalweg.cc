// thalweg COMMAND …: finds the command, helps, runs it, and turns errors into something to act on.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/nearest.h"
#include "cli/command.h"
#include "cli/java_errors.h"
#include "cli/reach.h"

namespace thalweg::cli {
namespace {

constexpr int kUsageError = 2;

std::string bold(const Terminal& terminal, std::string_view text) {
  return terminal.colours() ? fmt::format("\x1b[1m{}\x1b[0m", text) : std::string(text);
}

std::string indented(std::string_view lines) {
  std::string out = "  ";
  for (const char c : lines) {
    out += c;
    if (c == '\n') out += "  ";
  }
  return out + "\n";
}

std::string help_of(const Terminal& terminal, const Command& command) {
  return fmt::format("{}\n\n{}\n{}\n{}\n{}\n{}\n{}", command.summary, bold(terminal, "Usage"),
                     indented(fmt::format("thalweg {} {}", command.name, command.synopsis)), bold(terminal, "Examples"),
                     indented(command.examples), bold(terminal, "Options"),
                     parser_of(command).help(terminal.columns()));
}

// The commands, or those of one noun, a line each.
std::string command_list(std::string_view noun) {
  std::string out;
  for (const auto& command : commands())
    if (noun.empty() || command.name.starts_with(std::string(noun) + " "))
      out += fmt::format("  {:<18}{}\n", command.name, command.summary);
  return out;
}

std::string overview(const Terminal& terminal) {
  return fmt::format(
      "thalweg COMMAND [ARGUMENTS] [--brokers host:port] [--output table|json]\n\n"
      "{}\n{}"
      "  server            Starts a broker.\n"
      "  completion        Prints a completion script for bash, zsh or fish.\n"
      "  man               Prints the manual page: thalweg man | man -l -\n"
      "  version           Prints the version.\n\n"
      "{}\n{}",
      bold(terminal, "Commands"), command_list(""), bold(terminal, "Examples"),
      indented("thalweg server\nthalweg topic create orders --partitions 3\necho hello | thalweg produce orders\n"
               "thalweg consume orders\nthalweg topic create --help\n"
               "source <(thalweg completion bash)"));
}

Result<admin::ClientOptions> settings_of(const Options& options, const std::string& brokers) {
  constexpr std::uint16_t kPort = 9092;
  admin::ClientOptions settings;
  TRY(settings.bootstrap, admin::parse_bootstrap(brokers, kPort));
  constexpr std::int64_t kTimeout = 30'000;
  settings.api_timeout = Millis(parse_integer(options.value_or("timeout", "")).value_or(kTimeout));
  return settings;
}

int usage(Terminal& terminal, const std::string& message, std::string_view command) {
  terminal.err(
      fmt::format("thalweg: {}\nTry: thalweg {}--help\n", message, command.empty() ? "" : std::string(command) + " "));
  return kUsageError;
}

// Options may also stand before the command: they are moved behind it.
Arguments command_first(Arguments arguments) {
  static const std::set<std::string> kWithValue{"--brokers", "--bootstrap-server", "--registry", "--output",
                                                "--timeout"};
  std::size_t options = 0;
  while (options < arguments.size()) {
    const std::string name = arguments[options].substr(0, arguments[options].find('='));
    if (!kWithValue.contains(name)) break;
    options = std::min(options + (name == arguments[options] ? 2 : 1), arguments.size());
  }
  std::ranges::rotate(arguments, arguments.begin() + static_cast<std::ptrdiff_t>(options));
  return arguments;
}

std::string first_word(std::string_view name) { return std::string(name.substr(0, name.find(' '))); }

bool asks_for_help(const std::string& word) { return word == "--help" || word == "-h" || word == "help"; }

// What is no command of the table.
int other_words(Terminal& terminal, const Arguments& arguments) {
  const std::string word = arguments.empty() ? "help" : arguments[0];
  if (asks_for_help(word)) {
    terminal.out(overview(terminal));
    return 0;
  }
  if (word == "version" || word == "--version") {
    terminal.out(fmt::format("thalweg {} (tools and protocol of Apache Kafka {})\n", THALWEG_VERSION, kKafkaVersion));
    return 0;
  }
  if (word == "completion") {
    const auto script = completion_script(arguments.size() > 1 ? arguments[1] : "");
    if (!script) return usage(terminal, script.error().message, "");
    terminal.out(*script);
    return 0;
  }
  if (word == "man") {
    terminal.out(manual_page());
    return 0;
  }
  std::set<std::string> nouns(other_commands().begin(), other_commands().end());
  for (const auto& command : commands()) nouns.insert(first_word(command.name));
  const bool known = std::ranges::any_of(commands(), [&](const Command& c) { return c.name.starts_with(word + " "); });
  if (!known) return usage(terminal, fmt::format("no command '{}'{}", word, did_you_mean(word, nouns)), "");
  if (arguments.size() > 1 && asks_for_help(arguments[1])) {
    terminal.out(command_list(word));
    return 0;
  }
  std::vector<std::string> verbs;
  for (const auto& command : commands())
    if (first_word(command.name) == word) verbs.emplace_back(command.name.substr(word.size() + 1));
  if (arguments.size() > 1)
    terminal.err(fmt::format("thalweg: no command '{} {}'{}\n", word, arguments[1], did_you_mean(arguments[1], verbs)));
  terminal.err(command_list(word));
  return kUsageError;
}

// Too few or too many words; empty when all is well.
std::string misuse_of_command(const Command& command, const Options& options) {
  const auto& words = options.positional();
  if (words.empty() && !command.words.missing.empty()) return fmt::format("{} is missing", command.words.missing);
  if (words.size() > command.words.max) return fmt::format("'{}' is one word too many", words[command.words.max]);
  return "";
}

// Whether the error may come of a cluster that cannot be reached.
bool may_be_out_of_reach(const admin::Client& client, const Error& error) {
  return client.brokers().empty() || error.code == ErrorCode::kNetworkException ||
         error.code == ErrorCode::kRequestTimedOut;
}

Task<int> report(Context context, const Command& command, admin::Client& client, Error error) {
  std::string text = kafka_text(error);
  if (command.asks == Command::Asks::kCluster && may_be_out_of_reach(client, error))
    if (const std::string trouble = co_await find_trouble(client); !trouble.empty()) text = trouble;
  context.terminal.err(fmt::format("thalweg {}: {}\n", command.name, text));
  co_return 1;
}

// Somebody who waits at a screen hears soon that the cluster is out of reach. False when the command ends with that.
Task<bool> meet(Context context, const Command& command, admin::Client& client, bool has_time) {
  if (command.asks != Command::Asks::kCluster || !context.terminal.err_is_terminal()) co_return true;
  const std::string trouble = co_await first_contact(client);
  if (trouble.empty()) co_return true;
  context.terminal.err(fmt::format("thalweg {}: {}\n", command.name, trouble));
  if (has_time)
    context.terminal.err(fmt::format("Trying on for {} ms; Ctrl-C ends\n", client.options().api_timeout.count()));
  co_return has_time;
}

}  // namespace

Task<int> run_thalweg(Context context, Arguments arguments) {
  Terminal& terminal = context.terminal;
  arguments = command_first(std::move(arguments));
  if (arguments.size() > 1 && arguments[0] == "help") {  // help topic create
    arguments.erase(arguments.begin());
    arguments.emplace_back("--help");
  }
  const Command* command = find_command(arguments);
  if (!command) co_return other_words(terminal, arguments);
  const OptionParser parser = parser_of(*command);
  const auto words = command->name.contains(' ') ? 2 : 1;
  const auto options = parser.parse({arguments.begin() + words, arguments.end()});
  if (!options) co_return usage(terminal, options.error().message, command->name);
  if (options->has("help")) {
    terminal.out(help_of(terminal, *command));
    co_return 0;
  }
  if (const std::string text = misuse_of_command(*command, *options); !text.empty())
    co_return usage(terminal, text, command->name);
  const auto from_environment =
      command->asks == Command::Asks::kCluster ? terminal.environment(kBrokersVariable) : std::nullopt;
  const std::string brokers =
      options->value("brokers").value_or(from_environment.value_or(std::string(kDefaultBroker)));
  auto settings = settings_of(*options, brokers);
  if (!settings)
    co_return usage(terminal,
                    fmt::format("{} is host:port,host:port,…, not '{}'",
                                options->has("brokers") || !from_environment ? "--brokers" : kBrokersVariable, brokers),
                    command->name);
  admin::Client client(context.shard, std::move(*settings));
  if (!co_await meet(context, *command, client, options->has("timeout"))) co_return 1;
  if (!command->streams) client.limit(client.api_deadline());
  bool misused = false;
  const bool json = options->value("output") == "json";
  const auto done =
      co_await command->run({context, *options, client, json ? OutputFormat::kJson : OutputFormat::kTable, misused});
  if (done) co_return 0;
  if (misused) co_return usage(terminal, done.error().message, command->name);
  co_return co_await report(context, *command, client, done.error());
}

}  // namespace thalweg::cli
