#include "registry/candidate.h"

#include <algorithm>
#include <ranges>

#include "registry/failures.h"
#include "registry/registry_codec.h"

namespace thalweg::registry {
namespace {

const std::string kReserved = "confluent:reserved";
// Each is looked for among the fields.
constexpr std::size_t kReservedMax = 1000;

Answer<schema::ParsedSchemaPtr> parse(const Content& content, const Wording& wording) {
  auto parsed = schema::parse(content.type, content.text.str(), wording.dependencies, wording.validation);
  if (parsed) return *parsed;
  return failure(Code::kInvalidSchema,
                 fmt::format("this is no {} schema: {}", schema::name(content.type), parsed.error().message));
}

}  // namespace

std::set<std::string> reserved_names(const std::optional<Metadata>& metadata) {
  std::set<std::string> names;
  const auto at = metadata ? metadata->properties.find(kReserved) : decltype(metadata->properties.end())();
  if (!metadata || at == metadata->properties.end()) return names;
  for (const auto part : std::views::split(std::string_view(at->second), ',')) {
    std::string_view name(part.begin(), part.end());
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (!name.empty()) names.emplace(name);
  }
  return names;
}

Answer<CandidatePtr> make_candidate(const Wording& wording) {
  auto made = std::make_shared<Candidate>();
  Content content = wording.content;
  ANSWER_TRY(made->parsed, parse(content, wording));
  content.text = made->parsed->text();
  if (wording.normalize) {
    auto text = made->parsed->normalized();
    if (!text) return failure(Code::kInvalidSchema, text.error().message);
    content.text = std::move(*text);
    auto& references = content.references;
    std::ranges::sort(references);
    references.erase(std::ranges::unique(references).begin(), references.end());
    ANSWER_TRY(made->parsed, parse(content, wording));
  }
  made->digest = digest(content);
  made->spelling = spelled(content, made->digest);
  made->reserved = reserved_names(content.metadata);
  if (made->reserved.size() > kReservedMax)
    return failure(Code::kInvalidSchema, fmt::format("the property {} has {} names; at most {} are kept for later",
                                                     kReserved, made->reserved.size(), kReservedMax));
  for (const auto& name : made->reserved)
    if (made->parsed->has_top_level_field(name)) made->reserved_in_use.insert(name);
  made->content = std::make_shared<const Content>(std::move(content));
  return CandidatePtr(std::move(made));
}

}  // namespace thalweg::registry
