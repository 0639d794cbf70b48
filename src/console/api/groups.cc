// /groups: the groups of all brokers; members and lag are asked for the visible page alone, of who coordinates them.
#include <map>

#include "config/option.h"
#include "console/group_list.h"
#include "console/group_members.h"
#include "console/group_offsets.h"
#include "console/listing.h"
#include "console/routes.h"
#include "runtime/gather.h"
#include "runtime/yielding.h"

namespace thalweg::console {
namespace {

// A row with what the rollup says of it: nothing of groups that others coordinate.
struct ListedGroup {
  const GroupRow* row = nullptr;
  std::optional<std::int64_t> lag, age;
};

constexpr SortKey<ListedGroup> kGroupKeys[] = {
    sort_key<ListedGroup>("name", [](const ListedGroup& g) -> const std::string& { return g.row->name; }),
    sort_key<ListedGroup>("type", [](const ListedGroup& g) { return g.row->type; }),
    sort_key<ListedGroup>("state", [](const ListedGroup& g) { return g.row->state; }),
    sort_key<ListedGroup>("protocol_type",
                          [](const ListedGroup& g) -> const std::string& { return g.row->protocol_type; }),
    sort_key<ListedGroup>("lag", [](const ListedGroup& g) { return g.lag; }),
    sort_key<ListedGroup>("oldest_unread_ms", [](const ListedGroup& g) { return g.age; }),
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

ListedGroup with_rollup(const GroupRow& row, const Rollup& rollup) {
  const auto at = rollup.groups.find(row.name);
  if (at == rollup.groups.end()) return {.row = &row, .lag = {}, .age = {}};
  return {.row = &row, .lag = at->second.lag, .age = at->second.age_ms};
}

Group as_group_of_list(const ListedGroup& group) {
  const auto& row = *group.row;
  return {.name = row.name,
          .type = row.type,
          .state = row.state,
          .protocol_type = row.protocol_type,
          .coordinator = row.coordinator.value,
          .members = {},
          .topics = {},
          .partitions = {},
          .lag = {},
          .oldest_unread_ms = group.age,
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

// A broker that hangs is waited for three times kSoon at most: for members, for offsets, for the ends of logs.
Task<Outcome<>> add_details_of(const Call& call, BrokerId coordinator, std::vector<Group*> groups) {
  std::vector<std::string> names;
  for (const auto* group : groups) names.push_back(group->name);
  CO_TRY(const auto described, co_await describe_groups(call, coordinator, names, kSoon));
  CO_TRY(const auto offsets, co_await offsets_of(call, coordinator, std::move(names), kSoon));
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i < described.size() && described[i].name == groups[i]->name) add_members(*groups[i], described[i]);
    if (i < offsets.size() && offsets[i].group == groups[i]->name) add_offsets(*groups[i], offsets[i]);
  }
  co_return Outcome<>();
}

// Of all coordinators at once. An error of another broker's is said of its groups, and costs the rest of the page
// nothing.
Task<Outcome<>> add_details(const Call& call, std::vector<Group>& groups) {
  std::map<BrokerId, std::vector<Group*>> by_coordinator;
  for (auto& group : groups) by_coordinator[BrokerId{group.coordinator}].push_back(&group);
  std::vector<Task<Outcome<>>> asked;
  for (const auto& [coordinator, some] : by_coordinator) asked.push_back(add_details_of(call, coordinator, some));
  const auto answers = co_await gather(std::move(asked));
  auto added = answers.begin();
  for (auto& [coordinator, some] : by_coordinator) {
    const auto& one = *added++;
    if (one) continue;
    if (coordinator == call.self()) co_return one;
    for (auto* group : some) group->problem = one.error().code.value_or(one.error().title);
  }
  co_return Outcome<>();
}

Task<Outcome<GroupPage>> groups(const Call& call, GetGroups asked) {
  CO_TRY_VOID(check_page(asked.from, asked.limit));
  CO_TRY(const auto order, Order<ListedGroup>::of(asked.sort, kGroupKeys));
  CO_TRY(const auto filter, NameFilter::of(asked.q));
  CO_TRY(const auto states, some_of("state", asked.state, &group_state_of));
  CO_TRY(const auto types, some_of("type", asked.type, &group_type_of));
  CO_TRY(const auto seen, co_await list_groups(call));
  const auto rollup = co_await call.shared.rollups.latest();
  std::vector<ListedGroup> listed;
  Pace pace(filter.names_at_once());
  for (const auto& row : seen.rows) {
    if (pace.due()) co_await give_way();
    if (is_among(row.state, states) && is_among(row.type, types) && filter.matches(row.name))
      listed.push_back(with_rollup(row, *rollup));
  }
  std::vector<const ListedGroup*> rows;
  for (const auto& group : listed) rows.push_back(&group);
  GroupPage page{.total = std::int32_t(rows.size()),
                 .from = asked.from,
                 .as_of = call.now,
                 .all = std::int32_t(seen.rows.size()),
                 .not_asked = {},
                 .items = {}};
  for (const auto* group : page_of(std::move(rows), order, asked.from, asked.limit))
    page.items.push_back(as_group_of_list(*group));
  if (!page.items.empty()) CO_TRY_VOID(co_await add_details(call, page.items));
  for (const auto id : seen.not_asked) page.not_asked.push_back(id.value);
  co_return page;
}

}  // namespace

void add_groups(Routes& routes) { routes.add<GetGroups, groups>(); }

}  // namespace thalweg::console
