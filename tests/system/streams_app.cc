// An application for the tests of streams_tests.py:
//   streams_app BROKERS STATE_DIR [app=ID] [topology=words|enrich|double|java] [lines=TOPIC] [counts=TOPIC]
//   [guarantee=once] [threads=N] [store=memory]
//               [dead=TOPIC] [on=resume] [a.property=VALUE ...]
//
// words:  lines -> words -> counts of each -> word-counts. The line "poison" throws, a value that is no text cannot be
//         there, so decode errors are those of topic numbers: its sums go to sums.
// enrich: orders joined with the global table customers -> orders-enriched.
//
// Prints "state X" at every change. On its input: "get KEY", "rows", "metrics", "lags"; its end, or "stop", stops it.
#include <cstdio>
#include <cstring>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "thalweg/streams/app.h"
#include "thalweg/streams/dsl.h"

using namespace thalweg::streams;

namespace {

using Text = std::string;

struct Arguments {
  std::map<Text, Text> ours;
  AppConfig config;
};

std::vector<Text> words_of(const Text& line) {
  if (line == "poison") throw std::runtime_error("poisoned");
  std::vector<Text> words;
  for (std::size_t from = 0; from < line.size();) {
    const auto to = std::min(line.find(' ', from), line.size());
    if (to > from) words.push_back(line.substr(from, to - from));
    from = to + 1;
  }
  return words;
}

Result<Topology> word_count(const Arguments& arguments) {
  StreamsBuilder builder;
  const bool in_memory = arguments.ours.contains("store");
  builder.stream<std::optional<Text>, Text>("lines")
      .flat_map_values(words_of)
      .group_by([](const Text& word) { return word; })
      .count({.store = "counts", .type = in_memory ? StoreType::kInMemory : StoreType::kDefault})
      .to_stream()
      .map_values([](const std::optional<std::int64_t>& count) { return std::to_string(count.value_or(0)); })
      .to("word-counts");
  return builder.build();
}

// The topology of tests/interop/java-streams/WordCount.java, name by name.
Result<Topology> as_in_java(const Arguments& arguments) {
  StreamsBuilder builder;
  builder.stream<std::optional<Text>, Text>(arguments.ours.at("lines"))
      .flat_map_values(words_of)
      .group_by([](const Text& word) { return word; })
      .count({.store = "words"})
      .to_stream()
      .to(arguments.ours.at("counts"));
  return builder.build();
}

Result<Topology> doubled() {
  StreamsBuilder builder;
  builder.stream<Text, std::int64_t>("numbers").map_values([](std::int64_t n) { return 2 * n; }).to("doubled");
  return builder.build();
}

Result<Topology> enriched() {
  StreamsBuilder builder;
  const auto customers = builder.global_table<Text, Text>("customers", {}, {.store = "customers"});
  builder.stream<Text, Text>("orders")
      .join(
          customers, [](const Text&, const Text& customer) { return customer; },
          [](const Text& order, const Text& customer) { return order + ":" + customer; })
      .to("orders-enriched");
  return builder.build();
}

Arguments read(int argc, char** argv) {
  Arguments all;
  auto& config = all.config;
  config.application_id = "words";
  config.brokers = argv[1];
  config.state_dir = argv[2];
  for (int i = 3; i < argc; ++i) {
    const Text argument = argv[i];
    const auto at = argument.find('=');
    const Text name = argument.substr(0, at), value = at == Text::npos ? "" : argument.substr(at + 1);
    if (name == "app")
      config.application_id = value;
    else if (name == "guarantee")
      config.guarantee = Guarantee::kExactlyOnceV2;
    else if (name == "threads")
      config.threads = static_cast<unsigned>(std::stoul(value));
    else if (name == "dead")
      config.dead_letter_topic = value;
    else if (name == "on")
      config.on_decode_error =
          config.on_process_error = [](const ErrorContext&, const Error&) { return Verdict::kResume; };
    else if (name.find('.') != Text::npos)
      config.properties[name] = value;
    else
      all.ours[name] = value;
  }
  return all;
}

void say(const Text& line) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

void answer(App& app, const Text& line) {
  auto counts = app.store<Text, std::int64_t>("counts");
  if (line.starts_with("get ")) {
    const auto found = counts.get(line.substr(4));
    say(!found ? "error " + found.error().message : *found ? "count " + std::to_string(**found) : Text("none"));
  } else if (line == "rows") {
    const auto rows = counts.range({}, {}, 1'000'000);
    if (!rows) return say("error " + rows.error().message);
    for (const auto& [key, count] : *rows) say("row " + key + " " + std::to_string(count));
    say("end");
  } else if (line == "metrics") {
    say(app.metrics() + "end");
  } else if (line == "lags") {
    for (const auto& [task, lag] : app.lags()) say("lag " + to_string(task) + " " + std::to_string(lag));
    say("end");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "usage: streams_app BROKERS STATE_DIR [name=value ...]\n"), 2;
  auto arguments = read(argc, argv);
  const auto which = arguments.ours["topology"];
  auto topology = which == "enrich"   ? enriched()
                  : which == "double" ? doubled()
                  : which == "java"   ? as_in_java(arguments)
                                      : word_count(arguments);
  if (!topology) return std::fprintf(stderr, "%s\n", topology.error().message.c_str()), 1;
  auto app = App::open(*topology, std::move(arguments.config));
  if (!app) return std::fprintf(stderr, "%s\n", app.error().message.c_str()), 1;
  app->on_state([](State now, State) { say("state " + Text(to_string(now))); });
  std::stop_source stop;
  std::jthread commands([&](const std::stop_token&) {
    for (Text line; std::getline(std::cin, line) && line != "stop";) answer(*app, line);
    stop.request_stop();
  });
  const auto result = app->run(stop.get_token());
  if (!result) std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::fflush(stderr);
  std::_Exit(result ? 0 : 1);  // the thread above may wait for input for ever
}
