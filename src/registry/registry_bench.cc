// How long it takes to load a registry of 100,000 schemas from its records' bytes, and what one look costs after that.
//   registry_bench [schemas]
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>

#include "base/log.h"
#include "registry/registry_codec.h"
#include "registry/registry_machine.h"

using namespace thalweg;
using namespace thalweg::registry;

int main(int argc, char** argv) {
  log::set_level(log::Level::kError);
  const int schemas = argc > 1 ? std::atoi(argv[1]) : 100'000;
  std::vector<KeyValue> log;
  for (int i = 0; i < schemas; ++i) {
    std::string text =
        fmt::format(R"({{"type":"record","name":"Event{}","namespace":"com.example.events","fields":[)", i);
    for (int f = 0; f < 8; ++f)
      text += fmt::format(R"({}{{"name":"field{}","type":["null","string"],"default":null}})", f ? "," : "", f);
    const auto content = std::make_shared<const Content>(Content{.text = text + "]}"});
    log.push_back(*encode(SchemaRecord{.subject = fmt::format("topic-{}-value", i),
                                       .version = 1,
                                       .value = SchemaRecord::Value{i + 1, content, false}}));
  }
  const auto seconds = [](auto since) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
  };
  RegistryMachine machine;
  const auto begin = std::chrono::steady_clock::now();
  for (const auto& bytes : log) machine.apply(**decode(bytes.key, bytes.value));
  fmt::print("{} schemas loaded in {:.3f} s\n", schemas, seconds(begin));
  const auto look = std::chrono::steady_clock::now();
  for (int i = 0; i < 10'000; ++i) (void)machine.on(GetById{.id = 1 + i % schemas}, {}, RequestId{1}, Instant(0), 0);
  fmt::print("a look by id: {:.2f} us\n", seconds(look) * 100);
  const auto put = std::chrono::steady_clock::now();
  for (int i = 0; i < 1'000; ++i) {
    const auto text = fmt::format(
        R"({{"type":"record","name":"Event{}","namespace":"com.example.events","fields":[{{"name":"x{}","type":"int","default":0}}]}})",
        i, i);
    auto effects = machine.on(RegisterSchema{.subject = fmt::format("topic-{}-value", i), .schema = {.text = text}}, {},
                              RequestId{1}, Instant(0), 0);
    for (const auto& record : effects.append) machine.apply(record);
  }
  fmt::print("a registration: {:.1f} us\n", seconds(put) * 1000);
}
