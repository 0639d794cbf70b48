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

// What is asked of the cluster, quickly and silently, or nothing.
std::string names_command(Words::Kind kind) {
  constexpr std::string_view kAsk = "thalweg {} list --timeout 1000 --output json 2>/dev/null | ";
  constexpr std::string_view kPick = "sed -n 's/.*\"{}\":\"\\([^\"]*\\)\".*/\\1/p'";
  if (kind == Words::Kind::kTopics)
    return fmt::format(fmt::runtime(kAsk), "topic") + fmt::format(fmt::runtime(kPick), "name");
  if (kind == Words::Kind::kGroups)
    return fmt::format(fmt::runtime(kAsk), "group") + fmt::format(fmt::runtime(kPick), "group");
  return "";
}

// Values of options that are the same wherever they appear, as words or as a command in $( ).
const std::map<std::string, std::string>& values_of_options() {
  static const std::map<std::string, std::string> kValues{
      {"output", "table json"},
      {"compression", "none gzip snappy lz4 zstd"},
      {"acks", "-1 0 1"},
      {"from", "start end"},
      {"to", "start end"},
      {"log-level", "debug info warn error"},
      {"topic", "$(" + names_command(Words::Kind::kTopics) + ")"},
      {"group", "$(" + names_command(Words::Kind::kGroups) + ")"},
  };
  return kValues;
}

constexpr std::string_view kServerOptions = "--override --env --json --log-level --help";
constexpr std::string_view kShells = "bash zsh fish";

std::set<std::string> first_words() {
  std::set<std::string> words{"server", "completion", "help", "version"};
  for (const auto& command : commands()) words.insert(noun_of(command));
  return words;
}

std::string options_of(const Command& command) {
  std::string out;
  for (const auto& [name, spec] : parser_of(command).specs()) out += (out.empty() ? "--" : " --") + name;
  return out;
}

// Options that want a value of which no shell knows any.
std::set<std::string> free_options() {
  std::set<std::string> names;
  for (const auto& command : commands())
    for (const auto& [name, spec] : parser_of(command).specs())
      if (spec.kind != OptionParser::Spec::Kind::kFlag && !values_of_options().contains(name))
        names.insert("--" + name);
  return names;
}

// A function that prints the words that may stand behind the words given: for bash and zsh alike.
std::string candidates_function() {
  std::string values, nouns, verbs;
  for (const auto& [option, words] : values_of_options())
    values += fmt::format("    --{}) echo {}; return ;;\n", option, words);
  values += fmt::format("    {}) return ;;\n", fmt::join(free_options(), "|"));
  std::map<std::string, std::set<std::string>> by_noun;
  for (const auto& command : commands())
    if (const auto verb = verb_of(command); !verb.empty()) by_noun[noun_of(command)].insert(verb);
  for (const auto& [noun, its] : by_noun) nouns += fmt::format("    '{}') echo {} ;;\n", noun, fmt::join(its, " "));
  for (const auto& command : commands()) {
    const auto names = names_command(command.words.kind);
    verbs += fmt::format("    '{} '*) echo {}{} ;;\n", command.name, options_of(command),
                         names.empty() ? "" : " $(" + names + ")");
  }
  return fmt::format(
      "_thalweg_candidates() {{\n"
      "  case \"${{1##* }}\" in\n{}"
      "  esac\n"
      "  case \"$1\" in\n"
      "    '') echo {} ;;\n"
      "    'completion') echo {} ;;\n{}"
      "  esac\n"
      "  case \"$1 \" in\n"
      "    'server '*) echo {} ;;\n{}"
      "  esac\n"
      "}}\n",
      values, fmt::join(first_words(), " "), kShells, nouns, kServerOptions, verbs);
}

// Files where nothing else fits: a server's configuration.
std::string bash_script() {
  return "# Completion of thalweg for bash:  source <(thalweg completion bash)\n" + candidates_function() +
         "_thalweg() {\n"
         "  local words=\"${COMP_WORDS[*]:1:COMP_CWORD-1}\"\n"
         "  COMPREPLY=($(compgen -W \"$(_thalweg_candidates \"$words\")\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "}\n"
         "complete -o default -F _thalweg thalweg\n";
}

std::string zsh_script() {
  return "#compdef thalweg\n# Completion of thalweg for zsh:  source <(thalweg completion zsh)\n" +
         candidates_function() +
         "_thalweg() {\n"
         "  local -a found\n"
         "  found=(${=\"$(_thalweg_candidates \"${(j: :)words[2,CURRENT-1]}\")\"})\n"
         "  if (( $#found )); then compadd -- $found; else _files; fi\n"
         "}\n"
         "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }\n"
         "compdef _thalweg thalweg\n";
}

std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string fish_script() {
  std::string out =
      "# Completion of thalweg for fish:  thalweg completion fish | source\n"
      "complete -c thalweg -f\n";
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
    if (const auto names = names_command(command.words.kind); !names.empty())
      out += fmt::format("complete -c thalweg -n '{}' -a {}\n", here, fish_quoted("(" + names + ")"));
    for (const auto& [option, spec] : parser_of(command).specs()) {
      const auto values = values_of_options().find(option);
      std::string given = spec.kind == OptionParser::Spec::Kind::kFlag ? "" : " -x";
      if (values != values_of_options().end() && !given.empty()) {
        const bool asks = values->second.starts_with("$(");
        given += " -a " + fish_quoted(asks ? values->second.substr(1) : values->second);
      }
      out += fmt::format("complete -c thalweg -n '{}' -l {}{} -d {}\n", here, option, given, fish_quoted(spec.help));
    }
  }
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
