#include "console/schema_check.h"

#include "console/registry_client.h"
#include "console/schema_texts.h"
#include "console/subjects.h"
#include "http/target.h"
#include "schema/schema.h"

namespace thalweg::console {
namespace {

// As the registry numbers them.
constexpr std::int32_t kNoSubject = 40401, kNoSchema = 40403, kInvalidSchema = 42201;

schema::Type registry_type(SchemaLanguage language) {
  switch (language) {
    case SchemaLanguage::kJson:
      return schema::Type::kJson;
    case SchemaLanguage::kProtobuf:
      return schema::Type::kProtobuf;
    case SchemaLanguage::kAvro:
      break;
  }
  return schema::Type::kAvro;
}

// The latest that there is, or nothing: it will be the first.
Task<Outcome<std::optional<json::Value>>> latest_of(const Call& call, const std::string& subject, bool deleted) {
  CO_TRY(auto answer,
         told(co_await ask_registry(
             call, {.target = subject_path(subject, deleted ? "/versions/latest?deleted=true" : "/versions/latest")})));
  if (answer.ok()) co_return std::optional(std::move(answer.body));
  if (answer.code() == kNoSubject) co_return std::nullopt;
  co_return std::unexpected(problem_of(answer));
}

std::vector<std::string> messages_in(const json::Value& verdict) {
  std::vector<std::string> messages;
  const auto* list = verdict.find("messages");
  if (!list || !list->if_array()) return messages;
  for (const auto& one : *list->if_array())
    if (one.if_string()) messages.push_back(*one.if_string());
  return messages;
}

RegistryQuestion comparison(const std::string& subject, const NewSchema& wanted, const json::Object& body,
                            bool verbose) {
  std::string target = "/compatibility" + subject_path(subject, "/versions?verbose=");
  target += verbose ? "true" : "false";
  if (wanted.normalize.value_or(false)) target += "&normalize=true";
  return {.method = "POST", .target = std::move(target), .body = body};
}

// A text that is no schema is told apart from one that does not fit by asking without the reasons: then it is an error.
Task<Outcome<>> say_why_not(const Call& call, const std::string& subject, const NewSchema& wanted,
                            const json::Object& body, std::vector<std::string> messages, SchemaCheck& check) {
  auto verdict = verdict_in(messages);
  if (!verdict.against && verdict.findings.size() == 1 && !verdict.findings.front().code) {
    CO_TRY(const auto plainly, told(co_await ask_registry(call, comparison(subject, wanted, body, false))));
    if (plainly.code() == kInvalidSchema) {
      check.invalid = plainly.message();
      co_return Outcome<>();
    }
  }
  check.against = verdict.against;
  check.findings = std::move(verdict.findings);
  co_return Outcome<>();
}

Task<Outcome<>> compare_with_versions(const Call& call, const std::string& subject, const NewSchema& wanted,
                                      const json::Object& body, SchemaCheck& check) {
  CO_TRY(const auto answer, told(co_await ask_registry(call, comparison(subject, wanted, body, true))));
  if (answer.code() == kInvalidSchema) {
    check.invalid = answer.message();
    co_return Outcome<>();
  }
  if (!answer.ok()) co_return std::unexpected(problem_of(answer));
  const auto* fits = answer.body.find("is_compatible");
  check.fits = fits && fits->if_bool() && *fits->if_bool();
  if (!check.fits) co_return co_await say_why_not(call, subject, wanted, body, messages_in(answer.body), check);
  CO_TRY(const auto same,
         told(co_await ask_registry(call, {.method = "POST", .target = subject_path(subject), .body = body})));
  if (same.ok())
    check.same_as = number_in(same.body, "version");
  else if (same.code() != kNoSubject && same.code() != kNoSchema)
    co_return std::unexpected(problem_of(same));
  co_return Outcome<>();
}

// Before the first schema of all there is nobody to ask, and nothing to compare with.
Task<> read_alone(const Call& call, const NewSchema& wanted, SchemaLanguage language, SchemaCheck& check) {
  if (wanted.references && !wanted.references->empty()) {
    check.invalid = "it refers to " + wanted.references->front().subject + ", which is not registered";
    co_return;
  }
  const auto parsed = co_await call.shared.workers.run(
      [type = registry_type(language), text = wanted.text] { return schema::parse(type, text); });
  check.fits = parsed.has_value();
  if (!parsed) check.invalid = parsed.error().message;
}

}  // namespace

json::Object registration_of(const NewSchema& wanted, SchemaLanguage language) {
  auto body = json::Object::of({{"schema", wanted.text}, {"schemaType", schema::name(registry_type(language))}});
  if (!wanted.references || wanted.references->empty()) return body;
  json::Array references;
  for (const auto& [name, subject, version] : *wanted.references)
    references.push_back(json::Object::of({{"name", name}, {"subject", subject}, {"version", int(version)}}));
  body.add("references", std::move(references));
  return body;
}

Task<Outcome<CheckedSchema>> check_schema(const Call& call, const std::string& subject, const NewSchema& wanted) {
  if (wanted.text.empty()) co_return std::unexpected(invalid("/text", "a schema; it is empty"));
  CheckedSchema checked;
  Levels levels(call);
  CO_TRY(checked.check.level, co_await levels.of(subject));
  checked.language = wanted.language.value_or(SchemaLanguage::kAvro);
  if (!has_registry_topic(call)) {
    co_await read_alone(call, wanted, checked.language, checked.check);
  } else {
    CO_TRY(const auto latest, co_await latest_of(call, subject, false));
    CO_TRY(const auto last, co_await latest_of(call, subject, true));
    if (last) checked.last = number_in(*last, "version");
    if (!wanted.language && (latest || last)) checked.language = language_in(latest ? *latest : *last);
    CO_TRY(const auto mode, co_await told_by_registry(
                                call, {.target = "/mode/" + http::percent_encoded(subject) + "?defaultToGlobal=true"}));
    checked.mode = text_in(mode, "mode");
    CO_TRY_VOID(co_await compare_with_versions(call, subject, wanted, registration_of(wanted, checked.language),
                                               checked.check));
  }
  checked.check.laid_out = co_await call.shared.workers.run(
      [language = checked.language, text = wanted.text] { return laid_out(language, text); });
  co_return checked;
}

}  // namespace thalweg::console
