// The failures that several requests have, in the words that clients know.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/result.h"
#include "registry/requests.h"

// ANSWER_TRY(auto value, f());   the Answer's TRY
#define ANSWER_TRY(decl, ...) THALWEG_TRY(return, THALWEG_CAT(answer_result_, __LINE__), decl, __VA_ARGS__)
#define ANSWER_TRY_VOID(...) THALWEG_TRY_VOID(return, THALWEG_CAT(answer_result_, __LINE__), __VA_ARGS__)

namespace thalweg::registry {

inline std::unexpected<Failure> failure(Code code, std::string message) {
  return std::unexpected(Failure{code, std::move(message)});
}
inline std::unexpected<Failure> subject_not_found(const std::string& subject) {
  return failure(Code::kSubjectNotFound, fmt::format("Subject '{}' not found.", subject));
}
inline std::unexpected<Failure> version_not_found(std::int32_t version) {
  return failure(Code::kVersionNotFound, fmt::format("Version {} not found.", version));
}
inline std::unexpected<Failure> schema_not_found() { return failure(Code::kSchemaNotFound, "Schema not found"); }
inline std::unexpected<Failure> schema_not_found(std::int32_t id) {
  return failure(Code::kSchemaNotFound, fmt::format("Schema {} not found", id));
}

}  // namespace thalweg::registry
