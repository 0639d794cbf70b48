// /groups: the groups of all brokers; members and lag are asked for the visible page alone, of who coordinates them.
#include <map>

#include "config/option.h"
#include "console/group_list.h"
#include "console/group_members.h"
#include "console/group_offsets.h"
#include "console/listing.h"
#include "console/routes.h"
#include "runtime/yielding.h"

namespace thalweg::console {
namespace {

constexpr SortKey<GroupRow> kGroupKeys[] = {
    {"name", [](const GroupRow& a, const GroupRow& b) { return a.name <=> b.name; }},
    {"type", [](const GroupRow& a, const GroupRow& b) { return a.type <=> b.type; }},
    {"state", [](const GroupRow& a, const GroupRow& b) { return a.state <=> b.state; }},
    {"protocol_type", [](const GroupRow& a, const GroupRow& b) { return a.protocol_type <=> b.protocol_type; }},
};

// Words with commas; none: all of them.
template <class E>
Outcome<std::vector<E>> some_of(std::string path, const std::optional<std::string>& text,
                                std::optional<E> (*of)(std::string_view)) {
  std::vector<E> values;
  if (!text) return values;
  for (const auto& word : config::split_list(*text)) {
    const auto value = of(word);
    if (!value) return std::unexpected(invalid(std::move(path), "known words with commas, and " + word + " is none"));
    values.push_back(*value);
  }
  return values;
}

template <class E>
bool is_among(E value, const std::vector<E>& values) {
  return values.empty() || std::ranges::find(values, value) != values.end();
}

Group as_group_of_list(const GroupRow& row) {
  return {.name = row.name,
          .type = row.type,
          .state = row.state,
          .protocol_type = row.protocol_type,
          .coordinator = row.coordinator.value,
          .members = {},
          .topics = {},
          .partitions = {},
          .lag = {},
          .oldest_unread_ms = {},
          .problem = {}};
}

void add_members(Group& group, const DescribedGroup& described) {
  if (described.error != ErrorCode::kNone)
    group.problem = std::string(name(described.error));
  else
    group.members = std::int32_t(described.members.size());
}

void add_offsets(Group& group, const GroupOffsets& offsets) {
  if (offsets.error != ErrorCode::kNone) {
    group.problem = std::string(name(offsets.error));
    return;
  }
  group.topics = offsets.topics();
  group.partitions = std::int32_t(offsets.offsets.size());
  group.lag = offsets.lag();
}

// An error of another broker's is said of its groups, and costs the rest of the page nothing.
Task<Outcome<>> add_details_of(const Call& call, BrokerId coordinator, std::vector<Group*> groups) {
  std::vector<std::string> names;
  for (const auto* group : groups) names.push_back(group->name);
  CO_TRY(const auto described, co_await describe_groups(call, coordinator, names));
  CO_TRY(const auto offsets, co_await offsets_of(call, coordinator, std::move(names)));
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i < described.size() && described[i].name == groups[i]->name) add_members(*groups[i], described[i]);
    if (i < offsets.size() && offsets[i].group == groups[i]->name) add_offsets(*groups[i], offsets[i]);
  }
  co_return Outcome<>();
}

Task<Outcome<>> add_details(const Call& call, std::vector<Group>& groups) {
  std::map<BrokerId, std::vector<Group*>> by_coordinator;
  for (auto& group : groups) by_coordinator[BrokerId{group.coordinator}].push_back(&group);
  for (auto& [coordinator, some] : by_coordinator) {
    auto added = co_await add_details_of(call, coordinator, some);
    if (added) continue;
    if (coordinator == call.self()) co_return added;
    for (auto* group : some) group->problem = added.error().code.value_or(added.error().title);
  }
  co_return Outcome<>();
}

Task<Outcome<GroupPage>> groups(const Call& call, GetGroups asked) {
  CO_TRY_VOID(check_page(asked.from, asked.limit));
  CO_TRY(const auto order, Order<GroupRow>::of(asked.sort, kGroupKeys));
  CO_TRY(const auto filter, NameFilter::of(asked.q));
  CO_TRY(const auto states, some_of("state", asked.state, &group_state_of));
  CO_TRY(const auto types, some_of("type", asked.type, &group_type_of));
  CO_TRY(const auto seen, co_await list_groups(call));
  const auto& all = seen.rows;
  std::vector<const GroupRow*> rows;
  Pace pace(filter.names_at_once());
  for (const auto& row : all) {
    if (pace.due()) co_await give_way();
    if (is_among(row.state, states) && is_among(row.type, types) && filter.matches(row.name)) rows.push_back(&row);
  }
  GroupPage page{.total = std::int32_t(rows.size()),
                 .from = asked.from,
                 .as_of = call.now,
                 .all = std::int32_t(all.size()),
                 .not_asked = {},
                 .items = {}};
  for (const auto* row : page_of(std::move(rows), order, asked.from, asked.limit))
    page.items.push_back(as_group_of_list(*row));
  if (!page.items.empty()) CO_TRY_VOID(co_await add_details(call, page.items));
  const auto rollup = co_await call.shared.rollups.latest();
  for (auto& group : page.items)
    if (const auto at = rollup->groups.find(group.name); at != rollup->groups.end())
      group.oldest_unread_ms = at->second.age_ms;
  for (const auto id : seen.not_asked) page.not_asked.push_back(id.value);
  co_return page;
}

}  // namespace

void add_groups(Routes& routes) { routes.add<GetGroups, groups>(); }

}  // namespace thalweg::console
