// What a user of stream processing writes: a topology, a test of it without a broker, and the application.
#include <cstdio>
#include <string>
#include <vector>

#include "thalweg/streams/app.h"
#include "thalweg/streams/dsl.h"
#include "thalweg/streams/test_driver.h"

using namespace thalweg::streams;

int main() {
  StreamsBuilder builder;
  builder.stream<std::optional<std::string>, std::string>("lines")
      .flat_map_values([](const std::string& line) { return std::vector<std::string>{line, line}; })
      .group_by([](const std::string& word) { return word; })
      .count({.store = "counts"})
      .to_stream()
      .to("word-counts");
  const auto topology = builder.build();
  if (!topology) return std::fprintf(stderr, "%s\n", topology.error().message.c_str()), 1;

  TestDriver driver(*topology);
  driver.input<std::optional<std::string>, std::string>("lines").pipe(std::nullopt, "kafka");
  auto output = driver.output<std::string, std::optional<std::int64_t>>("word-counts");
  std::int64_t last = 0;
  while (!output.empty()) last = output.read().value.value_or(0);
  if (last != 2) return std::fprintf(stderr, "counted %lld\n", static_cast<long long>(last)), 1;

  const auto app = App::open(*topology, {.application_id = "package-test", .brokers = "127.0.0.1:1"});
  if (!app) return std::fprintf(stderr, "%s\n", app.error().message.c_str()), 1;
  const auto wrong = App::open(*topology, {.application_id = "package-test", .threads = 0});
  std::printf("counted 2, %s, %s\n", std::string(to_string(app->state())).c_str(), wrong ? "?" : "refused");
  return wrong ? 1 : 0;
}
