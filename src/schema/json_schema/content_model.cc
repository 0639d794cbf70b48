#include "schema/json_schema/content_model.h"

namespace thalweg::schema::json_schema {
namespace {

void additional(Walk& walk, const ContentModel& original, const ContentModel& update, const ModelNames& names,
                Changes& all) {
  if (original.permits_additional != update.permits_additional)
    return add(all, update.permits_additional ? names.added : names.removed, names.path);
  if (!original.additional && update.additional) return add(all, names.narrowed, names.path);
  if (original.additional && !update.additional) return add(all, names.extended, names.path);
  walk.compare_at(names.path, original.additional, update.additional, all);
}

// Absent is as open as true, but not said.
void unevaluated(Walk& walk, const Node* original, const Node* update, const ModelNames& names, Changes& all) {
  if (!original && !update) return;
  const bool was_nothing = original && is_nothing(original), is_nothing_now = update && is_nothing(update);
  const bool was_open = !original || is_anything(original), is_open_now = !update || is_anything(update);
  if (was_nothing != is_nothing_now) return add(all, is_nothing_now ? names.removed : names.added, names.path);
  if (!original || (was_open && !is_open_now)) return add(all, names.narrowed, names.path);
  if (!update || (!was_open && is_open_now)) return add(all, names.extended, names.path);
  walk.compare_at(names.path, original, update, all);
}

}  // namespace

bool is_open(const ContentModel& model) {
  return model.permits_additional && !model.additional && (!model.unevaluated || is_anything(model.unevaluated));
}
const Node* covering(const ContentModel& model) {
  if (model.additional) return model.additional;
  const auto* rest = model.permits_additional ? model.unevaluated : nullptr;
  return rest && !is_anything(rest) && !is_nothing(rest) ? rest : nullptr;
}
void covered(Walk& walk, const std::string& path, const Node* was, const Node* now, std::string_view fits,
             std::string_view does_not, Changes& all) {
  const auto changes = walk.compare(was, now);
  merge(all, changes, path);
  add(all, walk.compatible(changes) ? fits : does_not, path);
}

void removed(Walk& walk, const std::string& path, const Node* was, bool open, const Node* now, const Names& names,
             Changes& all) {
  if (open) return add(all, names.removed_from_open, path);
  if (now) return covered(walk, path, was, now, names.removed_covered, names.removed_not_covered, all);
  add(all, is_nothing(was) ? names.removed_with_false : names.removed_from_closed, path);
}

void models(Walk& walk, const ContentModel& original, const ContentModel& update, const Names& names, Changes& all) {
  additional(walk, original, update, names.additional, all);
  unevaluated(walk, original.unevaluated, update.unevaluated, names.unevaluated, all);
}

}  // namespace thalweg::schema::json_schema
