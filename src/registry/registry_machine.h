// The schema registry of a cluster: subjects, versions, ids, compatibility. A machine in the sense of replicated::Host
// over the partition _schemas-0: values in, Effects out; it neither waits nor knows the time.
//
// Hard state is the Store, changed by apply() alone. Ids are given out by the log: the highest that any record has
// shown, plus one, in each context. Soft state is a cache of parsed schemas.
//
// No step reads, prints or compares a schema, which takes its time: where one needs that, the answer is a Failure with
// a Job, and the question comes again with what the job has found (job.h).
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "base/types.h"
#include "machine/effects.h"
#include "registry/job.h"
#include "registry/parsed_cache.h"
#include "registry/records.h"
#include "registry/requests.h"
#include "registry/store.h"

namespace thalweg::registry {

struct RegistryConfig {
  schema::CompatibilityLevel level = schema::CompatibilityLevel::kBackward;
  bool mode_mutable = true;
  std::int32_t schemas_at_once = 1000;       // of one listing of schemas
  std::size_t cache_bytes = 16u << 20;       // of parsed schemas
  std::size_t record_bytes_max = 1'000'000;  // what the log takes as one record, about
};

using RequestId = Strong<std::uint64_t, struct RegistryRequestIdTag>;

// What came with a request beside its body.
struct RequestContext {
  std::string client;    // for log lines
  FindingsPtr findings;  // of the jobs that this request was answered with before; may be null
};

// The type of every Response there is, once.
using Reply = std::variant<Answer<SchemaObject>, Answer<std::vector<std::string>>, Answer<std::vector<std::int32_t>>,
                           Answer<VersionNumber>, Answer<SchemaById>, Answer<std::vector<SubjectVersion>>,
                           Answer<std::vector<ContextId>>, Answer<std::vector<SchemaObject>>,
                           Answer<CompatibilityVerdict>, Answer<Config>, Answer<Mode>, Answer<Nothing>>;

// Nothing here waits for time.
struct TimerKey {
  friend auto operator<=>(const TimerKey&, const TimerKey&) = default;
};

using Effects = machine::Effects<Record, Reply, RequestId, TimerKey>;

class RegistryMachine {
 public:
  using Record = registry::Record;
  using Reply = registry::Reply;
  using RequestId = registry::RequestId;
  using TimerKey = registry::TimerKey;
  using Context = RequestContext;
  using Effects = registry::Effects;

  explicit RegistryMachine(RegistryConfig config = {}) : config_(config), cache_(config.cache_bytes) {}

  Effects on(const RegisterSchema&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const CheckCompatibility&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const LookUpSchema&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const GetSubjects&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const GetVersions&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const GetVersion&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const GetReferencedBy&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const GetLatestWithMetadata&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const GetById&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const GetSubjectsById&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const GetVersionsById&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const GetByGuid&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const GetIdsByGuid&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const GetSchemas&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const GetContexts&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const DeleteSubject&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const DeleteVersion&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const DeleteContext&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const GetConfig&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const PutConfig&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const DeleteConfig&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const GetMode&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const PutMode&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const DeleteMode&, const RequestContext&, RequestId, Instant now, Timestamp wall);

  Effects on_timer(const TimerKey&, Instant, Timestamp) { return {}; }
  Effects on_loaded(Instant, Timestamp) { return {}; }
  void apply(const Record& record) { store_.apply(record); }
  // A cache is as good as before.
  void undo() {}

  // For those who look on.
  const Store& store() const { return store_; }

 private:
  using Records = std::vector<Record>;

