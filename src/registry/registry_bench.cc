// How long it takes to load a registry of 100,000 schemas from its records' bytes, and what one look costs after that.
//   registry_bench [schemas]
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>

#include "base/log.h"
#include "registry/registry_codec.h"
#include "registry/registry_machine.h"

using namespace thalweg;
using namespace thalweg::registry;

// With the jobs that it takes.
Effects put(RegistryMachine& machine, const RegisterSchema& request) {
  RequestContext context;
  for (;;) {
    auto effects = machine.on(request, context, RequestId{1}, Instant(0), 0);
    const auto& answer = std::get<RegisterSchema::Response>(effects.replies.at(0).reply);
    if (answer || !answer.error().job) return effects;
    context.findings = answer.error().job->carry_out(context.findings);
  }
}

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
  // Of the processor, whatever else runs.
  const auto now = [] { return double(std::clock()) / CLOCKS_PER_SEC; };
  const auto seconds = [now](double since) { return now() - since; };
  RegistryMachine machine;
  const auto begin = now();
  for (const auto& bytes : log) machine.apply(**decode(bytes.key, bytes.value));
  fmt::print("{} schemas loaded in {:.3f} s\n", schemas, seconds(begin));
  const auto look = now();
  for (int i = 0; i < 10'000; ++i) (void)machine.on(GetById{.id = 1 + i % schemas}, {}, RequestId{1}, Instant(0), 0);
  fmt::print("a look by id: {:.2f} us\n", seconds(look) * 100);
  const auto begun = now();
  for (int i = 0; i < 1'000; ++i) {
    const auto text = fmt::format(
        R"({{"type":"record","name":"Event{}","namespace":"com.example.events","fields":[{{"name":"x{}","type":"int","default":0}}]}})",
        i, i);
    const auto effects =
        put(machine, RegisterSchema{.subject = fmt::format("topic-{}-value", i), .schema = {.text = text}});
    for (const auto& record : effects.append) machine.apply(record);
  }
  fmt::print("a registration: {:.1f} us\n", seconds(begun) * 1000);
}
