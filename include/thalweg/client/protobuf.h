// Protobuf through the schema registry, for classes that protoc made. No header of Protobuf is included here: what is
// asked of the class is what every generated one has (its .proto must not say `optimize_for = LITE_RUNTIME`, which
// leaves out the descriptor).
//
//   auto orders = protobuf<shop::Order>(registry);
//   producer.send(*message("orders", key, order, {}, serde_of<std::string>(), orders));
//
// The bytes are Confluent's: a zero, the schema's id, the path to the message in its file, the message. With
// Framing::kSchemaIdHeader they are the message alone, as any Protobuf program reads it, and the id is in the header.
#pragma once

#include <climits>

#include "thalweg/client/registry.h"

namespace thalweg::client {

template <class M>
concept ProtobufMessage = requires(const M& message, M& into, std::string& out) {
  M::descriptor()->file()->DebugString();
  { message.AppendPartialToString(&out) } -> std::convertible_to<bool>;
  { into.ParsePartialFromArray(out.data(), 0) } -> std::convertible_to<bool>;
  message.InitializationErrorString();
};

namespace detail {

// A file of the message's own or one that it imports; the imports of others are known to every registry.
struct ProtoFile {
  std::string name, text;
  std::vector<std::size_t> imports;  // where they are in the list: always before this one
};
struct ProtoType {
  std::string full_name = {};         // "shop.Order.Line"
  std::string name = {};              // "Order.Line": as it is known in its file
  std::vector<int> indexes = {};      // the same as positions: {0, 1}
  std::vector<ProtoFile> files = {};  // the last one is its own
};

// Files that a registry has without being told: Google's well-known types and Confluent's own.
THALWEG_EXPORT bool proto_is_known(std::string_view file);
// The path as Confluent writes it: a count and positions as zigzag varints; {0}, the usual one, as a single zero.
THALWEG_EXPORT void write_proto_indexes(const std::vector<int>& indexes, std::string& out);
// Takes it off the bytes. No position is negative, and there are 1 to 100 of them.
THALWEG_EXPORT Result<std::vector<int>> read_proto_indexes(std::string_view& bytes);
// Which message of a .proto text is at that place ("Order.Line"); nothing when there is none. Positions count messages
// alone: no enums, groups or entries of maps.
THALWEG_EXPORT std::optional<std::string> proto_message_at(std::string_view text, const std::vector<int>& indexes);

// What of the serde does not depend on the class. A shared handle, thread-safe.
class THALWEG_EXPORT ProtobufFrame {
 public:
  ProtobufFrame(SchemaRegistry registry, RegistrySerde options, ProtoType type);
  // Registers the schema, or finds it, with what it imports; writes what comes before the message.
  Result<> write(std::string& out, const SerdeContext& context) const;
  // The message in the bytes, after a look at whether it is of this type: Protobuf reads the bytes of any other type as
  // this one without a complaint.
  Result<std::string_view> read(std::string_view bytes, const SerdeContext& context) const;

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

// Positions count messages that the .proto text declares; descriptors have entries of maps and groups among them.
template <class D>
bool proto_is_declared(const D& parent, const D* nested) {
  for (int i = 0; i < parent.field_count(); ++i) {
    const auto* field = parent.field(i);
    using Field = std::remove_cvref_t<decltype(*field)>;
    if ((field->type() == Field::TYPE_GROUP || field->is_map()) && field->message_type() == nested) return false;
  }
  for (int i = 0; i < parent.extension_count(); ++i) {
    const auto* field = parent.extension(i);
    using Field = std::remove_cvref_t<decltype(*field)>;
    if (field->type() == Field::TYPE_GROUP && field->message_type() == nested) return false;
  }
  return true;
}

template <class D>
void proto_path(const D* message, ProtoType& type) {
  const auto* parent = message->containing_type();
  int position = message->index();
  if (parent) {
    proto_path(parent, type);
    type.name += '.';
    position = 0;
    for (int i = 0; i < message->index(); ++i) position += proto_is_declared(*parent, parent->nested_type(i));
  }
  type.name += std::string(message->name());
  type.indexes.push_back(position);
}

// Imports before those that import them. Files cannot import each other in a circle.
template <class F>
std::size_t proto_files(const F& file, std::vector<ProtoFile>& files) {
  for (std::size_t i = 0; i < files.size(); ++i)
    if (files[i].name == std::string_view(file.name())) return i;
  std::vector<std::size_t> imports;
  for (int i = 0; i < file.dependency_count(); ++i)
    if (!proto_is_known(file.dependency(i)->name())) imports.push_back(proto_files(*file.dependency(i), files));
  files.push_back({std::string(file.name()), file.DebugString(), std::move(imports)});
  return files.size() - 1;
}

template <ProtobufMessage M>
ProtoType proto_type(std::string text) {
  ProtoType type{.full_name = std::string(M::descriptor()->full_name())};
  proto_path(M::descriptor(), type);
  proto_files(*M::descriptor()->file(), type.files);
  if (!text.empty()) type.files.back().text = std::move(text);
  return type;
}

}  // namespace detail

// `text` is what is registered instead of the descriptor's own text, to keep comments: the same file, its messages in
// the same order, its imports under the same names. Imports are registered under their names as subjects, as
// Confluent's serializers do, and referred to.
//
// A record is read if the message that its writer's schema has at that place has the name of M in its file, whatever
// the package; another is an error that names both. The schema is asked for once per id. With Framing::kSchemaIdHeader
// the bytes do not say which message of the file they are, and are taken for an M.
template <ProtobufMessage M>
Serde<M> protobuf(const SchemaRegistry& registry, RegistrySerde options = {}, std::string text = {}) {
  const auto type = detail::proto_type<M>(std::move(text));
  const detail::ProtobufFrame frame(registry, options, type);
  return {"Protobuf " + type.full_name,
          [frame, name = type.full_name](const M& message, std::string& out, const SerdeContext& context) -> Result<> {
            if (!message.IsInitialized())
              return std::unexpected(Error{
                  .code = kCannotWrite,
                  .message = name + " lacks required fields: " + std::string(message.InitializationErrorString())});
            if (auto ok = frame.write(out, context); !ok) return ok;
            if (message.AppendPartialToString(&out)) return {};
            return std::unexpected(Error{.code = kCannotWrite, .message = name + " cannot be written: over 2 GiB?"});
          },
          [frame, name = type.full_name](std::string_view bytes, const SerdeContext& context) -> Result<M> {
            auto body = frame.read(bytes, context);
            if (!body) return std::unexpected(body.error());
            M message;
            if (body->size() > INT_MAX || !message.ParsePartialFromArray(body->data(), static_cast<int>(body->size())))
              return bad_bytes("these bytes are no " + name);
            if (!message.IsInitialized())
              return bad_bytes(name + " lacks required fields: " + std::string(message.InitializationErrorString()));
            return message;
          }};
}

}  // namespace thalweg::client
