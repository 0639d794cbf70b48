#include "config/properties.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace thalweg::config {
namespace {

constexpr std::string_view kBlank = " \t\f";

// Takes one line off `text`; any of \n, \r and \r\n ends it.
std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find_first_of("\r\n"), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(end);
  if (text.starts_with("\r\n"))
    text.remove_prefix(2);
  else if (!text.empty())
    text.remove_prefix(1);
  return line;
}

std::string_view without_leading_blanks(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  return line;
}

bool continues(std::string_view line) {
  const auto last = line.find_last_not_of('\\');
  const auto backslashes = line.size() - (last == line.npos ? 0 : last + 1);
  return backslashes % 2 == 1;
}

// A natural line with all its continuations; comments and empty lines give an empty one.
std::string take_logical_line(std::string_view& text) {
  std::string line(without_leading_blanks(take_line(text)));
  if (line.starts_with('#') || line.starts_with('!')) return {};
  while (continues(line)) {
    line.pop_back();
    line += without_leading_blanks(take_line(text));
  }
  return line;
}

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

// The UTF-16 unit of the four hex digits at the start of `text`, or -1.
std::int32_t hex4(std::string_view text) {
  if (text.size() < 4) return -1;
  std::int32_t unit = 0;
  for (const char c : text.substr(0, 4)) {
    const auto digit =
        std::string_view("0123456789abcdef").find(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    if (digit == std::string_view::npos) return -1;
    unit = unit * 16 + static_cast<std::int32_t>(digit);
  }
  return unit;
}

std::string unescape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text[0] != '\\' || text.size() == 1) {
      if (text[0] != '\\') out += text[0];
      text.remove_prefix(1);
      continue;
    }
    const char c = text[1];
    text.remove_prefix(2);
    if (c == 'u' && hex4(text) >= 0) {
      auto code = static_cast<std::uint32_t>(hex4(text));
      text.remove_prefix(4);
      const bool high = code >= 0xd800 && code < 0xdc00;
      if (high && text.starts_with("\\u") && hex4(text.substr(2)) >= 0xdc00 && hex4(text.substr(2)) < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (static_cast<std::uint32_t>(hex4(text.substr(2))) - 0xdc00);
        text.remove_prefix(6);
      }
      append_utf8(out, code);
    } else {
      constexpr std::string_view kFrom = "tnrf", kTo = "\t\n\r\f";
      const auto at = kFrom.find(c);
      out += at == kFrom.npos ? c : kTo[at];
    }
  }
  return out;
}

// Where the key ends: at the first blank, '=' or ':' that is not escaped.
std::size_t end_of_key(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\')
      ++i;
    else if (kBlank.contains(line[i]) || line[i] == '=' || line[i] == ':')
      return i;
  }
  return line.size();
}

std::string escape(std::string_view text, bool is_key) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    constexpr std::string_view kFrom = "\t\n\r\f", kTo = "tnrf";
    if (const auto at = kFrom.find(c); at != kFrom.npos) {
      out += '\\';
      out += kTo[at];
      continue;
    }
    if (c == '\\' || (is_key && std::string_view("=: #!").contains(c)) || (c == ' ' && i == 0)) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

Properties parse_properties(std::string_view text) {
  Properties properties;
  while (!text.empty()) {
    const std::string line = take_logical_line(text);
    if (line.empty()) continue;
    const auto key_end = end_of_key(line);
    auto value = without_leading_blanks(std::string_view(line).substr(key_end));
    if (value.starts_with('=') || value.starts_with(':')) value = without_leading_blanks(value.substr(1));
    properties[unescape(std::string_view(line).substr(0, key_end))] = unescape(value);
  }
  return properties;
}

std::string format_properties(const Properties& properties) {
  std::string text;
  for (const auto& [key, value] : properties) text += escape(key, true) + "=" + escape(value, false) + "\n";
  return text;
}

