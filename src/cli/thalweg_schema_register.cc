// thalweg schema register, check.
#include <fmt/format.h>

#include "cli/registry_client.h"
#include "http/target.h"
#include "json/writer.h"

namespace thalweg::cli {
namespace {

// The schema as it is registered under the subject; nothing when it is not.
Task<Result<std::optional<json::Value>>> look_up(RegistryClient& registry, std::string subject, json::Value input,
                                                 bool normalize) {
  const auto target = fmt::format("/subjects/{}{}", http::percent_encoded(subject), normalize ? "?normalize=true" : "");
  auto found = co_await registry.ask("POST", target, std::move(input));
  if (found) co_return std::optional(std::move(*found));
  if (found.error().code == kSubjectNotFound || found.error().code == kSchemaNotFound) co_return std::nullopt;
  co_return std::unexpected(found.error());
}

// What of an earlier schema does not fit, in the registry's words.
std::vector<std::string> messages_in(const json::Value& verdict) {
  std::vector<std::string> messages;
  const auto* all = verdict.find("messages");
  if (all && all->if_array())
    for (const auto& message : *all->if_array())
      if (message.if_string()) messages.push_back(*message.if_string());
  return messages;
}

std::string as_json(const std::string& subject, bool fits, const std::vector<std::string>& messages) {
  json::Array all(messages.begin(), messages.end());
  return json::write(json::Object::of({{"subject", subject}, {"compatible", fits}, {"messages", std::move(all)}})) +
         "\n";
}

// A name that is mistyped would fit everything.
Task<> warn_of_nothing(Session session, RegistryClient& registry) {
  const std::string subject = session.words()[0];
  const auto versions = co_await registry.get(versions_path(subject));
  if (versions || versions.error().code != kSubjectNotFound) co_return;
  const Error named = co_await registry.unknown_subject(subject, {kSubjectNotFound, ""});
  const auto hint = named.message.find("; did you mean");
  session.terminal().err(fmt::format("nothing is registered under '{}' yet{}\n", subject,
                                     hint == std::string::npos ? "" : named.message.substr(hint)));
}

}  // namespace

Task<Result<>> schema_register(Session session) {
  CO_TRY(auto registry, RegistryClient::open(session));
  CO_TRY(const auto input, co_await schema_input(session));
  const std::string subject = session.words()[0];
  const bool normalize = session.options.has("normalize");
  CO_TRY(auto schema, co_await look_up(registry, subject, input, normalize));
  const bool was_there = schema.has_value();
  if (!was_there) {
    CO_TRY_VOID(co_await registry.ask("POST", versions_path(subject) + (normalize ? "?normalize=true" : ""), input));
    // The answer has the id alone in older registries; the version is asked for.
    CO_TRY(schema, co_await look_up(registry, subject, input, normalize));
  }
  const auto version = schema ? number_in(*schema, "version") : std::nullopt;
  const auto id = schema ? number_in(*schema, "id") : std::nullopt;
  if (!version || !id) co_return std::unexpected(registry.stranger());
  using enum Report::Kind;
  Report report({{"subject"}, {"version", kNumber}, {"id", kNumber}, {"result"}});
  report.add({subject, std::to_string(*version), std::to_string(*id), was_there ? "was there" : "registered"});
  session.show(report);
  co_return Result<>();
}

void declare_schema_check(OptionParser& parser) {
  declare_schema_input(parser);
  parser.value("version", "N|latest", "The version that it must fit. (default: latest)");
  parser.flag("all", "It must fit as the subject's level says: with a TRANSITIVE one, all versions.");
}

Task<Result<>> schema_check(Session session) {
  const auto& options = session.options;
  if (options.has("all") && options.has("version")) co_return session.misuse("--all and --version exclude each other");
  CO_TRY(const auto version, version_of(session, "latest"));
  CO_TRY(auto registry, RegistryClient::open(session));
  CO_TRY(auto input, co_await schema_input(session));
  const std::string subject = session.words()[0];
  CO_TRY(const auto verdict,
         co_await registry.ask(
             "POST",
             fmt::format("/compatibility{}{}?verbose=true{}", versions_path(subject),
                         options.has("all") ? "" : "/" + version, options.has("normalize") ? "&normalize=true" : ""),
             std::move(input)));
  const auto* member = verdict.find("is_compatible");
  if (!member || !member->if_bool()) co_return std::unexpected(registry.stranger());
  const bool fits = *member->if_bool();
  const auto messages = messages_in(verdict);
  if (session.format == OutputFormat::kJson)
    session.terminal().out(as_json(subject, fits, messages));
  else if (fits)
    session.terminal().out("compatible\n");
  else
    for (const auto& message : messages) session.terminal().out(message + "\n");
  if (fits) {
    co_await warn_of_nothing(session, registry);
    co_return Result<>();
  }
  co_return fail(ErrorCode::kInvalidRequest,
                 fmt::format("it does not fit what '{}' has\nthalweg schema level {} shows and changes what must fit",
                             subject, subject));
}

}  // namespace thalweg::cli
