// A schema registry's client (Confluent's REST API), and serdes whose bytes name their schema.
#pragma once

#include <vector>

#include "thalweg/client/avro.h"
#include "thalweg/client/json_schema.h"

namespace thalweg::client {

enum class SchemaType { kAvro, kJson, kProtobuf };

// What a schema speaks of and does not define itself: `name` is how it says so (a Protobuf import, a JSON $ref, an Avro
// full name), subject and version are where it is registered.
struct SchemaReference {
  std::string name, subject;
  int version = 0;
};

struct Schema {
  int id = 0, version = 0;  // 1 and more; 0 where the registry did not say
  std::string subject, text;
  SchemaType type = SchemaType::kAvro;
  std::vector<SchemaReference> references = {};
};

struct RegistryConfig {
  // user:password@ in it is sent as basic authentication. Several, with commas between them, are one registry: who was
  // reached last is asked first, and the next one where it cannot be reached.
  std::string url = "http://localhost:8081";
  milliseconds timeout = 10s;      // of one request to one address, with connecting
  std::size_t cache = 1000;        // schemas kept, by id and by text; the oldest leaves first
  milliseconds latest_for = 1min;  // how long "latest" is believed
  Properties headers = {};
};

class RegistryCore;

// A shared handle, thread-safe. What an id means never changes, so it is kept for good; "latest" is asked again after a
// minute, and its old answer serves on while the registry cannot be reached.
// Errors carry the registry's number (409, 40401, 42201) and its words; one that could not be reached is retriable.
class THALWEG_EXPORT SchemaRegistry {
 public:
  explicit SchemaRegistry(RegistryConfig config = {});
  SchemaRegistry(const SchemaRegistry&) = default;  // a move copies: no handle is ever empty
  SchemaRegistry& operator=(const SchemaRegistry&) = default;
  // Registers it, or finds the id it already has. An incompatible schema is an error of code 409 with the registry's
  // reasons: the path of the field and what is wrong with it.
  Result<Schema> add(std::string_view subject, std::string_view text, SchemaType type = SchemaType::kAvro,
                     const std::vector<SchemaReference>& references = {});
  // The id of this very schema under the subject; it is not registered.
  Result<Schema> find(std::string_view subject, std::string_view text, SchemaType type = SchemaType::kAvro,
                      const std::vector<SchemaReference>& references = {}) const;
  Result<Schema> get(std::string_view subject, std::string_view version = "latest") const;
  Result<Schema> by_id(int id) const;
  // Why the text could not be the next version; empty when it could.
  Result<std::vector<std::string>> incompatibilities(std::string_view subject, std::string_view text,
                                                     SchemaType type = SchemaType::kAvro,
                                                     const std::vector<SchemaReference>& references = {}) const;

 private:
  std::shared_ptr<RegistryCore> core_;
};

// How bytes name their schema: a zero byte and the id, big endian, before them; or the guide's header "schema-id" in
// decimal.
enum class Framing { kConfluent, kSchemaIdHeader };
struct SubjectName {
  enum Strategy {
    kTopic,
    kRecord,
    kTopicRecord
  } strategy = kTopic;  // <topic>-value, <record name>, <topic>-<record name>
};
struct RegistrySerde {
  Framing framing = Framing::kConfluent;
  SubjectName subject = {};
  bool auto_register = true;  // false: the schema must be there
};

namespace detail {
THALWEG_EXPORT std::string subject_of(const RegistrySerde&, const SerdeContext&, const std::string& record_name);
THALWEG_EXPORT Result<int> schema_id(SchemaRegistry&, const RegistrySerde&, const std::string& subject,
                                     const std::string& text, SchemaType);
// Before the bytes, or into the headers.
THALWEG_EXPORT Result<> write_schema_id(int id, Framing, std::string& out, const SerdeContext&);
// Takes it off the bytes, or reads the header.
THALWEG_EXPORT Result<int> read_schema_id(std::string_view& bytes, Framing, const SerdeContext&);
THALWEG_EXPORT Result<AvroSchema> writer_schema(const SchemaRegistry&, int id);
}  // namespace detail

// Avro's binary form of a described type. Bytes are read with the schema they were written with, and resolved to the
// type's fields by name: fields the type does not have are passed over, missing ones must be std::optional.
template <IsDescribed T>
Serde<T> avro(const SchemaRegistry& registry, RegistrySerde options = {}) {
  const auto text = std::make_shared<const std::string>(avro_schema<T>());
  const auto* name = thalweg_describe(static_cast<const T*>(nullptr)).name;
  return {
      std::string("Avro ") + name,
      [registry = SchemaRegistry(registry), options, text, name](const T& value, std::string& out,
                                                                 const SerdeContext& context) mutable -> Result<> {
        auto id =
            detail::schema_id(registry, options, detail::subject_of(options, context, name), *text, SchemaType::kAvro);
        if (!id) return std::unexpected(id.error());
        if (auto ok = detail::write_schema_id(*id, options.framing, out, context); !ok) return ok;
        detail::avro_write(value, out);
        return {};
      },
      [registry = SchemaRegistry(registry), options](std::string_view bytes, const SerdeContext& context) -> Result<T> {
        auto id = detail::read_schema_id(bytes, options.framing, context);
        if (!id) return std::unexpected(id.error());
        auto schema = detail::writer_schema(registry, *id);
        if (!schema) return std::unexpected(schema.error());
        return detail::avro_read<T>(*schema, bytes);
      }};
}

// JSON, with a JSON Schema made of the described type.
template <IsDescribed T>
Serde<T> json_schema(const SchemaRegistry& registry, RegistrySerde options = {}) {
  const auto text = std::make_shared<const std::string>(json_schema_text<T>());
  const auto* name = thalweg_describe(static_cast<const T*>(nullptr)).name;
  return {std::string("JSON Schema ") + name,
          [registry = SchemaRegistry(registry), options, text, name](const T& value, std::string& out,
                                                                     const SerdeContext& context) mutable -> Result<> {
            auto id = detail::schema_id(registry, options, detail::subject_of(options, context, name), *text,
                                        SchemaType::kJson);
            if (!id) return std::unexpected(id.error());
            if (auto ok = detail::write_schema_id(*id, options.framing, out, context); !ok) return ok;
            return serde_of<T>().write(value, out, context);
          },
          [options](std::string_view bytes, const SerdeContext& context) -> Result<T> {
            if (auto id = detail::read_schema_id(bytes, options.framing, context); !id)
              return std::unexpected(id.error());
            return serde_of<T>().read(bytes, context);
          }};
}

}  // namespace thalweg::client
