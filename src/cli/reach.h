// Why a cluster cannot be reached, in words that say what to do: looks at the addresses once more, one by one.
#pragma once

#include <string>

#include "cli/command.h"

namespace thalweg::cli {

// What answers at an address.
struct Sighting {
  enum class Kind { kKafka, kUnresolved, kRefused, kUnreachable, kSilent, kHttp, kTls, kStranger };
  Kind kind = Kind::kKafka;
  Endpoint endpoint;
  std::string detail;  // the system's words
};
// "the name 'nosuch' cannot be resolved (…)": the trouble of somebody who looks for a Kafka broker, as a sentence
// without its end.
std::string described(const Sighting& seen);
// Together less than two seconds, for somebody who waits at a screen: what a first request may take, and each step of a
// look at an address.
inline constexpr Millis kFirstContact{700}, kPatience{250};
// Takes up to `patience` for each step: a connection, an answer, two questions in other protocols.
Task<Sighting> look_at(const Shard& shard, Endpoint endpoint, Millis patience);

// Empty when a broker answers at one of the bootstrap addresses and at one of those that it sends clients on to; else
// why not and what to do, in a few lines.
Task<std::string> find_trouble(admin::Client& client);

// Whether the cluster can be reached, found out soon: for somebody who waits at a screen. Empty, or as above.
Task<std::string> first_contact(admin::Client& client);

}  // namespace thalweg::cli
