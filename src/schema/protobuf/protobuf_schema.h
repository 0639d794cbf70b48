// A ParsedSchema of Protocol Buffers.
#pragma once

#include <deque>

#include "schema/difference.h"
#include "schema/protobuf/model.h"
#include "schema/protobuf/names.h"
#include "schema/schema.h"

namespace thalweg::schema::protobuf {

// The files a schema is made of. Names point into them, so they stay where they are.
struct Files {
  File own;
  std::deque<File> imported;
  Names names;
};

class ProtobufSchema : public ParsedSchema {
 public:
  // `text` is a .proto file.
  static Result<ParsedSchemaPtr> parse(std::string_view text, const std::vector<Dependency>& dependencies,
                                       Validation validation);

  ProtobufSchema(std::unique_ptr<const Files> files, std::string text)
      : ParsedSchema(Type::kProtobuf, std::move(text)), files_(std::move(files)) {}
  Result<std::string> normalized() const override;
  Result<std::string> formatted(std::string_view format) const override;
  std::string full_name() const override;
  bool has_top_level_field(std::string_view name) const override;
  std::size_t memory_bytes() const override;

  const Files& files() const { return *files_; }

 private:
  const std::unique_ptr<const Files> files_;
};

// Whether `update` reads what `original` wrote. Source: SchemaDiff of Confluent's protobuf-provider.
Comparison compare(const Files& original, const Files& update, const Sides& sides);

}  // namespace thalweg::schema::protobuf
