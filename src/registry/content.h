// What a version of a subject says: the text, what it refers to, and what travels with it. Immutable once stored, and
// shared by all who have the same id.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "registry/text.h"
#include "schema/md5.h"
#include "schema/schema.h"

namespace thalweg::registry {

struct Metadata {
  std::map<std::string, std::set<std::string>> tags;
  std::map<std::string, std::string> properties;
  std::set<std::string> sensitive;
  bool empty() const { return tags.empty() && properties.empty() && sensitive.empty(); }
  friend bool operator==(const Metadata&, const Metadata&) = default;
};

struct Rule {
  std::string name;
  std::optional<std::string> doc, kind, mode, type, expr, on_success, on_failure;
  std::set<std::string> tags;
  std::map<std::string, std::string> params;
  bool disabled = false;
  friend bool operator==(const Rule&, const Rule&) = default;
};

struct RuleSet {
  std::vector<Rule> migration, domain, encoding;
  std::optional<std::string> enable_at;
  bool empty() const { return migration.empty() && domain.empty() && encoding.empty() && !enable_at; }
  friend bool operator==(const RuleSet&, const RuleSet&) = default;
};

// What is wrong with the rules; nothing when they can be stored. Only that they are complete and in their place.
std::optional<std::string> check(const RuleSet& rules);

// The second wins where both say something.
std::optional<Metadata> merge(const std::optional<Metadata>& base, const std::optional<Metadata>& over);
std::optional<RuleSet> merge(const std::optional<RuleSet>& base, const std::optional<RuleSet>& over);

struct Content {
  schema::Type type = schema::Type::kAvro;
  Text text;
  std::vector<schema::Reference> references;
  std::optional<Metadata> metadata;
  std::optional<RuleSet> rules;
  friend bool operator==(const Content&, const Content&) = default;
};
using ContentPtr = std::shared_ptr<const Content>;

// MD5 over all of it but the type, which is Confluent's guid: equal contents have one id in a context.
// Source: Schema.updateHash.
using Digest = schema::Md5::Digest;
Digest digest(const Content& content);
// "d629bb05-ad85-3d20-fbcb-895de3c459f7"; and the way back, with or without dashes.
std::string guid(const Digest& digest);
std::optional<Digest> parse_guid(std::string_view text);

}  // namespace thalweg::registry
