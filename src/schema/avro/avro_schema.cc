#include "schema/avro/avro_schema.h"

namespace thalweg::schema::avro {

Result<ParsedSchemaPtr> AvroSchema::parse(std::string_view text, const std::vector<Dependency>& dependencies,
                                          Validation validation) {
  TRY(auto graph, avro::parse(text, dependencies, validation));
  TRY(auto printed, print(graph, Externals::kByName));
  return std::make_shared<const AvroSchema>(std::move(graph), std::move(printed));
}

Result<std::string> AvroSchema::formatted(std::string_view format) const {
  if (format == "resolved") return resolved();
  return text();
}

std::string AvroSchema::full_name() const {
  return graph_.root->kind == Kind::kRecord ? graph_.root->name.full() : std::string();
}

bool AvroSchema::has_top_level_field(std::string_view name) const {
  return graph_.root->kind == Kind::kRecord && graph_.root->field_index.contains(name);
}

std::size_t AvroSchema::memory_bytes() const {
  std::size_t bytes = sizeof *this + 4 * text().size();
  for (const auto& node : graph_.nodes) bytes += sizeof node + node.fields.size() * (sizeof(Field) + 96);
  return bytes;
}

}  // namespace thalweg::schema::avro
