// Why there is no answer, as operations say it and as it goes out (RFC 9457): Kafka's own name of the error, the status
// that fits it, one sentence, and what to do next.
#pragma once

#include <string>

#include "base/result.h"
#include "console/api_types.h"
#include "http/message.h"

namespace thalweg::console {

// `title` is what is wrong in one sentence; empty: the error's own words. `hint` is what to do.
Problem problem_of(ErrorCode code, std::string title = {}, std::string hint = {});
// A part of the request is not what it has to be: `path` is a parameter's name or a JSON pointer, `expected` what it is
// when it is right.
Problem invalid(std::string path, const std::string& expected);
// The status of a Kafka error, one table for all operations.
int status_of(ErrorCode code);

// What Kafka's side says, as an operation passes it on.
template <class T>
Outcome<T> told(Result<T> result, const std::string& hint = {}) {
  if (!result) return std::unexpected(problem_of(result.error().code, std::move(result.error().message), hint));
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return *std::move(result);
}

http::Response response_of(const Problem& problem);
// For what is refused before it has a route: the router's.
http::Response refusal(int status, std::string message);

}  // namespace thalweg::console
