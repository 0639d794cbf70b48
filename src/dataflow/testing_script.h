// What went into a topology and what came out of it, as text:
//   in a=1@5          piped: topic, key=value@time; null is absent
//       -> out a=1@5  what came out of a topic
#pragma once

#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/streams/test_driver.h"

namespace thalweg::streams {

// Sections of a file of testdata, by their titles after "== ".
inline std::map<std::string, std::string> sections_of(const std::string& path) {
  std::ifstream file(path);
  std::map<std::string, std::string> sections;
  std::string line, title;
  while (std::getline(file, line)) {
    if (line.starts_with("== "))
      title = line.substr(3);
    else
      sections[title] += line + "\n";
  }
  return sections;
}

class Script {
 public:
  explicit Script(TestDriver& driver) : driver_(driver) {}

  // The same text with what really came out.
  std::string replay(const std::string& text) {
    std::string done;
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at);
      const std::string line = text.substr(at, end - at);
      at = end + 1;
      if (line.starts_with(" ")) continue;
      done += line + "\n";
      pipe(line);
      done += drained();
    }
    return done;
  }

 private:
  using Text = std::optional<std::string>;
  static Text value_of(const std::string& text) { return text == "null" ? Text{} : Text{text}; }

  void pipe(const std::string& line) {
    const auto space = line.find(' '), equals = line.find('=', space), time = line.rfind('@');
    const auto key = value_of(line.substr(space + 1, equals - space - 1));
    const auto value = value_of(line.substr(equals + 1, time - equals - 1));
    driver_.pipe_raw({.topic = line.substr(0, space),
                      .key = key,
                      .value = value,
                      .timestamp = Timestamp(milliseconds(std::stoll(line.substr(time + 1))))});
  }
  // Without what the application keeps for itself.
  std::string drained() {
    std::string text;
    for (const auto& message : driver_.drain_raw()) {
      if (message.topic.ends_with("-changelog") || message.topic.ends_with("-repartition")) continue;
      text += "    -> " + message.topic + " " + message.key.value_or("null") + "=" + message.value.value_or("null") +
              "@" + std::to_string(message.timestamp->time_since_epoch().count()) + "\n";
    }
    return text;
  }

  TestDriver& driver_;
};

}  // namespace thalweg::streams
