// One attempt to have a request answered, and whether there may be another. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "http/message.h"
#include "registry/requests.h"

namespace thalweg::schema_registry {

// What an endpoint answers.
using Outcome = std::expected<http::Response, registry::Failure>;

struct Attempt {
  enum class Fate : std::uint8_t {
    kSettled,   // answered by whoever leads
    kNotBegun,  // nobody has been asked, or has taken it: nothing has happened
    kUnknown,   // who was asked is gone, or is the leader no more: it may have happened
  };
  Fate fate = Fate::kSettled;
  Outcome outcome;
};

// Asked twice, everything but a deletion ends as if it had been asked once: a schema that is there keeps its id, and a
// level that is set again is the same. Of a deletion the second answer would say that there was nothing to delete.
inline bool may_be_asked_again(std::string_view method, Attempt::Fate fate) {
  using enum Attempt::Fate;
  return fate == kNotBegun || (fate == kUnknown && method != "DELETE");
}

}  // namespace thalweg::schema_registry
