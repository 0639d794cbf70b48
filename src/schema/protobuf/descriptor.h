// A FileDescriptorProto in base64, as which Confluent's Python client registers what protoc has compiled, read back
// into a .proto file. Source: google/protobuf/descriptor.proto, the wire format of Protocol Buffers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace thalweg::schema::protobuf {

// Nothing when it is not base64, so that it is a text. kInvalidRequest when it is, and no file descriptor. The text is
// not checked: who parses it does that. Options of their own kind (extensions of *Options) are left out.
std::optional<Result<std::string>> text_of_descriptor(std::string_view base64);

}  // namespace thalweg::schema::protobuf
