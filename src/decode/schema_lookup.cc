#include "decode/schema_lookup.h"

#include <algorithm>
#include <utility>

namespace thalweg::decode {
namespace {

std::unexpected<Error> refuse(std::string why) { return fail(ErrorCode::kInvalidRequest, std::move(why)); }

std::optional<std::string> text_in(const json::Value& object, std::string_view member) {
  const auto* value = object.find(member);
  const auto* text = value ? value->if_string() : nullptr;
  return text ? std::optional(*text) : std::nullopt;
}

}  // namespace

Result<std::vector<SchemaLookup::Reference>> SchemaLookup::references_of(const json::Value& schema) {
  std::vector<Reference> all;
  const auto* references = schema.find("references");
  if (!references || !references->if_array()) return all;
  for (const auto& reference : *references->if_array()) {
    const auto name = text_in(reference, "name"), subject = text_in(reference, "subject");
    const auto* number = reference.find("version");
    const auto version = number && number->if_number() ? number->if_number()->as_int64() : std::nullopt;
    if (!name || !subject || subject->empty() || !version || !std::in_range<std::int32_t>(*version))
      return refuse("a reference names no version");
    all.push_back({*name, *subject, static_cast<std::int32_t>(*version)});
  }
  return all;
}

Result<> SchemaLookup::take(const json::Value& answer) {
  TRY(auto references, references_of(answer));
  std::optional<Reference> named_by;
  if (open_.empty()) {
    const auto type = schema::type_named(text_in(answer, "schemaType").value_or("AVRO"));
    if (!type) return refuse("its language is not known");
    found_.type = *type;
  } else {
    named_by = open_.back().references[open_.back().done];
  }
  if (open_.size() > kDepthMax) return refuse("references are nested too deep");
  open_.push_back({std::move(named_by), text_in(answer, "schema").value_or(""), std::move(references)});
  return advance();
}

bool SchemaLookup::is_known(const Reference& reference) const {
  return std::ranges::find(found_.needed, reference.name, &schema::Dependency::name) != found_.needed.end();
}

// To the next reference that is not there; who has all that it refers to is there itself.
Result<> SchemaLookup::advance() {
  wanted_.reset();
  while (!open_.empty()) {
    Open& top = open_.back();
    while (top.done < top.references.size() && is_known(top.references[top.done])) ++top.done;
    if (top.done < top.references.size()) {
      if (found_.needed.size() + open_.size() > kReferencesMax) return refuse("it needs too many others");
      const Reference& next = top.references[top.done];
      wanted_ = Wanted{.id = 0, .subject = next.subject, .version = next.version};
      return {};
    }
    if (top.named_by)
      found_.needed.push_back({top.named_by->name, std::move(top.text), top.named_by->subject, top.named_by->version});
    else
      found_.text = std::move(top.text);
    open_.pop_back();
  }
  return {};
}

}  // namespace thalweg::decode
