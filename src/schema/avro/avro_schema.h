// A ParsedSchema of Avro.
#pragma once

#include "schema/avro/model.h"
#include "schema/difference.h"
#include "schema/schema.h"

namespace thalweg::schema::avro {

class AvroSchema : public ParsedSchema {
 public:
  static Result<ParsedSchemaPtr> parse(std::string_view text, const std::vector<Dependency>& dependencies,
                                       Validation validation);

  AvroSchema(Graph graph, std::string text) : ParsedSchema(Type::kAvro, std::move(text)), graph_(std::move(graph)) {}
  Result<std::string> normalized() const override { return print_normalized(graph_); }
  Result<std::string> resolved() const override { return print(graph_, Externals::kWrittenOut); }
  Result<std::string> formatted(std::string_view format) const override;
  std::string full_name() const override;
  bool has_top_level_field(std::string_view name) const override;
  std::size_t memory_bytes() const override;

  const Graph& graph() const { return graph_; }

 private:
  const Graph graph_;
};

}  // namespace thalweg::schema::avro
