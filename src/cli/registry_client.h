// The schema registry as the commands see it: questions over HTTP, answers as JSON, and failures in words that say what
// to do.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "http/client.h"
#include "http/url.h"
#include "json/value.h"

namespace thalweg::cli {

inline constexpr std::string_view kDefaultRegistry = "http://localhost:8081";
// Where the registry's address is looked for when no option gives it; other tools know it, too.
inline constexpr std::string_view kRegistryVariable = "SCHEMA_REGISTRY_URL";

// What a registry refused, or why there was none.
struct RegistryFailure {
  int code = 0;  // the registry's own, as 40401; 0: no registry has answered
  std::string message;
  // For users: with the code, and what to do about it.
  operator Error() const;
};
// Codes that commands look for.
inline constexpr int kSubjectNotFound = 40401, kVersionNotFound = 40402, kSchemaNotFound = 40403, kLevelNotSet = 40408;

using RegistryAnswer = std::expected<json::Value, RegistryFailure>;

// One command's. Of several addresses the first that can be reached is asked.
class RegistryClient {
 public:
  // Of --registry, SCHEMA_REGISTRY_URL, or the default. Its error is misuse.
  static Result<RegistryClient> open(Session session);

  // `target`: path and query, encoded, below the registry's address.
  Task<RegistryAnswer> get(std::string target) { return ask("GET", std::move(target), std::nullopt); }
  Task<RegistryAnswer> ask(std::string method, std::string target, std::optional<json::Value> body);
  // "Subject 'x' not found", with the nearest name that there is.
  Task<Error> unknown_subject(std::string subject, RegistryFailure failure);
  // What answers is no registry, or another one than these commands know.
  RegistryFailure stranger() const;

 private:
  RegistryClient(Session session, std::vector<http::Url> urls) : session_(session), urls_(std::move(urls)) {}
  Task<std::optional<RegistryFailure>> first_contact();
  Task<Result<http::ClientResponse>> exchange(http::ClientRequest request, Instant deadline);
  Task<RegistryFailure> trouble(Error error);
  RegistryAnswer read(const http::ClientRequest& request, const http::ClientResponse& response) const;
  std::string here() const { return to_string(urls_[at_].endpoint); }

  Session session_;
  std::vector<http::Url> urls_;
  std::size_t at_ = 0;
  bool met_ = false;
};

// Members of an answer; nothing where they are absent or of another kind.
std::optional<std::string> text_in(const json::Value& object, std::string_view key);
std::optional<std::int64_t> number_in(const json::Value& object, std::string_view key);
// "/subjects/users-value/versions" with what must not stand in a path encoded.
std::string versions_path(std::string_view subject);

// schema_input.cc: what `register` and `check` send: the schema in a file or on standard input, its type and
// references.
void declare_schema_input(OptionParser& parser);
Task<Result<json::Value>> schema_input(Session session);
// "latest", or a number from 1. Its error is misuse.
Result<std::string> version_of(const Session& session, std::string otherwise);

}  // namespace thalweg::cli
