// Registering: what a schema would be stored as, whether it is there already, whether it may be, under which id.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ranges>

#include "base/log.h"
#include "registry/failures.h"
#include "registry/registry_machine.h"
#include "schema/limits.h"

namespace thalweg::registry {
namespace {

constexpr std::size_t kReferencesMax = 1000;  // of a schema, with all that they refer to themselves
// Of earlier versions that are parsed to see whether they say the same in other words. What is sent with its
// references written out, and what another registry printed in its own way, is found among the newest only.
constexpr std::size_t kSameBytesMax = 256 * 1024;

constexpr std::size_t kJobBytes = 1024 * 1024;  // of texts, after which others have their turn

const std::string kVersionProperty = "confluent:version";

std::string property(const std::optional<Metadata>& metadata, const std::string& key) {
  const auto at = metadata ? metadata->properties.find(key) : decltype(metadata->properties.end())();
  return metadata && at != metadata->properties.end() ? at->second : "";
}

}  // namespace

// ------------------------------------------------------------------------------------------------ parsing

Answer<std::vector<schema::Dependency>> RegistryMachine::resolve(const std::vector<schema::Reference>& references,
                                                                 const Subject& from) const {
  struct Pending {
    schema::Reference reference;
    Subject from;
    bool opened = false;  // what it refers to itself is below it on the stack already
  };
  std::vector<Pending> stack;
  for (const auto& reference : std::views::reverse(references)) stack.push_back({reference, from});
  std::vector<schema::Dependency> found;
  std::set<std::string> names, under_way;
  std::size_t bytes = 0;
  while (!stack.empty()) {
    const Pending pending = stack.back();
    const auto& reference = pending.reference;
    if (names.contains(reference.name)) {
      stack.pop_back();
      continue;
    }
    if (reference.name.empty() || reference.subject.empty())
      return failure(Code::kInvalidSchema, "a reference needs a name, a subject and a version");
    const std::string subject = aliased(qualified(reference.subject, pending.from));
    const auto version = version_of(subject, VersionName{reference.version}, true);
    if (!version)
      return failure(
          Code::kInvalidSchema,
          fmt::format(
              "the reference {} leads to {} of subject '{}', which is not there: register that first", reference.name,
              reference.version < 0 ? "a version" : fmt::format("version {}", reference.version), reference.subject));
    const Content& content = *(*version)->second.content;
    if (pending.opened || content.references.empty()) {
      stack.pop_back();
      under_way.erase(reference.name);
      names.insert(reference.name);
      bytes += content.text.size();
      if (found.size() == kReferencesMax || bytes > schema::kTextMax)
        return failure(Code::kInvalidSchema,
                       fmt::format("the schema refers to more than {} others, or to more than {} bytes of them",
                                   kReferencesMax, schema::kTextMax));
      found.push_back({reference.name, content.text, subject, (*version)->first});
      continue;
    }
    if (!under_way.insert(reference.name).second)
      return failure(Code::kInvalidSchema, fmt::format("the reference {} leads to itself", reference.name));
    stack.back().opened = true;
    for (const auto& next : std::views::reverse(content.references))
      if (!names.contains(next.name)) stack.push_back({next, Subject::parse(subject)});
    if (stack.size() > 4 * kReferencesMax) return failure(Code::kInvalidSchema, "the schema refers to too many others");
  }
  return found;
}

std::optional<Result<schema::ParsedSchemaPtr>> RegistryMachine::known(const StoredVersion& stored,
                                                                      const Subject& from) {
  const Content& content = *stored.content;
  // What a latest version refers to may be another one tomorrow.
  const bool fixed = std::ranges::none_of(content.references, [](const schema::Reference& r) { return r.version < 0; });
  const auto key = [&] {
    return ParsedCache::Key{from.context, content.type, store_.ids(from.context)->by_id.at(stored.id).digest};
  };
  if (const auto* found = findings_->parsed(stored.content)) {
    if (fixed && *found) cache_.put(key(), **found);
    return *found;
  }
  if (fixed)
    if (auto cached = cache_.find(key())) return cached;
  return std::nullopt;
}

Answer<schema::ParsedSchemaPtr> RegistryMachine::parsed(const StoredVersion& stored, const Subject& from) {
  if (const auto schema = known(stored, from)) {
    if (*schema) return **schema;
    return failure(Code::kInvalidSchema, fmt::format("what is stored is no {} schema: {}",
                                                     schema::name(stored.content->type), schema->error().message));
  }
  ANSWER_TRY(auto dependencies, resolve(stored.content->references, from));
  Job job;
  job.add(FindParsed{stored.content, std::move(dependencies)});
  return first(std::move(job));
}

Answer<std::string> RegistryMachine::printed(const schema::ParsedSchemaPtr& parsed, const std::string& format) const {
  if (const auto* text = findings_->text(parsed, format)) {
    if (*text) return **text;
    return failure(Code::kInvalidSchema, text->error().message);
  }
  Job job;
  job.add(FindText{parsed, format});
  return first(std::move(job));
}

SchemaInput RegistryMachine::completed(SchemaInput input, const std::string& subject, const Config& config) const {
  const auto* versions = store_.find(subject);
  const auto* previous = versions ? Store::latest(*versions) : nullptr;
  if (previous && input.text.empty()) {
    const Content& content = *previous->second.content;
    input.type = schema::name(content.type);
    input.text = content.text;
    input.references = content.references;
  }
  if (previous && !input.metadata) input.metadata = previous->second.content->metadata;
  if (previous && !input.rules) input.rules = previous->second.content->rules;
  input.metadata = merge(merge(config.default_metadata, input.metadata), config.override_metadata);
  input.rules = merge(merge(config.default_rules, input.rules), config.override_rules);
  // Who keeps the version as a property has it kept up.
  const bool wants_version = input.version.value_or(0) != 0 || !property(input.metadata, kVersionProperty).empty();
  if (wants_version) {
    if (!input.metadata) input.metadata.emplace();
    const std::int32_t next = versions && !versions->empty() ? versions->rbegin()->first + 1 : 1;
    input.metadata->properties[kVersionProperty] = std::to_string(next);
  }
  return input;
}

Answer<CandidatePtr> RegistryMachine::candidate(const SchemaInput& input, const std::string& subject, bool normalize,
                                                schema::Validation validation) const {
  const auto type = schema::type_named(input.type.empty() ? "AVRO" : input.type);
  if (!type) return failure(Code::kInvalidSchema, "the type of a schema is AVRO, JSON or PROTOBUF");
  if (input.text.str().find_first_not_of(" \t\r\n") == std::string::npos)
    return failure(Code::kInvalidSchema, "the schema is empty");
  if (input.text.size() > config_.record_bytes_max)
    return failure(Code::kTooLarge, fmt::format("the schema has {} bytes; at most {} are stored", input.text.size(),
                                                config_.record_bytes_max));
  Wording wording{.content = {*type, input.text, input.references, input.metadata, input.rules},
                  .dependencies = {},
                  .normalize = normalize,
                  .validation = validation};
  ANSWER_TRY(wording.dependencies, resolve(input.references, Subject::parse(subject)));
  if (const auto* made = findings_->candidate(wording)) return *made;
  Job job;
  job.add(std::move(wording));
  return first(std::move(job));
}

// ------------------------------------------------------------------------------------------------ what is there

Answer<const Versions::value_type*> RegistryMachine::find_same(const Candidate& candidate, const std::string& subject,
                                                               bool deleted) {
  const auto* versions = store_.find(subject);
  if (!versions) return nullptr;
  const Subject from = Subject::parse(subject);
  const auto& ids = *store_.ids(from.context);
  if (const auto at = ids.by_digest.find(candidate.digest); at != ids.by_digest.end())
    for (const auto& version : std::views::reverse(*versions))
      if (version.second.id == at->second && (deleted || !version.second.deleted)) return &version;
  const Content& wanted = *candidate.content;
  std::size_t bytes = 0;
  Job job;
  const Versions::value_type* same = nullptr;
  for (const auto& version : std::views::reverse(*versions)) {
    const auto& stored = version.second;
    const Content& content = *stored.content;
    if ((stored.deleted && !deleted) || content.type != wanted.type) continue;
    if (content.metadata != wanted.metadata || content.rules != wanted.rules) continue;
    const bool written_out = wanted.references.empty() && !content.references.empty();
    if (content.references != wanted.references && !written_out) continue;
    bytes += content.text.size();
    if (bytes > kSameBytesMax) break;
    const auto schema = known(stored, from);
    if (!schema) {
      if (auto dependencies = resolve(content.references, from))
        job.add(FindParsed{stored.content, std::move(*dependencies)});
    } else if (!*schema) {
      continue;
    } else if (!written_out) {
      if ((**schema)->text() == wanted.text) same = &version;
    } else {
      const auto text = printed(**schema, kResolved);
      if (!text && text.error().job) job.add(FindText{**schema, kResolved});
      if (text == wanted.text) same = &version;
    }
    // One that is newer and not known yet may be it.
    if (same && job.questions.empty()) return same;
  }
  if (!job.questions.empty()) return first(std::move(job));
  return same;
}

Answer<> RegistryMachine::may_register(const std::string& subject, const SchemaInput& input) const {
  const Mode mode = effective_mode(subject);
  const auto refuse = [&](std::string_view what) {
    return failure(Code::kNotPermitted, fmt::format("subject '{}' is in mode {}: {}", subject, name(mode), what));
  };
  if (mode == Mode::kReadOnly || mode == Mode::kReadOnlyOverride) return refuse("nothing can be registered");
  const bool importing = mode == Mode::kImport || mode == Mode::kForward;
  if (input.id.value_or(-1) >= 0 && !importing) return refuse("only in mode IMPORT a schema comes with an id");
  if (input.id.value_or(-1) < 0 && importing) return refuse("a schema comes with its id");
  if (!is_valid_name(subject)) return invalid_subject(subject);
  if (input.rules)
    if (auto wrong = check(*input.rules)) return failure(Code::kInvalidRules, *wrong);
  return {};
}

// ------------------------------------------------------------------------------------------------ compatibility

namespace {

std::vector<std::string> reserved_fields(const Candidate& candidate, const StoredVersion* previous) {
  std::vector<std::string> messages;
  if (previous)
    for (const auto& name : reserved_names(previous->content->metadata))
      if (!candidate.reserved.contains(name))
        messages.push_back(fmt::format("{} was reserved: leave it in the property confluent:reserved", name));
  for (const auto& name : candidate.reserved_in_use)
    messages.push_back(
        fmt::format("{} is reserved by the property confluent:reserved: choose another name for the field", name));
  return messages;
}

}  // namespace

Answer<std::vector<std::string>> RegistryMachine::incompatibilities(const CandidatePtr& candidate,
                                                                    const std::string& subject,
                                                                    const std::vector<std::int32_t>& against,
                                                                    const Config& config) {
  const auto level = config.level.value_or(config_.level);
  const auto policy = config.policy == "LENIENT" ? schema::Policy::kLenient : schema::Policy::kStrict;
  const auto* versions = store_.find(subject);
  const Subject from = Subject::parse(subject);
  const bool validate = config.validate_fields.value_or(false);
  std::vector<std::string> messages;
  if (validate) messages = reserved_fields(*candidate, against.empty() ? nullptr : &versions->at(against.back()));
  Job job;
  for (const auto number : std::views::reverse(against)) {
    if (level == schema::CompatibilityLevel::kNone || job.bytes >= kJobBytes) break;
    const StoredVersion& stored = versions->at(number);
    if (config.group &&
        property(candidate->content->metadata, *config.group) != property(stored.content->metadata, *config.group))
      continue;
    FindVerdict question{.candidate = candidate,
                         .earlier = stored.content,
                         .dependencies = {},
                         .parsed = nullptr,
                         .version = number,
                         .level = level,
                         .policy = policy};
    if (const auto* found = findings_->verdict(question)) {
      (void)known(stored, from);  // to be kept, if it was read for this
      messages.insert(messages.end(), found->begin(), found->end());
      if (!found->empty()) break;
    } else if (const auto schema = known(stored, from); schema && *schema) {
      question.parsed = **schema;
      job.add(std::move(question));
    } else if (auto dependencies = resolve(stored.content->references, from)) {
      question.dependencies = std::move(*dependencies);
      job.add(std::move(question));
    } else {
      messages.push_back(fmt::format("version {} cannot be read: {}", number, dependencies.error().message));
      break;
    }
    if (!schema::is_transitive(level)) break;
  }
  if (!job.questions.empty()) return first(std::move(job));
  if (!messages.empty())
    messages.push_back(fmt::format("{{validateFields: '{}', compatibility: '{}'}}", validate, schema::name(level)));
  return messages;
}

Answer<CompatibilityVerdict> RegistryMachine::decide(const CheckCompatibility& request) {
  const std::string subject = found_in_contexts(request.subject);
  const Config config = effective_config(subject);
  const auto* versions = store_.find(subject);
  std::vector<std::int32_t> against;
  if (request.version && (versions || request.version->number != -1)) {
    const auto version = version_of(subject, *request.version, false);
    if (version)
      against = {(*version)->first};
    else if (request.version->number != -1)
      return version_not_found(request.version->number);
  } else if (versions) {
    for (const auto& [number, stored] : *versions)
      if (!stored.deleted) against.push_back(number);
  }
  const bool normalize = request.normalize || config.normalize.value_or(false);
  const auto validation =
      config.validate_new_schemas.value_or(true) ? schema::Validation::kNew : schema::Validation::kStored;
  const auto wanted = candidate(request.schema, subject, normalize, validation);
  if (!wanted) {
    if (!request.verbose || wanted.error().code != Code::kInvalidSchema) return std::unexpected(wanted.error());
    return CompatibilityVerdict{false, {wanted.error().message}};
  }
  ANSWER_TRY(auto messages, incompatibilities(*wanted, subject, against, config));
  CompatibilityVerdict verdict{.compatible = messages.empty(), .messages = {}};
  if (request.verbose) verdict.messages = std::move(messages);
  return verdict;
}

Answer<SchemaObject> RegistryMachine::decide(const LookUpSchema& request) {
  const std::string subject = found_in_contexts(request.subject);
  const auto* versions = store_.find(subject);
  if (!versions || !Store::latest(*versions, request.deleted)) return subject_not_found(request.subject);
  const Config config = effective_config(subject);
  const bool normalize = request.normalize || config.normalize.value_or(false);
  if (request.schema.text.empty()) return failure(Code::kInvalidSchema, "the schema is empty");
  // As it was said, then with what registering would have added.
  for (const auto& input : {request.schema, completed(request.schema, subject, config)}) {
    ANSWER_TRY(const auto wanted, candidate(input, subject, normalize, schema::Validation::kStored));
    ANSWER_TRY(const auto* same, find_same(*wanted, subject, request.deleted));
    if (same) return object(subject, same->first, same->second, request.format);
  }
  return schema_not_found();
}

// ------------------------------------------------------------------------------------------------ the decision

Answer<SchemaObject> RegistryMachine::store_version(const SubjectVersion& as, std::int32_t id,
                                                    const Candidate& candidate, Records& append) {
  const auto& [subject, version] = as;
  const Subject parsed = Subject::parse(subject);
  if (const std::size_t bytes = candidate.spelling->size(); bytes > config_.record_bytes_max)
    return failure(Code::kTooLarge,
                   fmt::format("the schema has {} bytes as its record quotes it; at most {} are stored", bytes,
                               config_.record_bytes_max));
  if (!parsed.in_default_context() && !store_.has_context_record(parsed.context))
    append.push_back(ContextRecord{.context = parsed.context});
  const Content& content = *candidate.content;
  append.push_back(SchemaRecord{
      .subject = subject,
      .version = version,
      .value = SchemaRecord::Value{
          .id = id, .content = candidate.content, .digest = candidate.digest, .spelling = candidate.spelling}});
  // What it takes the place of, unless somebody still needs it under its number.
  if (const auto* versions = store_.find(subject))
    for (const auto& [number, stored] : *versions)
      if (stored.deleted && stored.id == id && number < version && store_.referrers({subject, number}).empty())
        append.push_back(
            SchemaRecord{.subject = subject, .version = number, .magic = stored.magic, .value = std::nullopt});
  log::info("schema registered", field("subject", subject), field("version", version), field("id", id));
  return SchemaObject{.subject = subject,
                      .version = version,
                      .id = id,
                      .guid = guid(candidate.digest),
                      .type = content.type,
                      .references = content.references,
                      .metadata = content.metadata,
                      .rules = content.rules,
                      .text = content.text,
                      .deleted = false};
}

Answer<SchemaObject> RegistryMachine::import(const RegisterSchema& request, const std::string& subject,
                                             const Candidate& candidate, Records& append) {
  const auto id = *request.schema.id;
  const auto* ids = store_.ids(Subject::parse(subject).context);
  if (ids) {
    const auto known = ids->by_id.find(id);
    if (known != ids->by_id.end() && known->second.digest != candidate.digest)
      return failure(Code::kNotPermitted, fmt::format("id {} belongs to another schema", id));
  }
  const auto* versions = store_.find(subject);
  const std::int32_t next = versions && !versions->empty() ? versions->rbegin()->first + 1 : 1;
  const auto asked = request.schema.version.value_or(0);
  if (asked <= 0) {
    ANSWER_TRY(const auto* same, find_same(candidate, subject, false));
    if (same && same->second.id == id) return object(subject, same->first, same->second);
  }
  return store_version({subject, asked > 0 ? asked : next}, id, candidate, append);
}

Answer<SchemaObject> RegistryMachine::decide(const RegisterSchema& request, Records& append) {
  const std::string subject = aliased(Subject::parse(request.subject).text());
  ANSWER_TRY_VOID(may_register(subject, request.schema));
  const Config config = effective_config(subject);
  const Mode mode = effective_mode(subject);
  const bool importing = mode == Mode::kImport || mode == Mode::kForward;
  const auto input = importing ? request.schema : completed(request.schema, subject, config);
  const bool normalize = !importing && (request.normalize || config.normalize.value_or(false));
  const bool as_new = !importing && config.validate_new_schemas.value_or(true);
  ANSWER_TRY(const auto wanted,
             candidate(input, subject, normalize, as_new ? schema::Validation::kNew : schema::Validation::kStored));
  if (importing) return import(request, subject, *wanted, append);

  const auto* versions = store_.find(subject);
  const auto asked = request.schema.version.value_or(0);
  ANSWER_TRY(const auto* same, find_same(*wanted, subject, false));
  const auto* latest = versions ? Store::latest(*versions) : nullptr;
  if (same && (asked == 0 || asked == same->first || (asked == -1 && same == latest)))
    return object(subject, same->first, same->second, request.format);
  const std::int32_t next = versions && !versions->empty() ? versions->rbegin()->first + 1 : 1;
  if (asked > 0 && asked != next)
    return failure(Code::kInvalidSchema, fmt::format("the next version is {}, not {}", next, asked));

  if (!request.force) {
    std::vector<std::int32_t> against;
    if (versions)
      for (const auto& [number, stored] : *versions)
        if (!stored.deleted) against.push_back(number);
    ANSWER_TRY(const auto messages, incompatibilities(wanted, subject, against, config));
    if (!messages.empty())
      return failure(Code::kIncompatible,
                     fmt::format("Schema being registered is incompatible with an earlier schema for subject "
                                 "\"{}\": [{}]",
                                 subject, fmt::join(messages, ", ")));
  }
  std::optional<std::string> shown;
  if (!request.format.empty()) {
    ANSWER_TRY(shown, printed(wanted->parsed, request.format));
  }
  const auto* ids = store_.ids(Subject::parse(subject).context);
  std::int32_t id = ids ? ids->highest + 1 : 1;
  if (ids)
    if (const auto known = ids->by_digest.find(wanted->digest); known != ids->by_digest.end()) id = known->second;
  if (id <= 0) return failure(Code::kNotPermitted, "all ids of the context have been given out");
  ANSWER_TRY(auto stored, store_version({subject, next}, id, *wanted, append));
  if (shown) stored.text = std::move(*shown);
  return stored;
}

}  // namespace thalweg::registry
