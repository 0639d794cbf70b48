// Result<T>: what may happen is a value. Error carries Kafka's own ErrorCode from the disk to the wire, so nothing is
// translated on the way.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "base/error_code.h"

namespace thalweg {

struct Error {
  ErrorCode code = ErrorCode::kUnknownServerError;
  std::string message;  // for people: what happened and what to do; may go to the client as error_message
  friend bool operator==(const Error&, const Error&) = default;
};

template <class T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::string message = {}) {
  return std::unexpected(Error{code, std::move(message)});
}

}  // namespace thalweg

#define THALWEG_CAT2(a, b) a##b
#define THALWEG_CAT(a, b) THALWEG_CAT2(a, b)
#define THALWEG_TRY(ret, result, decl, ...)         \
  auto result = (__VA_ARGS__);                      \
  if (!result) [[unlikely]]                         \
    ret std::unexpected(std::move(result.error())); \
  decl = *std::move(result)
#define THALWEG_TRY_VOID(ret, result, ...)            \
  do {                                                \
    auto result = (__VA_ARGS__);                      \
    if (!result) [[unlikely]]                         \
      ret std::unexpected(std::move(result.error())); \
  } while (false)

// TRY(auto file, disk.open(path, mode));   TRY_VOID(file->write(0, bytes));
#define TRY(decl, ...) THALWEG_TRY(return, THALWEG_CAT(try_result_, __LINE__), decl, __VA_ARGS__)
#define TRY_VOID(...) THALWEG_TRY_VOID(return, THALWEG_CAT(try_result_, __LINE__), __VA_ARGS__)
// The same inside a coroutine.
#define CO_TRY(decl, ...) THALWEG_TRY(co_return, THALWEG_CAT(try_result_, __LINE__), decl, __VA_ARGS__)
#define CO_TRY_VOID(...) THALWEG_TRY_VOID(co_return, THALWEG_CAT(try_result_, __LINE__), __VA_ARGS__)
