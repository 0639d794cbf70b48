// Answers what others are asked too, for tests against them (tests/interop) and for measuring.
//   schema_verdict < pairs     a JSON object a line: {"type","original","update","references":{...}} -> a line each:
//                              {"compatible":true,"changes":["TYPE path",...]} or {"error":"..."}
//   schema_verdict --time      how long a megabyte of schema takes
#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <iostream>
#include <string>

#include "json/parser.h"
#include "json/writer.h"
#include "schema/difference.h"

using namespace thalweg;
using namespace thalweg::schema;

namespace {

Result<ParsedSchemaPtr> read(const json::Value& line, std::string_view which, Type type) {
  std::vector<Dependency> dependencies;
  if (const auto* given = line.find(std::string(which) + "_dependencies"); given && given->if_array())
    for (const auto& each : *given->if_array()) {
      Dependency dependency{.name = *each.find("name")->if_string(), .text = *each.find("text")->if_string()};
      if (const auto* subject = each.find("subject")) dependency.subject = *subject->if_string();
      if (const auto* version = each.find("version"))
        dependency.version = int(version->if_number()->as_int64().value_or(0));
      dependencies.push_back(std::move(dependency));
    }
  return parse(type, *line.find(which)->if_string(), dependencies, Validation::kStored);
}

json::Value answer(const json::Value& line) {
  const auto type = *type_named(*line.find("type")->if_string());
  const auto original = read(line, "original", type), update = read(line, "update", type);
  for (const auto* each : {&original, &update})
    if (!*each) return json::Object::of({{"error", each->error().message}});
  const auto* lenient = line.find("lenient");
  const auto comparison =
      compare(**original, **update, lenient && *lenient->if_bool() ? Policy::kLenient : Policy::kStrict);
  json::Array changes;
  for (const auto& difference : comparison.differences) changes.push_back(difference.type + " " + difference.path);
  json::Object object = json::Object::of({{"compatible", comparison.compatible()}, {"changes", std::move(changes)}});
  if (comparison.failure) object.add("failure", *comparison.failure);
  return object;
}

void measure(std::string_view what, Type type, const std::string& one, const std::string& other) {
  const auto time = [](const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  };
  ParsedSchemaPtr a, b;
  const auto parsing = time([&] { a = parse(type, one).value(); });
  b = parse(type, other).value();
  const auto normalizing = time([&] { (void)a->normalized(); });
  Comparison comparison;
  const auto comparing = time([&] { comparison = compare(*a, *b); });
  fmt::print("{}: {} bytes, parsed in {:.1f} ms, normalized in {:.1f} ms, compared in {:.1f} ms{}\n", what, one.size(),
             parsing, normalizing, comparing, comparison.failure ? " (" + *comparison.failure + ")" : "");
}

void measure_all() {
  const auto made = [](std::size_t bytes, std::string begin, const std::function<std::string(int)>& each,
                       std::string_view end) {
    for (int i = 0; begin.size() < bytes; ++i) begin += each(i);
    return begin + std::string(end);
  };
  constexpr std::size_t kBytes = 1'000'000;
  const auto avro = [&](std::string_view type) {
    return made(
        kBytes, R"({"type":"record","name":"R","fields":[)",
        [&](int i) {
          return fmt::format(R"({}{{"name":"field{}","type":["null","{}"],"default":null}})", i ? "," : "", i, type);
        },
        "]}");
  };
  measure("avro", Type::kAvro, avro("int"), avro("long"));
  const auto nested = [&](std::string_view type) {
    return made(
        kBytes, R"({"type":"record","name":"R","fields":[)",
        [&](int i) {
          return fmt::format(
              R"({0}{{"name":"f{1}","type":{{"type":"record","name":"N{1}","fields":[{{"name":"a","type":"{2}"}}]}}}})",
              i ? "," : "", i, type);
        },
        "]}");
  };
  measure("avro records", Type::kAvro, nested("int"), nested("string"));
  const auto proto = [&](std::string_view type) {
    return made(
        kBytes, "syntax = \"proto3\"; message M { ",
        [&](int i) { return fmt::format("{} field_number_{} = {};\n", type, i, i < 18'000 ? i + 1 : i + 3'000); }, "}");
  };
  measure("protobuf", Type::kProtobuf, proto("int32"), proto("string"));
  const auto json = [&](std::string_view type) {
    return made(
        kBytes, R"({"type":"object","properties":{)",
        [&](int i) { return fmt::format(R"({}"property{}":{{"type":"{}","minimum":1}})", i ? "," : "", i, type); },
        "}}");
  };
  measure("json", Type::kJson, json("integer"), json("number"));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) return measure_all(), 0;
  std::string text;
  while (std::getline(std::cin, text)) {
    const auto line = json::parse(text);
    fmt::print("{}\n", line ? json::write(answer(*line)) : "{\"error\":\"not a line of JSON\"}");
  }
}
