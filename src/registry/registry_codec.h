// The bytes of the records of _schemas: JSON, with the members of keys in the order that Confluent's registry writes
// them, since compaction compares bytes.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "registry/records.h"

namespace thalweg::registry {

struct KeyValue {
  SharedBytes key;
  std::optional<SharedBytes> value;
  friend bool operator==(const KeyValue&, const KeyValue&) = default;
};

// The members of a record's value that its content decides, from "md5" to "schema".
Spelling spelled(const Content& content, const Digest& digest);

// A value in pieces, one behind the other: the spelling of a schema is shared, not copied.
struct KeyAndPieces {
  SharedBytes key;
  std::optional<std::vector<SharedBytes>> value;  // never empty
};
// Makes the spelling of a schema where there is none.
Result<KeyAndPieces> encode_in_pieces(const Record& record);
// The same in one piece.
Result<KeyValue> encode(const Record& record);
// Nothing for a kind of key that we do not know: another registry wrote it, and it is not ours to judge.
// kCorruptMessage with what is wrong.
Result<std::optional<Record>> decode(const SharedBytes& key, const std::optional<SharedBytes>& value);

}  // namespace thalweg::registry
