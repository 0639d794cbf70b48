// A ParsedSchema of JSON Schema.
#pragma once

#include "schema/difference.h"
#include "schema/json_schema/model.h"
#include "schema/schema.h"

namespace thalweg::schema::json_schema {

class JsonSchema : public ParsedSchema {
 public:
  static Result<ParsedSchemaPtr> parse(std::string_view text, const std::vector<Dependency>& dependencies,
                                       Validation validation);

  JsonSchema(std::unique_ptr<const Graph> graph, std::string text)
      : ParsedSchema(Type::kJson, std::move(text)), graph_(std::move(graph)) {}
  Result<std::string> normalized() const override;
  std::string full_name() const override;
  bool has_top_level_field(std::string_view name) const override;
  std::size_t memory_bytes() const override;

  const Graph& graph() const { return *graph_; }

 private:
  const std::unique_ptr<const Graph> graph_;
};

// Whether what fits `original` fits `update`. Source: SchemaDiff of Confluent's json-schema-provider.
Comparison compare(const Graph& original, const Graph& update, Policy policy, const Sides& sides);

}  // namespace thalweg::schema::json_schema
