// The language of the conversations in testdata/*.txt, for tests.
//
// A line is a command, and behind "->" what it brings about, one thing per line:
//
//   join m1 topics=orders            -> parked
//   after 3s                         -> m1: generation=1 leader=m1 members=m1
//   refuse                           the journal refuses the next append
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/time.h"
#include "base/types.h"

namespace thalweg::group {

inline std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  std::stringstream stream{std::string(text)};
  for (std::string part; std::getline(stream, part, at);)
    if (!part.empty()) parts.push_back(part);
  return parts;
}

inline std::string join_words(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

// "3s", "500ms", "10m", "2h", "8d"
inline Millis duration(const std::string& text) {
  std::size_t end = 0;
  const std::int64_t count = std::stoll(text, &end);
  const std::string unit = text.substr(end);
  const std::map<std::string, std::int64_t> units{
      {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  CHECK(units.contains(unit));
  return Millis(count * units.at(unit));
}

// "orders-3"
inline TopicPartition topic_partition(const std::string& text) {
  const auto dash = text.rfind('-');
  return {text.substr(0, dash), PartitionId{std::stoi(text.substr(dash + 1))}};
}

// One line taken apart: "join m1 topics=orders version=9" -> words {"join", "m1"}, options {topics, version}.
struct Command {
  std::vector<std::string> words;
  std::map<std::string, std::string> options;

  explicit Command(const std::string& text) {
    for (const auto& word : split(text, ' ')) {
      const auto equals = word.find('=');
      if (equals == std::string::npos)
        words.push_back(word);
      else
        options[word.substr(0, equals)] = word.substr(equals + 1);
    }
  }
  std::string option(const std::string& key, const std::string& otherwise = "") const {
    const auto at = options.find(key);
    return at == options.end() ? otherwise : at->second;
  }
  std::int32_t number(const std::string& key, std::int32_t otherwise) const {
    const auto at = options.find(key);
    return at == options.end() ? otherwise : std::stoi(at->second);
  }
  std::int32_t millis(const std::string& key, const std::string& otherwise) const {
    return static_cast<std::int32_t>(duration(option(key, otherwise)).count());
  }
  std::optional<std::string> instance() const {
    return options.contains("instance") ? std::optional(options.at("instance")) : std::nullopt;
  }
  std::string group() const { return option("group", "g"); }
  std::string client() const { return words.size() > 1 ? words[1] : ""; }
};

// A command and the lines behind its arrows.
struct ScriptStep {
  int line;
  std::string command;
  std::vector<std::string> expected;
};

inline std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(' ');
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// In the order of their names.
inline std::vector<std::filesystem::path> scripts_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".txt") paths.push_back(entry.path());
  std::ranges::sort(paths);
  return paths;
}

inline std::vector<ScriptStep> read_script(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<ScriptStep> steps;
  std::string text;
  for (int line = 1; std::getline(file, text); ++line) {
    if (const auto hash = text.find('#'); hash != std::string::npos) text.resize(hash);
    if (trimmed(text).empty()) continue;
    const auto arrow = text.find("->");
    const std::string command = trimmed(text.substr(0, arrow));
    if (!command.empty()) steps.push_back({line, command, {}});
    if (arrow != std::string::npos) steps.back().expected.push_back(trimmed(text.substr(arrow + 2)));
  }
  return steps;
}

}  // namespace thalweg::group
