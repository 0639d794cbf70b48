// Schemas that keys and values name, for consume --where: asked of a registry when a filter first looks into one, and
// kept, for an id means the same for ever.
#pragma once

#include <map>
#include <optional>

#include "cli/registry_client.h"
#include "decode/decode.h"
#include "filter/input.h"

namespace thalweg::cli {

class RecordSchemas {
 public:
  static constexpr std::size_t kSchemasMax = 1000;   // of one command; what names another one is not known
  static constexpr std::size_t kReadMax = 8u << 20;  // bytes of JSON that a schema makes of one value

  // Where no registry was named and none is at the usual place, everything is taken as it is. Its error is misuse.
  static Result<RecordSchemas> open(Session session);

  filter::SchemaReading read(std::string_view side);
  // A schema that was needed since the last learn(), and is not known.
  bool is_missing() const { return missing_.has_value(); }
  // Asks for it.
  Task<> learn();

 private:
  RecordSchemas(RegistryClient registry, bool is_named) : registry_(std::move(registry)), is_named_(is_named) {}
  Task<Result<schema::ParsedSchemaPtr>> ask(std::int32_t id);

  RegistryClient registry_;
  bool is_named_;         // by an option or the environment: then somebody counts on it
  bool is_there_ = true;  // as far as is known
  std::map<std::int32_t, decode::SchemaOf> schemas_;
  std::optional<std::int32_t> missing_;
};

}  // namespace thalweg::cli
