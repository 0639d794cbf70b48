// What a registry is asked and what it answers: values. The HTTP face makes one from the other by json_shapes.h.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "registry/config.h"
#include "registry/content.h"
#include "schema/tags.h"

namespace thalweg::registry {

// Codes are those of the REST API: the HTTP status, or five digits of which the first three are.
enum class Code : std::int32_t {
  kUnreadable = 400,
  kNotFound = 404,
  kUnsupportedMediaType = 415,
  kUnprocessable = 422,
  kSubjectNotFound = 40401,
  kVersionNotFound = 40402,
  kSchemaNotFound = 40403,
  kSubjectSoftDeleted = 40404,
  kSubjectNotSoftDeleted = 40405,
  kVersionSoftDeleted = 40406,
  kVersionNotSoftDeleted = 40407,
  kNoSubjectConfig = 40408,
  kNoSubjectMode = 40409,
  kIncompatible = 40901,
  kInvalidSchema = 42201,
  kInvalidVersion = 42202,
  kInvalidLevel = 42203,
  kInvalidMode = 42204,
  kNotPermitted = 42205,
  kReferenced = 42206,
  kIdDoesNotMatch = 42207,
  kInvalidSubject = 42208,
  kTooLarge = 42209,
  kInvalidRules = 42210,
  kContextNotEmpty = 42211,
  kStoreFailure = 50001,
  kTimeout = 50002,
  kForwardFailed = 50003,
  kNoLeader = 50004,
};
inline int http_status(Code code) {
  const int number = static_cast<int>(code);
  return number < 1000 ? number : number / 100;
}

struct Job;  // job.h

struct Failure {
  Code code{};
  std::string message;
  // Set: nothing has failed and nothing has happened; this is to be worked out first. No client ever sees such a one.
  std::shared_ptr<const Job> job = nullptr;
  friend bool operator==(const Failure&, const Failure&) = default;
};
template <class T = void>
using Answer = std::expected<T, Failure>;

struct Page {
  std::int32_t offset = 0;
  std::int32_t limit = -1;  // below 1: as many as the server gives at once
};

// What a client says of a schema.
struct SchemaInput {
  std::string type = "AVRO";
  Text text;
  std::vector<schema::Reference> references;
  std::optional<Metadata> metadata;
  std::optional<RuleSet> rules;
  std::optional<std::int32_t> version;  // only where versions are imported; -1: must be the latest
  std::optional<std::int32_t> id;
  // What is to be done to the text first; the machine gets it done. Source: RegisterSchemaRequest.
  schema::TagChanges tags = {};
  bool propagate_tags = false;  // those of the latest version, too
};

// New tags for a version, and what else may change with them: they become the next version. Source: TagSchemaRequest.
struct TagRequest {
  schema::TagChanges tags;
  std::optional<std::int32_t> new_version;  // must be the next one
  std::optional<Metadata> metadata;
  std::optional<RuleSet> rules;     // in place of what there was
  std::optional<RuleSet> merge;     // into what there was; not with `rules`
  std::vector<std::string> remove;  // of those rules, by name; the same
};

// A version of a subject as clients see it.
struct SchemaObject {
  std::string subject;
  std::int32_t version = 0;
  std::int32_t id = 0;
  std::string guid;
  schema::Type type{};
  std::vector<schema::Reference> references;
  std::optional<Metadata> metadata;
  std::optional<RuleSet> rules;
  Text text;
  std::optional<Timestamp> written;           // when it was registered, or softly deleted
  std::vector<schema::EntityTags> tags = {};  // in the text; only where somebody asked for them
  bool deleted = false;
  friend bool operator==(const SchemaObject&, const SchemaObject&) = default;
};

// By its id alone: subject and version only where a subject was asked for.
struct SchemaById {
  SchemaObject schema;
  bool with_subject = false;
  std::optional<std::int32_t> max_id;
  friend bool operator==(const SchemaById&, const SchemaById&) = default;
};

struct SubjectVersion {
  std::string subject;
  std::int32_t version = 0;
  friend auto operator<=>(const SubjectVersion&, const SubjectVersion&) = default;
};
struct ContextId {
  std::string context;
  std::int32_t id = 0;
  friend auto operator<=>(const ContextId&, const ContextId&) = default;
};
struct CompatibilityVerdict {
  bool compatible = false;
  std::vector<std::string> messages;  // only when the request was verbose
  friend bool operator==(const CompatibilityVerdict&, const CompatibilityVerdict&) = default;
};
struct Nothing {
  friend bool operator==(const Nothing&, const Nothing&) = default;
};
// A type of its own, so that a reply's type says what it is of.
struct VersionNumber {
  std::int32_t version = 0;
  friend bool operator==(const VersionNumber&, const VersionNumber&) = default;
};

// A version as a path names it: a number, "latest" in any case, or -1.
struct VersionName {
  std::int32_t number = -1;  // -1: the latest
  static Answer<VersionName> parse(std::string_view text);
};

// Each names the type of its Response, which is an Answer.

struct RegisterSchema {
  using Response = Answer<SchemaObject>;
  std::string subject;
  SchemaInput schema;
  bool normalize = false;
  bool force = false;  // without asking whether it is compatible
  std::string format;
};
struct LookUpSchema {
  using Response = Answer<SchemaObject>;
  std::string subject;
  SchemaInput schema;
  bool normalize = false, deleted = false;
  std::string format;
};
struct GetSubjects {
  using Response = Answer<std::vector<std::string>>;
  std::string prefix = ":*:";
  bool deleted = false, deleted_only = false;
  Page page;
};
struct GetVersions {
  using Response = Answer<std::vector<std::int32_t>>;
  std::string subject;
  bool deleted = false, deleted_only = false, deleted_as_negative = false;
  Page page;
};
struct GetVersion {
  using Response = Answer<SchemaObject>;
  std::string subject;
  VersionName version;
  bool deleted = false;
  std::string format;
};
struct GetReferencedBy {
  using Response = Answer<std::vector<std::int32_t>>;  // ids
  std::string subject;
  VersionName version;
  bool deleted = false;
  Page page;
};
struct DeleteSubject {
  using Response = Answer<std::vector<std::int32_t>>;  // the versions that went
  std::string subject;
  bool permanent = false;
};
struct DeleteVersion {
  using Response = Answer<VersionNumber>;
  std::string subject;
  VersionName version;
  bool permanent = false;
};
struct GetLatestWithMetadata {
  using Response = Answer<SchemaObject>;
  std::string subject;
  std::vector<std::pair<std::string, std::string>> properties;
  bool deleted = false;
  std::string format;
};
struct GetById {
  using Response = Answer<SchemaById>;
  std::int32_t id = 0;
  std::optional<std::string> subject;  // where to look first; ":.ctx:" for a context
  std::string format;
  bool fetch_max_id = false;
};
struct GetSubjectsById {
  using Response = Answer<std::vector<std::string>>;
  std::int32_t id = 0;
  std::optional<std::string> subject;
  bool deleted = false;
  Page page;
};
struct GetVersionsById {
  using Response = Answer<std::vector<SubjectVersion>>;
  std::int32_t id = 0;
  std::optional<std::string> subject;
  bool deleted = false;
  Page page;
};
struct GetByGuid {
  using Response = Answer<SchemaById>;
  std::string guid;
  std::string format;
};
struct GetIdsByGuid {
  using Response = Answer<std::vector<ContextId>>;
  std::string guid;
};
struct GetSchemas {
  using Response = Answer<std::vector<SchemaObject>>;
  std::string prefix = ":*:";
  bool deleted = false, latest_only = false;
  std::string rule_type;  // only schemas with a rule of this type
  Page page;
};
struct CheckCompatibility {
  using Response = Answer<CompatibilityVerdict>;
  std::string subject;
  std::optional<VersionName> version;  // none: all that the subject's level asks for
  SchemaInput schema;
  bool normalize = false, verbose = false;
};
// In the three that follow: no subject means all of them.
struct GetConfig {
  using Response = Answer<Config>;
  std::optional<std::string> subject;
  bool default_to_global = false;
};
// Of each member: outer nothing leaves it, inner nothing clears it.
template <class T>
using Change = std::optional<std::optional<T>>;
struct PutConfig {
  using Response = Answer<Config>;  // what was asked for
  std::optional<std::string> subject;
  Change<std::string> alias, alias_for_deks, level, policy, group;
  Change<bool> normalize, validate_fields, validate_new_schemas, validate_rules;
  Change<Metadata> default_metadata, override_metadata;
  Change<RuleSet> default_rules, override_rules;
};
struct DeleteConfig {
  using Response = Answer<Config>;  // what was in force
  std::optional<std::string> subject;
};
struct GetMode {
  using Response = Answer<Mode>;
  std::optional<std::string> subject;
  bool default_to_global = false;
};
struct PutMode {
  using Response = Answer<Mode>;
  std::optional<std::string> subject;
  std::string mode;
  bool force = false;
};
struct DeleteMode {
  using Response = Answer<Mode>;
  std::optional<std::string> subject;
  bool recursive = false;
};
struct GetContexts {
  using Response = Answer<std::vector<std::string>>;
  std::string prefix;
  Page page;
};
struct DeleteContext {
  using Response = Answer<Nothing>;
  std::string context;  // ".ctx"
};

}  // namespace thalweg::registry
