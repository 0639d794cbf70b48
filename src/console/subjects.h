// Subjects of the schema registry as the API shows them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "console/call.h"
#include "console/problem.h"
#include "json/value.h"

namespace thalweg::console {

// Topics with such records, by the subject's name without its context.
std::vector<SchemaUse> uses_of(const metadata::Image& image, std::string_view subject);
// ":.ctx:" of ":.ctx:orders-value"; empty for the default context.
std::string_view context_of(std::string_view subject);

// Of a version as the registry says it.
SchemaLanguage language_in(const json::Value& version);
std::vector<SchemaReference> references_in(const json::Value& version);
// 404 or 422 as the registry says.
Task<Outcome<json::Value>> version_of(const Call& call, const std::string& subject, const std::string& version,
                                      bool deleted);

// Versions that need this one, at most so many; none where the registry does not say.
Task<std::vector<SubjectAt>> needers_of(const Call& call, std::string subject, std::int32_t version, bool deleted,
                                        std::size_t most);

// What new versions have to fit, and who says so. Asks for what contexts and all subjects say once.
class Levels {
 public:
  explicit Levels(const Call& call) : call_(call) {}
  Task<Outcome<SchemaLevel>> of(std::string subject);
  // What would hold if the subject said nothing.
  Task<Outcome<SchemaLevel>> inherited(std::string subject);

 private:
  // Nothing where it says none itself.
  Task<Outcome<std::optional<std::string>>> own_level(std::string subject);

  const Call& call_;
  std::map<std::string, SchemaLevel, std::less<>> of_context_;
};

}  // namespace thalweg::console
