// The hard state of a registry: what its records say, with the indexes that answer questions. Changed by apply() alone,
// and the same whatever of the older records compaction has taken away.
//
// Invariants: an id means one content in its context; a version of a subject is in the index of its id, of its
// references and of its context, or in none.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "registry/records.h"
#include "registry/requests.h"
#include "registry/subject.h"

namespace thalweg::registry {

struct StoredVersion {
  ContentPtr content;
  std::int32_t id = 0;
  bool deleted = false;
  std::int32_t magic = 1;  // of its key
  std::optional<Timestamp> written = std::nullopt;
};
using Versions = std::map<std::int32_t, StoredVersion>;

struct DigestHash {
  std::size_t operator()(const Digest& digest) const;
};

// Ids and who has them, of one context.
struct Ids {
  struct Entry {
    ContentPtr content;
    Digest digest{};
    std::set<SubjectVersion> holders;
  };
  std::map<std::int32_t, Entry> by_id;
  std::unordered_map<Digest, std::int32_t, DigestHash> by_digest;
  std::int32_t highest = 0;  // ever given out
};

class Store {
 public:
  void apply(const Record& record);

  // By their texts, in order. Subjects without any version are not there.
  const std::map<std::string, Versions, std::less<>>& subjects() const { return subjects_; }
  // Null when it has no version, not even a deleted one.
  const Versions* find(std::string_view subject) const;
  // The newest that is not deleted.
  static const Versions::value_type* latest(const Versions& versions, bool deleted = false);

  // Null when nothing was ever registered there.
  const Ids* ids(std::string_view context) const;
  const std::map<std::string, Ids, std::less<>>& contexts() const { return ids_; }
  // Contexts that exist, ".", those with a record and those with schemas.
  std::set<std::string> context_names() const;
  bool has_context_record(const std::string& context) const { return context_records_.contains(context); }

  // Who refers to this version; deleted ones too.
  std::set<SubjectVersion> referrers(const SubjectVersion& of) const;
  bool is_live(const SubjectVersion& version) const;

  // Null when nothing is set there; no subject: what counts for all.
  const Config* config(const std::optional<std::string>& subject) const;
  const Mode* mode(const std::optional<std::string>& subject) const;
  const std::map<std::optional<std::string>, Mode>& modes() const { return modes_; }

  // What must be kept in a NoopRecord once these versions are gone: the highest ids that nobody will hold then.
  // Nothing when the others show them.
  std::optional<NoopRecord> ids_to_keep(const std::set<SubjectVersion>& going) const;

 private:
  void apply_one(const SchemaRecord& record);
  void apply_one(const ConfigRecord& record);
  void apply_one(const ModeRecord& record);
  void apply_one(const DeleteSubjectRecord& record);
  void apply_one(const ClearSubjectRecord& record);
  void apply_one(const ContextRecord& record);
  void apply_one(const NoopRecord& record);
  void remove(const std::string& subject, std::int32_t version);
  void clear_deleted(const std::string& subject);

  std::map<std::string, Versions, std::less<>> subjects_;
  std::map<std::string, Ids, std::less<>> ids_;
  std::map<SubjectVersion, std::set<SubjectVersion>> referrers_;
  std::set<std::string> context_records_;
  std::map<std::optional<std::string>, Config> configs_;
  std::map<std::optional<std::string>, Mode> modes_;
};

// A reference's subject as seen from the schema that makes it: names without a context are in the same one.
std::string qualified(std::string_view referred, const Subject& from);

}  // namespace thalweg::registry
