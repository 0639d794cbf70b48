// What every generated message header needs. A message is a plain struct, nested structs inside it, under Kafka's
// names.
//
//   static Result<T> decode(Reader&, version)   UNSUPPORTED_VERSION outside [kMinVersion, kMaxVersion], INVALID_REQUEST
//                                               for malformed bytes. Unknown tagged fields are skipped. Bytes behind
//                                               the message stay in the Reader.
//   void encode(Writer&, version) const         REQUIRES: a version in that range. Fields that the version does not
//                                               have are left out; null where the version knows none becomes the
//                                               empty value.
//   Result<> representable(version) const       UNSUPPORTED_VERSION naming the first field whose value encode(version)
//                                               would drop although Kafka does not call it ignorable.
//   to_string(message)                          for logs; contents of bytes fields are not shown.
//
// read, write, print and lost_in are the same steps for the structs inside; used by generated code only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/types.h"
#include "base/uuid.h"
#include "protocol/api_key.h"

namespace thalweg::protocol {

class Reader;
class Writer;
class Printer;

inline constexpr std::int16_t kNeverFlexible = 32767;

}  // namespace thalweg::protocol
