#include "schema/json_schema/json_schema.h"

#include <fmt/format.h>

#include "json/parser.h"
#include "json/writer.h"
#include "schema/limits.h"

namespace thalweg::schema::json_schema {

Result<ParsedSchemaPtr> JsonSchema::parse(std::string_view text, const std::vector<Dependency>& dependencies,
                                          Validation validation) {
  std::size_t bytes = text.size();
  for (const auto& dependency : dependencies) bytes += dependency.text.size();
  if (bytes > kTextMax)
    return fail(ErrorCode::kInvalidRequest,
                fmt::format("{} bytes of schema with all it refers to; at most {} are taken", bytes, kTextMax));
  auto value = json::parse(text, {.bytes = kTextMax, .depth = kDepthMax, .duplicates = true});
  if (!value) return fail(ErrorCode::kInvalidRequest, "not JSON: " + value.error().message);
  auto graph = std::make_unique<Graph>();
  graph->documents.push_back(std::move(*value));
  TRY_VOID(read(*graph, dependencies, validation));
  auto printed = json::write(graph->documents[0]);
  return std::make_shared<const JsonSchema>(std::move(graph), std::move(printed));
}

Result<std::string> JsonSchema::normalized() const {
  json::Value sorted = graph_->documents[0];
  json::sort_members(sorted);
  return json::write(sorted);
}

std::string JsonSchema::full_name() const { return graph_->root->title.value_or(""); }

bool JsonSchema::has_top_level_field(std::string_view name) const {
  const Node& root = *graph_->root;
  return root.object && root.object->by_name.contains(name);
}

std::size_t JsonSchema::memory_bytes() const {
  return sizeof *this + graph_->nodes.size() * (sizeof(Node) + 200) + 12 * text().size();
}

}  // namespace thalweg::schema::json_schema
