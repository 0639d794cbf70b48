#include <map>
#include <mutex>
#include <set>

#include "thalweg/client/protobuf.h"

namespace thalweg::client::detail {

namespace {
// What is remembered per serde; beyond it everything is asked for again, from the registry's own cache.
constexpr std::size_t kRememberedMost = 1000;
}  // namespace

struct ProtobufFrame::Core {
  Core(SchemaRegistry r, RegistrySerde o, ProtoType t) : registry(std::move(r)), options(o), type(std::move(t)) {}

  Result<Schema> add(const std::string& subject, const ProtoFile& file, const std::vector<SchemaReference>& refers) {
    return options.auto_register ? registry.add(subject, file.text, SchemaType::kProtobuf, refers)
                                 : registry.find(subject, file.text, SchemaType::kProtobuf, refers);
  }

  // The imports first: who refers to one says its subject and version.
  Result<int> id_of(const std::string& subject) {
    std::vector<SchemaReference> versions;
    for (const ProtoFile& file : type.files) {
      std::vector<SchemaReference> refers;
      for (const std::size_t import : file.imports) refers.push_back(versions[import]);
      const bool own = versions.size() + 1 == type.files.size();
      auto schema = add(own ? subject : file.name, file, refers);
      if (schema && own) return schema->id;
      // A registration answers with the id alone where the registry is an older one.
      if (schema && schema->version <= 0) schema = registry.find(file.name, file.text, SchemaType::kProtobuf, refers);
      if (!schema) {
        Error error = schema.error();
        if (!own) error.message = file.name + ", which " + type.full_name + " imports: " + error.message;
        return std::unexpected(std::move(error));
      }
      versions.push_back({file.name, file.name, schema->version});
    }
    return std::unexpected(Error{.message = type.full_name + " has no file"});
  }

  Result<int> known_id(const std::string& subject) {
    {
      const std::lock_guard lock(mutex);
      if (const auto found = ids.find(subject); found != ids.end()) return found->second;
    }
    auto id = id_of(subject);
    if (!id) return id;
    const std::lock_guard lock(mutex);
    if (ids.size() >= kRememberedMost) ids.clear();
    ids[subject] = *id;
    return id;
  }

  Result<> check(int id, const std::vector<int>& indexes) {
    const std::pair key(id, indexes);
    {
      const std::lock_guard lock(mutex);
      if (ours.contains(key)) return {};
    }
    auto schema = registry.by_id(id);
    if (!schema) {
      Error error = schema.error();
      error.message = "schema " + std::to_string(id) + " of the record: " + error.message;
      return std::unexpected(std::move(error));
    }
    if (schema->type != SchemaType::kProtobuf)
      return bad_bytes("schema " + std::to_string(id) + " of the record is not Protobuf");
    const auto name = proto_message_at(schema->text, indexes);
    if (name != type.name)
      return bad_bytes("the record is a " + name.value_or("message that is not there") + " of schema " +
                       std::to_string(id) + ", not a " + type.name);
    const std::lock_guard lock(mutex);
    if (ours.size() >= kRememberedMost) ours.clear();
    ours.insert(key);
    return {};
  }

  SchemaRegistry registry;
  const RegistrySerde options;
  const ProtoType type;
  std::mutex mutex;
  std::map<std::string, int> ids;                   // of subjects
  std::set<std::pair<int, std::vector<int>>> ours;  // that are this type
};

ProtobufFrame::ProtobufFrame(SchemaRegistry registry, RegistrySerde options, ProtoType type)
    : core_(std::make_shared<Core>(std::move(registry), options, std::move(type))) {}

Result<> ProtobufFrame::write(std::string& out, const SerdeContext& context) const {
  auto id = core_->known_id(subject_of(core_->options, context, core_->type.full_name));
  if (!id) return std::unexpected(id.error());
  if (auto ok = write_schema_id(*id, core_->options.framing, out, context); !ok) return ok;
  if (core_->options.framing == Framing::kConfluent) write_proto_indexes(core_->type.indexes, out);
  return {};
}

Result<std::string_view> ProtobufFrame::read(std::string_view bytes, const SerdeContext& context) const {
  auto id = read_schema_id(bytes, core_->options.framing, context);
  if (!id) return std::unexpected(id.error());
  if (core_->options.framing != Framing::kConfluent) return bytes;
  auto indexes = read_proto_indexes(bytes);
  if (!indexes) return std::unexpected(indexes.error());
  if (auto ok = core_->check(*id, *indexes); !ok) return std::unexpected(ok.error());
  return bytes;
}

}  // namespace thalweg::client::detail
