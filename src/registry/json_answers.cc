// The small answers.
#include <limits>

#include "registry/json_members.h"
#include "registry/json_shapes.h"

namespace thalweg::registry {

using json::Array;
using json::Object;
using json::Value;

Value to_json(const SubjectVersion& version) {
  return Object::of({{"subject", version.subject}, {"version", version.version}});
}
Value to_json(const ContextId& id) { return Object::of({{"context", id.context}, {"id", id.id}}); }
Value to_json(const CompatibilityVerdict& verdict) {
  Object object = Object::of({{"is_compatible", verdict.compatible}});
  if (!verdict.messages.empty()) object.add("messages", to_json(verdict.messages));
  return object;
}
Value to_json(const Failure& failure) {
  return Object::of({{"error_code", static_cast<int>(failure.code)}, {"message", failure.message}});
}
Value to_json(Mode mode) { return Object::of({{"mode", name(mode)}}); }
Value to_json(const std::vector<std::string>& texts) { return Array(texts.begin(), texts.end()); }
Value to_json(const std::vector<std::int32_t>& numbers) { return Array(numbers.begin(), numbers.end()); }

Result<Mode> mode_from(const Value& value) {
  TRY_VOID(must_be_object(value, "body"));
  TRY(const auto text, Members(value).text("mode"));
  const auto mode = mode_named(text.value_or(""));
  if (!mode) return wrong("mode", "a mode");
  return *mode;
}

}  // namespace thalweg::registry
