// What objects and arrays have in common: the parts that have a schema of their own, and what the others have to fit.
#pragma once

#include <string>
#include <string_view>

#include "schema/json_schema/walk.h"

namespace thalweg::schema::json_schema {

// A change of the model itself.
struct ModelNames {
  std::string_view path, added, removed, narrowed, extended;
};
// Of properties, or of items.
struct Names {
  std::string_view removed_from_open, removed_with_false, removed_from_closed;
  std::string_view removed_covered, removed_not_covered, added_covered, added_not_covered;
  ModelNames additional, unevaluated;
};
// Whether anything goes that has no schema of its own.
bool is_open(const ContentModel& model);
// The schema that such a part has to fit; null when there is none.
const Node* covering(const ContentModel& model);

// A part whose schema went. `now`: what covers it in the update, if anything does; `open`: the update is.
void removed(Walk& walk, const std::string& path, const Node* was, bool open, const Node* now, const Names& names,
             Changes& all);
// A part that has to fit another schema from now on, since one of the two has none of its own for it.
void covered(Walk& walk, const std::string& path, const Node* was, const Node* now, std::string_view fits,
             std::string_view does_not, Changes& all);
// What the parts without a schema have to fit.
void models(Walk& walk, const ContentModel& original, const ContentModel& update, const Names& names, Changes& all);

}  // namespace thalweg::schema::json_schema
