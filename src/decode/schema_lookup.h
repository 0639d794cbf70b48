// A schema of a registry by its id, with all that it refers to: what is to be asked next, by a host that asks, and what
// the answers make together. Pure.
//
//   SchemaLookup lookup(id);
//   while (auto wanted = lookup.next()) TRY_VOID(lookup.take(answer to it));
//   lookup.found()
//
// Bounds: kReferencesMax schemas, kDepthMax of them in a row that each need the next. Each is asked for once. What the
// registry says is not believed: references that go in a circle end at the depth.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "schema/schema.h"

namespace thalweg::decode {

class SchemaLookup {
 public:
  static constexpr std::size_t kReferencesMax = 100, kDepthMax = 20;

  // GET /schemas/ids/{id}, or with a subject GET /subjects/{subject}/versions/{version}?deleted=true.
  struct Wanted {
    std::int32_t id = 0;
    std::string subject;
    std::int32_t version = 0;
    friend bool operator==(const Wanted&, const Wanted&) = default;
  };
  struct Found {
    schema::Type type = schema::Type::kAvro;
    std::string text;
    std::vector<schema::Dependency> needed;  // each behind what it needs itself
  };

  explicit SchemaLookup(std::int32_t id) : wanted_(Wanted{.id = id, .subject = {}, .version = 0}) {}

  // Nothing: all is there.
  const std::optional<Wanted>& next() const { return wanted_; }
  // The answer to next(). kInvalidRequest when no schema can be made of what the registry says. REQUIRES: next()
  Result<> take(const json::Value& answer);
  // REQUIRES: !next()
  Found found() && { return std::move(found_); }

 private:
  struct Reference {
    std::string name, subject;
    std::int32_t version = 0;
  };
  // A schema whose references are being looked up, the next of them first.
  struct Open {
    std::optional<Reference> named_by;  // nothing: the one that was asked for
    std::string text;
    std::vector<Reference> references;
    std::size_t done = 0;
  };
  static Result<std::vector<Reference>> references_of(const json::Value& schema);
  bool is_known(const Reference& reference) const;
  Result<> advance();

  std::optional<Wanted> wanted_;
  std::vector<Open> open_;
  Found found_;
};

}  // namespace thalweg::decode
