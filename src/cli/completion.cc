// Scripts for shells that complete commands, options, values, and the names of topics and groups in the cluster.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

#include "cli/command.h"

namespace thalweg::cli {
namespace {

std::string noun_of(const Command& command) { return std::string(command.name.substr(0, command.name.find(' '))); }
std::string verb_of(const Command& command) {
  const auto blank = command.name.find(' ');
  return blank == command.name.npos ? "" : std::string(command.name.substr(blank + 1));
}

// What is asked of the cluster that the line names, quickly and silently, or nothing. `line`: how the shell calls the
// line as far as it is typed.
std::string names_command(Words::Kind kind, std::string_view line) {
  const auto ask = [&](std::string_view noun, std::string_view key, std::string_view where = "_thalweg_brokers") {
    return fmt::format(
        "thalweg {0} list $({3} {2}) --timeout 1000 --output json 2>/dev/null | sed -n "
        "'s/.*\"{1}\":\"\\([^\"]*\\)\".*/\\1/p'",
        noun, key, line, where);
  };
  if (kind == Words::Kind::kTopics) return ask("topic", "name");
  if (kind == Words::Kind::kGroups) return ask("group", "group");
  if (kind == Words::Kind::kSubjects) return ask("schema", "subject", "_thalweg_registry");
  return "";
}

std::string keys_of(const config::Table& table, std::string_view ending) {
  std::string out;
  for (const auto* option : table.options())
    if (!option->internal) out += fmt::format("{}{}{}", out.empty() ? "" : " ", option->name, ending);
  return out;
}

// Settings depend on what the line says they are for.
constexpr std::string_view kScopes[] = {"broker", "group", "topic"};
std::string keys_for(std::string_view scope, bool with_value) {
  const std::string_view ending = with_value ? "=" : "";
  return keys_of(scope == "broker"  ? config::broker_options()
                 : scope == "group" ? config::group_options()
                                    : config::topic_options(),
                 ending);
}

// Values of options that are the same wherever they appear.
const std::map<std::string, std::string>& words_of_options() {
  static const std::map<std::string, std::string> kWords{
      {"from", "start end"},
      {"to", "start end"},
      {"offset", "earliest latest"},
      {"set", "BACKWARD BACKWARD_TRANSITIVE FORWARD FORWARD_TRANSITIVE FULL FULL_TRANSITIVE NONE"},
      {"version", "latest"},
      {"log-level", "debug info warn error"},
      {"compression-codec", "none gzip snappy lz4 zstd"},
      {"request-required-acks", "all 1 0"},
      {"isolation-level", "read_committed read_uncommitted"},
      {"election-type", "preferred unclean"},
      {"entity-type", "topics brokers groups clients users ips client-metrics broker-loggers"},
  };
  return kWords;
}

// The words that may follow an option, or a command in $( ) that prints them; empty when nobody knows any.
std::string values_of(const std::string& option, const OptionParser::Spec& spec, std::string_view line) {
  if (!spec.words.empty()) return fmt::format("{}", fmt::join(spec.words, " "));
  // Numbers are free, whatever else goes by that name elsewhere.
  if (spec.kind == OptionParser::Spec::Kind::kInteger) return "";
  if (option == "topic" || option == "group")
    return "$(" + names_command(option == "topic" ? Words::Kind::kTopics : Words::Kind::kGroups, line) + ")";
  const auto at = words_of_options().find(option);
  return at == words_of_options().end() ? "" : at->second;
}

constexpr std::string_view kServerOptions = "--override --env --json --log-level --help";
constexpr std::string_view kShells = "bash zsh fish";

std::set<std::string> first_words() {
  std::set<std::string> words(other_commands().begin(), other_commands().end());
  for (const auto& command : commands()) words.insert(noun_of(command));
  return words;
}

std::string options_of(const OptionParser& parser) {
  std::string out;
  for (const auto& [name, spec] : parser.specs()) out += (out.empty() ? "--" : " --") + name;
  return out;
}

// Branches of a `case` by option: what follows it, if it wants a value. Options of one name want the same everywhere.
std::string value_branches(const std::vector<OptionParser>& parsers) {
  std::map<std::string, std::string> values;
  for (const auto& parser : parsers)
    for (const auto& [name, spec] : parser.specs())
      if (spec.kind != OptionParser::Spec::Kind::kFlag) {
        auto& words = values[name];
        if (words.empty()) words = values_of(name, spec, "\"$1\"");
      }
  std::string branches, free;
  for (const auto& [name, words] : values) {
    if (words.empty())
      free += (free.empty() ? "--" : "|--") + name;
    else
      branches += fmt::format("    --{}) echo {}; return ;;\n", name, words);
  }
  if (!free.empty()) branches += fmt::format("    {}) return ;;\n", free);
  return branches;
}

// Prints --brokers or --registry as the line has it, for the commands that ask.
constexpr std::string_view kAddressFunctions =
    "_thalweg_brokers() {\n"
    "  printf '%s\\n' \"$*\" | sed -nE "
    "'s/^(.* )?(--brokers|--bootstrap-server|-b)[ =]+([^ ]+)( .*)?$/--brokers \\3/p'\n"
    "}\n"
    "_thalweg_registry() {\n"
    "  printf '%s\\n' \"$*\" | sed -nE 's/^(.* )?--registry[ =]+([^ ]+)( .*)?$/--registry \\2/p'\n"
    "}\n";

// What may stand where a command takes words.
std::string words_branch(const Command& command) {
  const auto kind = command.words.kind;
  const bool with_value = kind == Words::Kind::kAssignments;
  if (!with_value && kind != Words::Kind::kSettings) {
    const auto names = names_command(kind, "\"$1\"");
    return names.empty() ? "" : "echo $(" + names + ")";
  }
  std::string by_scope;
  for (const auto scope : kScopes)
    by_scope += fmt::format("{}) echo {} ;; ", scope == "topic" ? "*" : fmt::format("*' --{}'*", scope),
                            keys_for(scope, with_value));
  return fmt::format("case \" $1\" in {}esac", by_scope);
}

std::string function_of_tool(std::string_view name) {
  std::string out = "_thalweg_";
  for (const char c : name) out += c == '-' ? '_' : c;
  return out;
}

// Functions that print the words that may stand behind the words given: for bash and zsh alike.
std::string candidates_functions() {
  std::vector<OptionParser> parsers;
  std::string nouns, verbs, tools;
  std::map<std::string, std::set<std::string>> by_noun;
  for (const auto& command : commands()) {
    parsers.push_back(parser_of(command));
    if (const auto verb = verb_of(command); !verb.empty()) by_noun[noun_of(command)].insert(verb);
    verbs +=
        fmt::format("    '{} '*) echo {}; {} ;;\n", command.name, options_of(parsers.back()), words_branch(command));
  }
  for (const auto& [noun, its] : by_noun) nouns += fmt::format("    '{}') echo {} ;;\n", noun, fmt::join(its, " "));
  for (const auto& tool : kafka_tools())
    tools += fmt::format("{}() {{\n  case \"${{1##* }}\" in\n{}  esac\n  echo {} {}\n}}\n", function_of_tool(tool.name),
                         value_branches({tool.options()}), options_of(tool.options()), tool.commands);
  return fmt::format(
      "{}"
      "_thalweg_candidates() {{\n"
      "  case \"${{1##* }}\" in\n{}    --log-level) echo debug info warn error; return ;;\n    --override) return ;;\n"
      "  esac\n"
      "  case \"$1\" in\n"
      "    '') echo {} ;;\n"
      "    'completion') echo {} ;;\n{}"
      "  esac\n"
      "  case \"$1 \" in\n"
      "    'server '*) echo {} ;;\n{}"
      "  esac\n"
      "}}\n"
      "{}",
      kAddressFunctions, value_branches(parsers), fmt::join(first_words(), " "), kShells, nouns, kServerOptions, verbs,
      tools);
}

// Files where nothing else fits: a server's configuration. Bash takes host:port and key=value apart.
std::string bash_script() {
  std::string out = "# Completion of thalweg and of Kafka's tools for bash:  source <(thalweg completion bash)\n" +
                    candidates_functions() +
                    "_thalweg_complete() {\n"
                    "  local words=\"${COMP_WORDS[*]:1:COMP_CWORD-1}\" word=\"${COMP_WORDS[COMP_CWORD]}\" found\n"
                    "  words=\"${words// : /:}\" words=\"${words// = /=}\"\n"
                    "  found=\"$($1 \"$words\")\"\n"
                    "  COMPREPLY=($(compgen -W \"$found\" -- \"$word\"))\n"
                    "  [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null\n"
                    "  return 0\n"
                    "}\n"
                    "_thalweg() { _thalweg_complete _thalweg_candidates; }\n"
                    "complete -o default -F _thalweg thalweg\n";
  for (const auto& tool : kafka_tools()) {
    const auto function = function_of_tool(tool.name);
    out += fmt::format("{0}_complete() {{ _thalweg_complete {0}; }}\ncomplete -o default -F {0}_complete {1} {1}.sh\n",
                       function, tool.name);
  }
  return out;
}

std::string zsh_script() {
  std::string names = "thalweg", choice;
  for (const auto& tool : kafka_tools()) {
    names += fmt::format(" {0} {0}.sh", tool.name);
    choice += fmt::format("    {0}|{0}.sh) its={1} ;;\n", tool.name, function_of_tool(tool.name));
  }
  return fmt::format(
      "#compdef {0}\n# Completion of thalweg and of Kafka's tools for zsh:  source <(thalweg completion zsh)\n{1}"
      "_thalweg() {{\n"
      "  local -a found\n"
      "  local its=_thalweg_candidates\n"
      "  case \"${{words[1]:t}}\" in\n{2}  esac\n"
      "  found=(${{=\"$($its \"${{(j: :)words[2,CURRENT-1]}}\")\"}})\n"
      "  if (( $#found )); then compadd -- $found; else _files; fi\n"
      "}}\n"
      // Loaded by name from fpath, the file is the function itself; otherwise it was sourced.
      "if [[ \"$funcstack[1]\" == _thalweg ]]; then\n"
      "  _thalweg\n"
      "else\n"
      "  (( $+functions[compdef] )) || {{ autoload -Uz compinit && compinit; }}\n"
      "  compdef _thalweg {0}\n"
      "fi\n",
      names, candidates_functions(), choice);
}

std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

// What fish asks for the line typed so far.
constexpr std::string_view kFishLine = "(commandline -opc)";
constexpr std::string_view kFishAddressFunctions =
    "function _thalweg_brokers\n"
    "  string join ' ' -- $argv | string replace -rf -- "
    "'^(.* )?(--brokers|--bootstrap-server|-b)[ =]+([^ ]+)( .*)?$' '--brokers\\n$3' | string split '\\n'\n"
    "end\n"
    "function _thalweg_registry\n"
    "  string join ' ' -- $argv | string replace -rf -- "
    "'^(.* )?--registry[ =]+([^ ]+)( .*)?$' '--registry\\n$2' | string split '\\n'\n"
    "end\n";

// fish writes ( ) for $( ).
std::string for_fish(std::string text) {
  for (auto at = text.find("$("); at != text.npos; at = text.find("$(", at)) text.erase(at, 1);
  return text;
}

std::string fish_options(const OptionParser& parser, std::string_view program, std::string_view condition) {
  std::string out;
  for (const auto& [option, spec] : parser.specs()) {
    std::string given = spec.kind == OptionParser::Spec::Kind::kFlag ? "" : " -x";
    if (const auto values = values_of(option, spec, kFishLine); !values.empty() && !given.empty())
      given += " -a " + fish_quoted(for_fish(values));
    out += fmt::format("complete -c {}{} -l {}{} -d {}\n", program, condition, option, given, fish_quoted(spec.help));
  }
  return out;
}

std::string fish_words(const Command& command, const std::string& here) {
  const auto kind = command.words.kind;
  if (const auto names = names_command(kind, kFishLine); !names.empty())
    return fmt::format("complete -c thalweg -n '{}' -a {}\n", here, fish_quoted(for_fish("(" + names + ")")));
  if (kind != Words::Kind::kSettings && kind != Words::Kind::kAssignments) return "";
  std::string out;
  for (const auto scope : kScopes)
    out += fmt::format("complete -c thalweg -n '{}; and {}' -a {}\n", here,
                       scope == "topic" ? "not string match -qr -- \"--(broker|group)\" (commandline -opc)"
                                        : fmt::format("string match -qr -- \"--{}\" (commandline -opc)", scope),
                       fish_quoted(keys_for(scope, kind == Words::Kind::kAssignments)));
  return out;
}

std::string fish_script() {
  std::string out = "# Completion of thalweg and of Kafka's tools for fish:  thalweg completion fish | source\n" +
                    std::string(kFishAddressFunctions) + "complete -c thalweg -f\n";
  for (const auto& word : first_words())
    out += fmt::format("complete -c thalweg -n __fish_use_subcommand -a {}\n", word);
  out += fmt::format("complete -c thalweg -n '__fish_seen_subcommand_from completion' -a '{}'\n", kShells);
  std::map<std::string, std::string> verbs;  // of each noun
  for (const auto& command : commands()) verbs[noun_of(command)] += " " + verb_of(command);
  for (const auto& command : commands()) {
    const auto noun = noun_of(command), verb = verb_of(command);
    std::string here = "__fish_seen_subcommand_from " + noun;
    if (!verb.empty()) {
      out += fmt::format("complete -c thalweg -n '{}; and not __fish_seen_subcommand_from{}' -a {} -d {}\n", here,
                         verbs[noun], verb, fish_quoted(command.summary));
      here += "; and __fish_seen_subcommand_from " + verb;
    }
    out += fish_words(command, here);
    out += fish_options(parser_of(command), "thalweg", " -n '" + here + "'");
  }
  for (const auto& tool : kafka_tools())
    for (const std::string& name : {std::string(tool.name), std::string(tool.name) + ".sh"})
      out += fmt::format("complete -c {} -f{}\n", name,
                         tool.commands.empty() ? "" : fmt::format(" -a '{}'", tool.commands)) +
             fish_options(tool.options(), name, "");
  return out;
}

}  // namespace

Result<std::string> completion_script(std::string_view shell) {
  if (shell == "bash") return bash_script();
  if (shell == "zsh") return zsh_script();
  if (shell == "fish") return fish_script();
  return invalid("completion is for bash, zsh or fish: source <(thalweg completion bash)");
}

}  // namespace thalweg::cli
