// Errors are values. Nothing in this library throws at its user, and what a handler throws is caught.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "thalweg/client/export.h"

namespace thalweg::client {

struct THALWEG_EXPORT Error {
  int code = -1;        // Kafka's error number; what happened inside the client is below -100, as in librdkafka
  std::string message;  // what happened and what to do about it
  bool retriable = false;
  bool abortable = false;         // the transaction must be aborted, and can then be tried again
  bool fatal = false;             // this client is of no more use
  std::string_view name() const;  // "NOT_LEADER_OR_FOLLOWER", "_QUEUE_FULL"
};

template <class T = void>
using Result = std::expected<T, Error>;

// An error of the application's own. Its code is UNKNOWN_SERVER_ERROR unless said otherwise, and it is worth a retry.
inline std::unexpected<Error> fail(std::string message, int code = -1) {
  return std::unexpected(Error{.code = code, .message = std::move(message), .retriable = true});
}

// The same result without its value.
template <class T>
Result<> status(const Result<T>& result) {
  if (!result) return std::unexpected(result.error());
  return {};
}

// What a serde answers when bytes are not what they should be: it is never retried, for it will not get better.
inline constexpr int kBadBytes = -159;     // librdkafka's _VALUE_DESERIALIZATION
inline constexpr int kCannotWrite = -161;  // its _VALUE_SERIALIZATION: a value that has no bytes
inline std::unexpected<Error> bad_bytes(std::string message) {
  return std::unexpected(Error{.code = kBadBytes, .message = std::move(message)});
}

}  // namespace thalweg::client
