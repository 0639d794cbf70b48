// A .proto file as the FileDescriptorProto that protoc would make of it, which is what clients of a registry ask for
// when they have no compiler at hand: format=serialized. Source: google/protobuf/descriptor.proto, and what protoc
// fills in.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "schema/protobuf/model.h"
#include "schema/protobuf/names.h"

namespace thalweg::schema::protobuf {

// `name` is what the file is called in it. Options that descriptor.proto has no field for, custom ones above all, are
// left out. kInvalidRequest for an edition, whose features decide what a field means.
Result<std::string> descriptor_of(const File& file, const Names& names, std::string_view name);

}  // namespace thalweg::schema::protobuf
