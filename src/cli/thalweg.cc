// thalweg COMMAND …: finds the command, helps, runs it, and turns errors into something to act on.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/nearest.h"
#include "cli/command.h"
#include "cli/java_errors.h"

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
      "  version           Prints the version.\n\n"
      "{}\n{}",
      bold(terminal, "Commands"), command_list(""), bold(terminal, "Examples"),
      indented("thalweg server\nthalweg topic create orders --partitions 3\necho hello | thalweg produce orders\n"
               "thalweg consume orders\nthalweg topic create --help\n"
               "source <(thalweg completion bash)"));
}

int usage(Terminal& terminal, const std::string& message, std::string_view command) {
  terminal.err(
      fmt::format("thalweg: {}\nTry: thalweg {}--help\n", message, command.empty() ? "" : std::string(command) + " "));
  return kUsageError;
}

const Command* find_command(const Arguments& arguments) {
  for (const auto& command : commands()) {
    const bool two = command.name.contains(' ');
    if (arguments.size() < (two ? 2u : 1u)) continue;
    if ((two ? arguments[0] + " " + arguments[1] : arguments[0]) == command.name) return &command;
  }
  return nullptr;
}

// Options may also stand before the command: they are moved behind it.
Arguments command_first(Arguments arguments) {
  static const std::set<std::string> kWithValue{"--brokers", "--bootstrap-server", "--output", "--timeout"};
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
  std::set<std::string> nouns{"server", "completion", "version", "help"};
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

// Too few or too many words, or a value that no command takes; empty when all is well.
std::string misuse(const Command& command, const Options& options) {
  const auto& words = options.positional();
  if (words.empty() && !command.words.missing.empty()) return fmt::format("{} is missing", command.words.missing);
  if (words.size() > command.words.max) return fmt::format("'{}' is one word too many", words[command.words.max]);
  const std::string output = options.value_or("output", "table");
  if (output != "table" && output != "json") return fmt::format("--output is table or json, not '{}'", output);
  return "";
}

int report(Terminal& terminal, const Command& command, const Error& error, const std::string& brokers) {
  std::string text = kafka_text(error);
  if (text == admin::kNoBrokerInTime)
    text = fmt::format(
        "no broker answers at {}\nIs it running? To start one: thalweg server. For another address: --brokers "
        "host:port, or {} in the environment",
        brokers, kBrokersVariable);
  terminal.err(fmt::format("thalweg {}: {}\n", command.name, text));
  return 1;
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
  if (const std::string text = misuse(*command, *options); !text.empty())
    co_return usage(terminal, text, command->name);
  const std::string brokers =
      options->value("brokers").value_or(terminal.environment(kBrokersVariable).value_or(std::string(kDefaultBroker)));
  auto settings = client_options(brokers, {}, "thalweg");
  if (!settings) co_return usage(terminal, settings.error().message, command->name);
  constexpr std::int64_t kTimeout = 30'000;
  settings->api_timeout = Millis(parse_integer(options->value_or("timeout", "")).value_or(kTimeout));
  admin::Client client(context.shard, std::move(*settings));
  const bool json = options->value("output") == "json";
  const auto done =
      co_await command->run({context, *options, client, json ? OutputFormat::kJson : OutputFormat::kTable});
  co_return done ? 0 : report(terminal, *command, done.error(), brokers);
}

}  // namespace thalweg::cli
