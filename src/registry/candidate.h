// A schema as it would be stored: what a client said, read and reprinted. Pure; long for what is large.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "registry/records.h"
#include "registry/requests.h"

namespace thalweg::registry {

// What a client said, with all it refers to.
struct Wording {
  Content content;
  std::vector<schema::Dependency> dependencies;
  bool normalize = false;
  schema::Validation validation = schema::Validation::kNew;
  friend bool operator==(const Wording&, const Wording&) = default;
};

struct Candidate {
  ContentPtr content;
  schema::ParsedSchemaPtr parsed;
  Digest digest{};
  Spelling spelling;
  std::set<std::string> reserved;         // names that its metadata keep for later
  std::set<std::string> reserved_in_use;  // those of them that are fields of it all the same
};
using CandidatePtr = std::shared_ptr<const Candidate>;

// The names in the property "confluent:reserved".
std::set<std::string> reserved_names(const std::optional<Metadata>& metadata);

// kInvalidSchema with what is wrong.
Answer<CandidatePtr> make_candidate(const Wording& wording);

}  // namespace thalweg::registry
