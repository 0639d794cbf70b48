// The records of _schemas, which are Confluent's: a registry of theirs can go on with our topic, and we with theirs.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "base/time.h"
#include "registry/config.h"
#include "registry/content.h"

namespace thalweg::registry {

// What a record says of a content, as JSON without the braces: spelled() in registry_codec.h. To make it of a large one
// takes its time.
using Spelling = std::shared_ptr<const std::string>;

// A version of a subject; without value it is gone for good.
struct SchemaRecord {
  struct Value {
    std::int32_t id = 0;
    ContentPtr content;
    bool deleted = false;                         // softly
    std::optional<Digest> digest = std::nullopt;  // of the content, where it is known already
    Spelling spelling = nullptr;                  // the same
    // When the record was written, as Confluent's answers tell it; the log's to keep, no part of the value.
    std::optional<Timestamp> written = std::nullopt;
    friend bool operator==(const Value& a, const Value& b) {
      return a.id == b.id && a.deleted == b.deleted && (a.content == b.content || *a.content == *b.content);
    }
  };
  std::string subject;
  std::int32_t version = 0;
  std::int32_t magic = 1;  // 0 in what very old registries wrote; a tombstone needs the key it is for
  std::optional<Value> value;
  friend bool operator==(const SchemaRecord&, const SchemaRecord&) = default;
};

// Of a subject, or without one of all that have none.
struct ConfigRecord {
  std::optional<std::string> subject;
  std::optional<Config> value;
  friend bool operator==(const ConfigRecord&, const ConfigRecord&) = default;
};

struct ModeRecord {
  std::optional<std::string> subject;
  std::optional<Mode> value;
  friend bool operator==(const ModeRecord&, const ModeRecord&) = default;
};

// Versions up to this one are softly deleted. Without a version the record says nothing.
struct DeleteSubjectRecord {
  std::string subject;
  std::optional<std::int32_t> version;
  friend bool operator==(const DeleteSubjectRecord&, const DeleteSubjectRecord&) = default;
};

// What is softly deleted of the subject, or of a context, is gone for good.
struct ClearSubjectRecord {
  std::string subject;
  bool tombstone = false;
  friend bool operator==(const ClearSubjectRecord&, const ClearSubjectRecord&) = default;
};

struct ContextRecord {
  std::string tenant = "default";
  std::string context;
  bool exists = true;
  friend bool operator==(const ContextRecord&, const ContextRecord&) = default;
};

// Confluent's registry writes it to find the end of the log, and never looks at its value. We keep there the highest
// ids that no living record shows any more, so that none is given out twice after its schema is gone and the log has
// been compacted.
struct NoopRecord {
  std::map<std::string, std::int32_t> highest_ids;  // by context
  friend bool operator==(const NoopRecord&, const NoopRecord&) = default;
};

using Record = std::variant<SchemaRecord, ConfigRecord, ModeRecord, DeleteSubjectRecord, ClearSubjectRecord,
                            ContextRecord, NoopRecord>;

// Of a version, the time of its record; nothing of other records.
inline std::optional<Timestamp> written_at(const Record& record) {
  const auto* schema = std::get_if<SchemaRecord>(&record);
  return schema && schema->value ? schema->value->written : std::nullopt;
}
inline void set_written_at(Record& record, Timestamp when) {
  if (auto* schema = std::get_if<SchemaRecord>(&record); schema && schema->value) schema->value->written = when;
}

}  // namespace thalweg::registry
