#include "dataflow/testing_golden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <vector>

#include "dataflow/golden_differences.h"
#include "dataflow/internal_topics.h"
#include "dataflow/testing_restarted.h"
#include "thalweg/streams/test_driver.h"

namespace thalweg::streams {
namespace testing_golden {
namespace {

using golden::Maybe;
// By topic, its lines in order.
using Written = std::map<std::string, std::vector<std::string>>;

struct GoldenStep {
  std::string line;
  milliseconds wall{0};
  client::Message message;
  Written written;
};
struct GoldenScript {
  std::string name;
  std::vector<GoldenStep> steps;
};
struct GoldenFile {
  std::string describe, internal;
  std::vector<GoldenScript> scripts;
};

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string with_blanks(std::string text) {
  for (std::size_t at; (at = text.find("%20")) != std::string::npos;) text.replace(at, 3, " ");
  return text;
}
Maybe value_of(const std::string& token) {
  if (token == "~") return {};
  return token == "\"\"" ? std::string() : with_blanks(token);
}
std::int64_t number_of(std::string_view digits) {
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

// As Recorder.token() writes it.
std::string token_of(const Maybe& bytes) {
  if (!bytes) return "~";
  if (bytes->empty()) return "\"\"";
  const bool is_text = std::ranges::all_of(*bytes, [](char c) { return c >= 0x20 && c < 0x7f; });
  std::string token = is_text ? "" : "0x";
  for (const char c : *bytes) {
    constexpr std::string_view kHex = "0123456789abcdef";
    if (!is_text)
      (token += kHex[static_cast<unsigned char>(c) >> 4]) += kHex[static_cast<unsigned char>(c) & 15];
    else if (c == '%' || c == ' ' || c == '~')
      token += c == '%' ? "%25" : c == ' ' ? "%20" : "%7e";
    else
      token += c;
  }
  return token;
}
std::string line_of(const client::Message& message) {
  std::string line = token_of(message.key) + " " + token_of(message.value) + " @" +
                     (message.timestamp ? std::to_string(message.timestamp->time_since_epoch().count()) : "~");
  for (const auto& header : message.headers) line += " " + header.name + "=" + token_of(header.value);
  return line;
}

GoldenStep step_of(const std::string& line, const std::vector<std::string>& words) {
  GoldenStep step{.line = line};
  if (words[0] == "wall")
    step.wall = milliseconds(number_of(words[1]));
  else
    step.message = {.topic = words[1],
                    .key = value_of(words[2]),
                    .value = value_of(words[3]),
                    .timestamp = Timestamp(milliseconds(number_of(std::string_view(words[4]).substr(1))))};
  return step;
}

GoldenFile read_golden(const std::string& name) {
  std::ifstream in(TESTDATA "/golden/" + name + ".txt");
  EXPECT_TRUE(in) << "no recording: tests/interop/streams-golden/record " << name;
  GoldenFile file;
  std::map<std::string, std::string> topics;
  for (std::string line; std::getline(in, line);) {
    const auto words = words_of(line);
    if (line.starts_with("| ")) {
      file.describe += line.substr(2) + "\n";
    } else if (words[0] == "repartition" || words[0] == "changelog") {
      file.internal += line + "\n";
    } else if (words[0] == "topic") {
      topics[words[1]] = words[2];
    } else if (words[0] == "script") {
      file.scripts.push_back({.name = line.substr(7), .steps = {}});
    } else if (words[0] == "<" || words[0] == "wall") {
      file.scripts.back().steps.push_back(step_of(line, words));
    } else if (words[0] == ">") {
      file.scripts.back().steps.back().written[topics[words[1]]].push_back(line.substr(3 + words[1].size()));
    }
  }
  return file;
}

// Without blanks at the end of lines and empty lines.
std::string bare_lines(const std::string& text) {
  std::istringstream in(text);
  std::string bare;
  for (std::string line; std::getline(in, line);) {
    line.erase(line.find_last_not_of(' ') + 1);
    if (!line.empty()) bare += line + "\n";
  }
  return bare;
}

bool is_changelog(const std::string& topic) { return topic.ends_with("-changelog"); }
// The last line of each key, by key.
std::vector<std::string> last_of_keys(const std::vector<std::string>& lines) {
  std::map<std::string, std::string> last;
  for (const auto& line : lines) last[line.substr(0, line.find(' '))] = line;
  std::vector<std::string> kept;
  for (auto& [key, line] : last) kept.push_back(line);
  return kept;
}
std::string comparable(const Written& written) {
  std::string text;
  for (const auto& [topic, lines] : written)
    for (const auto& line : is_changelog(topic) ? last_of_keys(lines) : lines) text += topic + ": " + line + "\n";
  return text;
}

// What is not as recorded, at the first step where anything is; empty: nothing.
std::string difference(const Topology& topology, const GoldenScript& script) try {
  TestDriver driver(topology, {.application_id = "app"});
  for (const GoldenStep& step : script.steps) {
    if (step.wall > milliseconds(0))
      driver.advance_wall_clock(step.wall);
    else
      driver.pipe_raw(step.message);
    Written written;
    for (const auto& message : driver.drain_raw()) written[message.topic].push_back(line_of(message));
    const std::string ours = comparable(written), theirs = comparable(step.written);
    if (ours != theirs) return "at " + step.line + "\nKafka Streams gives:\n" + theirs + "we give:\n" + ours;
  }
  return {};
} catch (const std::exception& e) {
  return e.what();
}

// A node's own stream time is gone with a restart, in Kafka Streams, too: what is late then is another question.
bool goes_forward(const GoldenScript& script) {
  Timestamp last{};
  for (const GoldenStep& step : script.steps) {
    if (step.wall == milliseconds(0) && *step.message.timestamp < last) return false;
    if (step.wall == milliseconds(0)) last = *step.message.timestamp;
  }
  return true;
}
std::string difference_after_restarts(const Topology& topology, const GoldenScript& script) try {
  detail::RestartedDriver driver(topology);
  for (const GoldenStep& step : script.steps) {
    Written written;
    if (step.wall > milliseconds(0)) continue;
    for (const auto& message : driver.pipe(step.message)) written[message.topic].push_back(line_of(message));
    const std::string ours = comparable(written), theirs = comparable(step.written);
    if (ours != theirs) return "at " + step.line + "\nKafka Streams gives:\n" + theirs + "we give:\n" + ours;
  }
  return {};
} catch (const std::exception& e) {
  return e.what();
}

// Internal topics and their configs, as Recorder.internal() writes them.
std::string internal_of(const Topology& topology) {
  const auto graph = topology.graph();
  detail::TopicCounts there;
  for (const auto& topic : detail::source_topics(*graph)) there[topic] = 1;
  const auto plan = detail::plan_topics(*graph, detail::sub_topologies(*graph), "app", there, {});
  if (!plan) return plan.error().message;
  std::set<std::string> lines;
  for (const auto& topic : plan->topics) {
    std::string line = (topic.is_changelog ? "changelog " : "repartition ") + topic.name;
    for (const auto& given : graph->repartition_topics)
      if (given.partitions > 0 && "app-" + given.name == topic.name)
        line += " partitions=" + std::to_string(given.partitions);
    for (const auto& [name, value] : std::map(topic.configs.begin(), topic.configs.end()))
      line += " " + name + "=" + value;
    lines.insert(line);
  }
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

std::string unless_equal(const std::string& ours, const std::string& theirs) {
  return ours == theirs ? "" : "Kafka Streams says:\n" + theirs + "we say:\n" + ours;
}

// `what`: a script, or "describe", or "internal topics". `found`: how it differs; empty: not at all.
void expect_as_recorded(const std::string& topology, const std::string& what, const std::string& found) {
  const auto known = std::ranges::find_if(
      kGoldenDifferences, [&](const GoldenDifference& one) { return one.topology == topology && one.what == what; });
  if (known == kGoldenDifferences.end())
    EXPECT_EQ(found, "") << topology << ", " << what;
  else
    EXPECT_NE(found, "") << topology << ", " << what << " is as recorded, though differences say: " << known->why;
}

TEST(GoldenDifferences, NameScriptsThatThereAre) {
  for (const GoldenDifference& one : kGoldenDifferences) {
    const GoldenFile file = read_golden(std::string(one.topology));
    EXPECT_TRUE(std::ranges::any_of(
        file.scripts,
        [&](const GoldenScript& script) { return one.what == script.name || one.what == script.name + ", restarted"; }))
        << one.topology << ", " << one.what;
  }
}

}  // namespace
}  // namespace testing_golden

void replay(const Golden& golden) {
  using namespace testing_golden;
  StreamsBuilder builder;
  golden.make(builder);
  const auto topology = builder.build();
  ASSERT_TRUE(topology) << topology.error().message;
  const GoldenFile file = read_golden(golden.name);
  ASSERT_FALSE(file.scripts.empty());
  const detail::TopologyGraph& graph = *topology->graph();
  expect_as_recorded(golden.name, "describe",
                     unless_equal(bare_lines(topology->describe()), bare_lines(file.describe)));
  expect_as_recorded(golden.name, "internal topics", unless_equal(internal_of(*topology), file.internal));
  for (const GoldenScript& script : file.scripts) {
    const std::string found = difference(*topology, script);
    expect_as_recorded(golden.name, script.name, found);
    if (found.empty() && detail::RestartedDriver::can_run(graph) &&
        (goes_forward(script) || !detail::RestartedDriver::has_own_time(graph)))
      expect_as_recorded(golden.name, script.name + ", restarted", difference_after_restarts(*topology, script));
  }
}

}  // namespace thalweg::streams