namespace {

// What steers Kafka's start scripts and images, and our command line; not options of the server.
constexpr std::array<std::string_view, 14> kNotOptions = {"KAFKA_VERSION",
                                                          "KAFKA_HEAP_OPTS",
                                                          "KAFKA_LOG4J_OPTS",
                                                          "KAFKA_OPTS",
                                                          "KAFKA_JMX_OPTS",
                                                          "KAFKA_JMX_HOSTNAME",
                                                          "KAFKA_JMX_PORT",
                                                          "KAFKA_JVM_PERFORMANCE_OPTS",
                                                          "KAFKA_GC_LOG_OPTS",
                                                          "KAFKA_LOG4J_LOGGERS",
                                                          "KAFKA_LOG4J_ROOT_LOGLEVEL",
                                                          "KAFKA_TOOLS_LOG4J_LOGLEVEL",
                                                          "KAFKA_HOME",
                                                          "THALWEG_BROKERS"};

// From the variable's tail: runs of '_' are separators, letters become lower case.
std::string option_name(std::string_view tail) {
  std::string name;
  for (std::size_t i = 0; i < tail.size();) {
    if (tail[i] != '_') {
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(tail[i++])));
      continue;
    }
    const auto run = std::min<std::size_t>(std::min(tail.find_first_not_of('_', i), tail.size()) - i, 3);
    name += std::string_view("._-")[run - 1];
    i += run;
  }
  return name;
}

constexpr std::string_view kBitnami = "KAFKA_CFG_";

// Nothing when the variable is none of the server's.
std::optional<std::string> option_of(std::string_view variable) {
  if (std::ranges::find(kNotOptions, variable) != kNotOptions.end()) return std::nullopt;
  if (variable.starts_with("THALWEG_")) return option_name(variable);
  if (variable.starts_with(kBitnami)) return option_name(variable.substr(kBitnami.size()));
  if (variable.starts_with("KAFKA_")) return option_name(variable.substr(6));
  return std::nullopt;
}

// "A://kafka:29092,B://localhost:9092" becomes "A://:29092,B://:9092".
std::string listen_on_every_address(std::string_view advertised) {
  std::string listeners;
  for (const auto& entry : split_list(advertised)) {
    const auto host = entry.find("://"), port = entry.rfind(':');
    if (host == entry.npos || port < host + 3) return {};  // the mistake is reported where it stands
    listeners += (listeners.empty() ? "" : ",") + entry.substr(0, host + 3) + entry.substr(port);
  }
  return listeners;
}

}  // namespace

EnvironmentSettings settings_from_environment(const std::vector<std::string>& environment) {
  EnvironmentSettings settings;
  Properties weaker;
  for (const std::string_view entry : environment) {
    const auto equals = entry.find('=');
    if (equals == entry.npos) continue;
    const auto variable = entry.substr(0, equals);
    const std::string value(entry.substr(equals + 1));
    if (variable == "CLUSTER_ID" || variable == "KAFKA_KRAFT_CLUSTER_ID") {
      if (!value.empty()) (variable == "CLUSTER_ID" ? settings.properties : weaker)["thalweg.cluster.id"] = value;
      continue;
    }
    // As the guide's compose file names the cluster for its web UI.
    if (variable == "KAFKA_CLUSTERS_0_NAME") {
      if (!value.empty()) weaker["console.cluster.name"] = value;
      continue;
    }
    const auto name = option_of(variable);
    if (!name) continue;
    if (name->starts_with("zookeeper."))
      settings.ignored.push_back(*name);
    else
      (variable.starts_with(kBitnami) ? weaker : settings.properties)[*name] = value;
  }
  settings.properties.merge(weaker);
  std::ranges::sort(settings.ignored);
  settings.ignored.erase(std::ranges::unique(settings.ignored).begin(), settings.ignored.end());
  const auto advertised = settings.properties.find("advertised.listeners");
  if (advertised != settings.properties.end() && !settings.properties.contains("listeners"))
    if (auto listeners = listen_on_every_address(advertised->second); !listeners.empty())
      settings.properties.emplace("listeners", std::move(listeners));
  return settings;
}

}  // namespace thalweg::config
