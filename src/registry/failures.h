// The failures that several requests have. Clients go by the codes; the sentences are for people.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/result.h"
#include "registry/job.h"
#include "registry/requests.h"

// ANSWER_TRY(auto value, f());   the Answer's TRY
#define ANSWER_TRY(decl, ...) THALWEG_TRY(return, THALWEG_CAT(answer_result_, __LINE__), decl, __VA_ARGS__)
#define ANSWER_TRY_VOID(...) THALWEG_TRY_VOID(return, THALWEG_CAT(answer_result_, __LINE__), __VA_ARGS__)

namespace thalweg::registry {

inline std::unexpected<Failure> failure(Code code, std::string message) {
  return std::unexpected(Failure{code, std::move(message)});
}
inline std::unexpected<Failure> first(Job job) {
  return std::unexpected(Failure{.job = std::make_shared<const Job>(std::move(job))});
}
inline std::unexpected<Failure> subject_not_found(const std::string& subject) {
  return failure(Code::kSubjectNotFound, fmt::format("there is no subject '{}'", subject));
}
inline std::unexpected<Failure> version_not_found(std::int32_t version) {
  return failure(Code::kVersionNotFound, version < 0 ? "the subject has no version left"
                                                     : fmt::format("the subject has no version {}", version));
}
inline std::unexpected<Failure> schema_not_found() {
  return failure(Code::kSchemaNotFound, "the subject has no such schema");
}
inline std::unexpected<Failure> schema_not_found(std::int32_t id) {
  return failure(Code::kSchemaNotFound, fmt::format("there is no schema with id {}", id));
}
inline std::unexpected<Failure> invalid_subject(const std::string& subject) {
  return failure(Code::kInvalidSubject, fmt::format("'{}' cannot be the name of a subject", subject));
}
inline std::unexpected<Failure> referenced(const std::string& subject, std::int32_t version) {
  return failure(Code::kReferenced,
                 fmt::format("other schemas refer to version {} of subject '{}': delete them first", version, subject));
}

}  // namespace thalweg::registry
