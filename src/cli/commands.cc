#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cli/command.h"

namespace thalweg::cli {
namespace {

constexpr std::string_view kDefaultBroker = "localhost:9092";

constexpr Command kCommands[] = {
    {"topic list", "", "Lists topics with their partitions and replicas.",
     "thalweg topic list\nthalweg topic list --output json", declare_nothing, topic_list},
    {"topic create", "TOPIC... [--partitions N] [--replicas N] [--config KEY=VALUE]...", "Creates topics.",
     "thalweg topic create orders --partitions 3\nthalweg topic create audit --config cleanup.policy=compact",
     declare_topic_create, topic_create},
    {"topic describe", "TOPIC...", "Shows the partitions of topics: leaders, replicas, where they begin and end.",
     "thalweg topic describe orders", declare_nothing, topic_describe},
    {"topic alter", "TOPIC --partitions N", "Adds partitions to a topic.", "thalweg topic alter orders --partitions 6",
     declare_topic_alter, topic_alter},
    {"topic delete", "TOPIC...", "Deletes topics with all that is in them.", "thalweg topic delete orders",
     declare_nothing, topic_delete},
    {"topic trim", "TOPIC --offset N [--partition N]...",
     "Deletes the records of a topic that lie before an offset; -1 deletes all.",
     "thalweg topic trim orders --partition 0 --offset 1000", declare_topic_trim, topic_trim},
    {"topic offsets", "TOPIC...", "Shows where partitions begin and end.", "thalweg topic offsets orders",
     declare_nothing, topic_offsets},
    {"produce", "TOPIC [--key-separator TEXT] [--key KEY] [--partition N] [--compression CODEC]",
     "Writes each line of standard input as a record.",
     "echo hello | thalweg produce greetings\nthalweg produce users --key-separator : < users.txt", declare_produce,
     produce},
    {"consume", "TOPIC... [--from start|end|OFFSET] [--count N] [--follow] [--group ID] [--output json]",
     "Prints records; to the present end of the topic, or for ever with --follow.",
     "thalweg consume greetings --from start\nthalweg consume orders --follow --output json\n"
     "thalweg consume orders --group billing --count 10",
     declare_consume, consume},
    {"group list", "", "Lists consumer groups.", "thalweg group list", declare_nothing, group_list},
    {"group describe", "GROUP...", "Shows what groups have read, what is left, and who reads.",
     "thalweg group describe billing", declare_nothing, group_describe},
    {"group delete", "GROUP...", "Deletes groups without members, with their offsets.", "thalweg group delete billing",
     declare_nothing, group_delete},
    {"group seek", "GROUP --topic TOPIC... --to start|end|OFFSET|TIME",
     "Moves a group without members to another place.",
     "thalweg group seek billing --topic orders --to start\nthalweg group seek billing --topic orders:0 --to 42\n"
     "thalweg group seek billing --topic orders --to 2026-01-31T12:00:00",
     declare_group_seek, group_seek},
    {"config get", "[--topic T | --broker ID | --group G | --brokers-default] [--all]",
     "Shows settings: those that were changed, or all.", "thalweg config get --topic orders --all", declare_config_get,
     config_get},
    {"config set", "KEY=VALUE... [--topic T | --broker ID | --group G | --brokers-default]", "Changes settings.",
     "thalweg config set retention.ms=3600000 --topic orders", declare_config_target, config_set},
    {"config unset", "KEY... [--topic T | --broker ID | --group G | --brokers-default]",
     "Gives settings their default again.", "thalweg config unset retention.ms --topic orders", declare_config_target,
     config_unset},
    {"cluster info", "", "Shows the cluster's id, its brokers and the controller.", "thalweg cluster info",
     declare_nothing, cluster_info},
};

OptionParser parser_of(const Command& command) {
  OptionParser p;
  p.value("brokers", "host:port,...", fmt::format("Brokers to connect to first. (default: {})", kDefaultBroker));
  p.alias("bootstrap-server", "brokers");
  p.alias("b", "brokers");
  p.value("output", "table|json", "How to show the result. (default: table)");
  p.alias("o", "output");
  p.integer("timeout", "ms", "How long to try. (default: 30000)");
  p.flag("help", "Shows this help.").alias("h", "help");
  command.declare(p);
  return p;
}

std::string bold(const Terminal& terminal, std::string_view text) {
  return terminal.out_is_terminal() ? fmt::format("\x1b[1m{}\x1b[0m", text) : std::string(text);
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

// All commands, or those of one noun.
std::string overview(const Terminal& terminal, std::string_view noun) {
  std::string out = fmt::format("{}\n", bold(terminal, "Commands"));
  constexpr int kWidth = 18;
  for (const auto& command : kCommands)
    if (noun.empty() || command.name.starts_with(std::string(noun) + " "))
      out += fmt::format("  {:<{}}{}\n", command.name, kWidth, command.summary);
  if (!noun.empty()) return out;
  out += fmt::format("  {:<{}}{}\n", "server", kWidth, "Starts a broker.");
  out += fmt::format("  {:<{}}{}\n", "completion", kWidth, "Prints a completion script for bash, zsh or fish.");
  return fmt::format("thalweg COMMAND [ARGUMENTS] [--brokers host:port] [--output table|json]\n\n{}\n{}\n{}", out,
                     bold(terminal, "Examples"),
                     indented("thalweg server\nthalweg topic create orders --partitions 3\n"
                              "echo hello | thalweg produce orders\nthalweg consume orders --from start\n"
                              "thalweg COMMAND --help"));
}

const Command* find_command(const Arguments& arguments, std::size_t& words) {
  for (const auto& command : kCommands) {
    const bool two = command.name.find(' ') != command.name.npos;
    if (arguments.size() < (two ? 2u : 1u)) continue;
    const std::string given = two ? arguments[0] + " " + arguments[1] : arguments[0];
    if (given != command.name) continue;
    words = two ? 2 : 1;
    return &command;
  }
  return nullptr;
}

bool is_noun(const std::string& word) {
  return std::ranges::any_of(kCommands, [&](const Command& c) { return c.name.starts_with(word + " "); });
}

int usage(Terminal& terminal, const std::string& message, std::string_view command) {
  terminal.err(
      fmt::format("thalweg: {}\nTry: thalweg {}--help\n", message, command.empty() ? "" : std::string(command) + " "));
  return 2;
}

int other_words(Terminal& terminal, const Arguments& arguments) {
  const bool help = arguments.empty() || arguments[0] == "help" || arguments[0] == "--help" || arguments[0] == "-h";
  if (help) {
    terminal.out(overview(terminal, ""));
    return arguments.empty() ? 2 : 0;
  }
  if (arguments[0] == "completion") {
    const auto script = completion_script(arguments.size() > 1 ? arguments[1] : "");
    if (!script) return usage(terminal, script.error().message, "");
    terminal.out(*script);
    return 0;
  }
  if (is_noun(arguments[0])) {
    terminal.out(overview(terminal, arguments[0]));
    return arguments.size() > 1 && (arguments[1] == "--help" || arguments[1] == "-h") ? 0 : 2;
  }
  return usage(terminal, fmt::format("no command '{}'", arguments[0]), "");
}

}  // namespace

std::span<const Command> commands() { return kCommands; }

void declare_nothing(OptionParser&) {}

Result<std::string> Session::word(std::size_t n, std::string_view what) const {
  if (n < options.positional().size()) return options.positional()[n];
  return fail(ErrorCode::kInvalidRequest, fmt::format("{} is missing", what));
}

Task<int> run_thalweg(Context context, Arguments arguments) {
  Terminal& terminal = context.terminal;
  std::size_t words = 0;
  const Command* command = find_command(arguments, words);
  if (!command) co_return other_words(terminal, arguments);
  const OptionParser parser = parser_of(*command);
  const auto options = parser.parse({arguments.begin() + static_cast<std::ptrdiff_t>(words), arguments.end()});
  if (!options) co_return usage(terminal, options.error().message, command->name);
  if (options->has("help")) {
    terminal.out(help_of(terminal, *command));
    co_return 0;
  }
  const std::string output = options->value_or("output", "table");
  if (output != "table" && output != "json") co_return usage(terminal, "--output is table or json", command->name);
  auto settings = client_options(options->value_or("brokers", kDefaultBroker), {}, "thalweg");
  if (!settings) co_return usage(terminal, settings.error().message, command->name);
  constexpr std::int64_t kTimeout = 30'000;
  settings->api_timeout = Millis(parse_integer(options->value_or("timeout", "")).value_or(kTimeout));
  admin::Client client(context.shard, std::move(*settings));
  const auto done =
      co_await command->run({context, *options, client, output == "json" ? OutputFormat::kJson : OutputFormat::kTable});
  if (done) co_return 0;
  std::string text = done.error().message.empty() ? std::string(describe(done.error().code)) : done.error().message;
  if (text == admin::kNoBrokerInTime)
    text = fmt::format("no broker answers at {}; is the server running? Another address: --brokers host:port",
                       options->value_or("brokers", kDefaultBroker));
  terminal.err(fmt::format("thalweg {}: {}\n", command->name, text));
  co_return 1;
}

namespace {

std::vector<std::string> options_of(const Command& command) {
  std::vector<std::string> names;
  for (const auto& [name, spec] : parser_of(command).specs()) names.push_back("--" + name);
  return names;
}

std::set<std::string> first_words() {
  std::set<std::string> words{"server", "completion", "help"};
  for (const auto& command : kCommands) words.insert(std::string(command.name.substr(0, command.name.find(' '))));
  return words;
}

std::string joined(const auto& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + std::string(word);
  return out;
}

// A case per noun with its verbs, and per command with its options; bash and zsh (in its bash manner) share it.
std::string bash_script() {
  std::string cases;
  for (const auto& noun : first_words()) {
    std::vector<std::string> verbs;
    for (const auto& command : kCommands)
      if (command.name.starts_with(noun + " ")) verbs.emplace_back(command.name.substr(noun.size() + 1));
    if (!verbs.empty()) cases += fmt::format("    \"{}\") words=\"{}\" ;;\n", noun, joined(verbs));
  }
  cases += "    \"completion\") words=\"bash zsh fish\" ;;\n";
  std::string options;
  for (const auto& command : kCommands)
    options += fmt::format("    \"{}\"*) words=\"{}\" ;;\n", command.name, joined(options_of(command)));
  return fmt::format(
      "# Completion of thalweg for bash:  source <(thalweg completion bash)\n"
      "_thalweg() {{\n"
      "  local current=\"${{COMP_WORDS[COMP_CWORD]}}\" words=\"\"\n"
      "  local before=\"${{COMP_WORDS[*]:1:COMP_CWORD-1}}\"\n"
      "  case \"$before\" in\n"
      "    \"\") words=\"{}\" ;;\n{}"
      "  esac\n"
      "  case \"$before \" in\n{}"
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "}}\n"
      "complete -F _thalweg thalweg\n",
      joined(first_words()), cases, options);
}

std::string fish_script() {
  std::string out = "# Completion of thalweg for fish:  thalweg completion fish | source\ncomplete -c thalweg -f\n";
  for (const auto& word : first_words())
    out += fmt::format("complete -c thalweg -n __fish_use_subcommand -a {}\n", word);
  for (const auto& command : kCommands) {
    const auto space = command.name.find(' ');
    const std::string noun(command.name.substr(0, space));
    if (space != command.name.npos)
      out += fmt::format("complete -c thalweg -n '__fish_seen_subcommand_from {}' -a {} -d '{}'\n", noun,
                         command.name.substr(space + 1), command.summary);
    for (const auto& option : options_of(command))
      out += fmt::format("complete -c thalweg -n '__fish_seen_subcommand_from {}' -l {}\n", noun, option.substr(2));
  }
  return out;
}

}  // namespace

Result<std::string> completion_script(std::string_view shell) {
  if (shell == "bash") return bash_script();
  if (shell == "zsh")
    return "# Completion of thalweg for zsh:  source <(thalweg completion zsh)\nautoload -U +X bashcompinit && "
           "bashcompinit\n" +
           bash_script();
  if (shell == "fish") return fish_script();
  return fail(ErrorCode::kInvalidRequest, "completion is for bash, zsh or fish");
}

}  // namespace thalweg::cli