  // Registering.
  Answer<SchemaObject> decide(const RegisterSchema& request, Records& append);
  Answer<CompatibilityVerdict> decide(const CheckCompatibility& request);
  Answer<SchemaObject> decide(const LookUpSchema& request);
  // What does not fit.
  Answer<std::vector<std::string>> incompatibilities(const CandidatePtr& candidate, const std::string& subject,
                                                     const std::vector<std::int32_t>& against, const Config& config);
  Answer<SchemaObject> import(const RegisterSchema& request, const std::string& subject, const Candidate& candidate,
                              Records& append);
  Answer<SchemaObject> store_version(const SubjectVersion& as, std::int32_t id, const Candidate& candidate,
                                     Records& append);
  Answer<> may_register(const std::string& subject, const SchemaInput& input) const;
  // With what the subject's configuration and its last version add.
  SchemaInput completed(SchemaInput input, const std::string& subject, const Config& config) const;
  Answer<CandidatePtr> candidate(const SchemaInput& input, const std::string& subject, bool normalize,
                                 schema::Validation validation) const;
  // The version of the subject that says the same; null when there is none.
  Answer<const Versions::value_type*> find_same(const Candidate& candidate, const std::string& subject, bool deleted);
  // What each of the references is, those that they need themselves first.
  Answer<std::vector<schema::Dependency>> resolve(const std::vector<schema::Reference>& references,
                                                  const Subject& from) const;
  // A version that is stored, read. Nothing when that is to be done first; an error when it cannot be read.
  std::optional<Result<schema::ParsedSchemaPtr>> known(const StoredVersion& stored, const Subject& from);
  Answer<schema::ParsedSchemaPtr> parsed(const StoredVersion& stored, const Subject& from);
  Answer<std::string> printed(const schema::ParsedSchemaPtr& parsed, const std::string& format) const;

  // Looking up.
  std::string aliased(const std::string& subject) const;
  // The subject itself, or if it has no version and no context, the first of its name in a context that has.
  std::string found_in_contexts(const std::string& subject) const;
  Answer<const Versions::value_type*> version_of(const std::string& subject, VersionName name, bool deleted) const;
  SchemaObject object(const std::string& subject, std::int32_t version, const StoredVersion& stored) const;
  // The same with its text in another format; the stored one when that is none.
  Answer<SchemaObject> object(const std::string& subject, std::int32_t version, const StoredVersion& stored,
                              const std::string& format);
  // Where an id is to be looked for, in this order.
  std::vector<std::string> contexts_for(const std::optional<std::string>& subject) const;
  const Ids::Entry* find_id(std::int32_t id, const std::optional<std::string>& subject, std::string& context) const;
  Answer<SchemaById> by_id(std::int32_t id, const std::string& context, const std::optional<std::string>& subject,
                           const std::string& format);
  std::vector<SubjectVersion> holders(const Ids::Entry& entry, const std::optional<std::string>& subject,
                                      bool deleted) const;

  // Configuration and mode as they are in force.
  Config effective_config(const std::optional<std::string>& subject) const;
  Mode effective_mode(const std::optional<std::string>& subject) const;
  Answer<> may_change(const std::optional<std::string>& subject) const;
  bool is_referenced(const SubjectVersion& version, bool deleted_too, const std::string& besides = {}) const;
  void forget_settings(const std::string& subject, Records& append) const;
  void keep_ids(const std::set<SubjectVersion>& going, Records& append) const;

  // What the record of a version says once it is softly deleted.
  Answer<SchemaRecord::Value> as_deleted(const std::string& subject, const StoredVersion& stored) const;

  // For the time of a step.
  class WithFindings {
   public:
    WithFindings(RegistryMachine& machine, const RequestContext& context) : machine_(machine) {
      static const auto kNone = std::make_shared<const Findings>();
      machine_.findings_ = context.findings ? context.findings : kNone;
    }
    ~WithFindings() { machine_.findings_ = nullptr; }
    WithFindings(const WithFindings&) = delete;

   private:
    RegistryMachine& machine_;
  };

  const RegistryConfig config_;
  Store store_;
  ParsedCache cache_;
  FindingsPtr findings_;  // of the request that is looked at; never null
};

}  // namespace thalweg::registry
