// A write that names itself is done once: Idempotency-Key on any write of the API.
#pragma once

#include "console/call.h"
#include "http/message.h"

namespace thalweg::console {

// Around one request. Without the header, of a plan and of what only reads, it does nothing.
class Once {
 public:
  // 400: the key is none; 422: it was used for another request; 409: that one is under way; 429: too many are.
  static Outcome<Once> begin(Shared& shared, const http::Request& request);
  Once(Once&& other) noexcept
      : shared_(other.shared_), key_(std::exchange(other.key_, std::nullopt)), again_(std::move(other.again_)) {}
  // A request that ends without an answer frees its key.
  ~Once();

  // What was answered before.
  std::optional<http::Response> again() { return std::exchange(again_, std::nullopt); }
  // What "come back later" says was not done, and can be tried with the same key.
  void keep(const http::Response& response);

 private:
  explicit Once(Shared& shared) : shared_(shared) {}

  Shared& shared_;
  std::optional<KeptAnswers::Key> key_;
  std::optional<http::Response> again_;
};

}  // namespace thalweg::console
