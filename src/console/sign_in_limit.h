// Slows down who guesses: after five failures within a minute an address is not listened to until the minute is over,
// whatever it says. At most 1,000 addresses are remembered; with more, the one whose minute began first is forgotten.
// Owner: one shard.
#pragma once

#include <map>
#include <string>

#include "base/time.h"

namespace thalweg::console {

class SignInLimit {
 public:
  static constexpr int kFailuresMax = 5;
  static constexpr Instant kSpan = std::chrono::minutes(1);
  static constexpr std::size_t kAddressesMax = 1000;

  // For how long the address is not listened to; zero: it is.
  Instant refused_for(const std::string& address, Instant now) const;
  void failed(const std::string& address, Instant now);

 private:
  struct Failures {
    Instant first{};
    int count = 0;
  };
  std::map<std::string, Failures> failures_;
};

}  // namespace thalweg::console
