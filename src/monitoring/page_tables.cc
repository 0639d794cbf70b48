#include "monitoring/page_tables.h"

#include <utility>

#include "runtime/yielding.h"

namespace thalweg::monitoring {
namespace {

constexpr std::size_t kFreedAtOnce = 2000;

// Each offset has the name of its topic: to free them all is a millisecond for every thirty thousand.
Task<> put_away(std::vector<group::GroupFigures> groups) {
  Pace pace(kFreedAtOnce);
  for (; !groups.empty(); groups.pop_back()) {
    for (auto& offsets = groups.back().offsets; !offsets.empty(); offsets.pop_back())
      if (pace.due()) co_await give_way();
    if (pace.due()) co_await give_way();
  }
}

}  // namespace

Task<PageTables> page_tables(PageInputs inputs, LagAges* ages, Timestamp now, bool each) {
  PartitionFigures figures;
  for (auto& of_shard : inputs.figures) co_await figures.add(std::exchange(of_shard, {}));
  auto topics = co_await topic_tables(inputs.image, &figures, each);
  auto groups = co_await group_tables(&inputs.groups, &figures, inputs.image, ages, now, each);
  co_await figures.clear();
  co_await put_away(std::move(inputs.groups));
  PageTables page{.tables = {}, .ages_left_out = groups.ages_left_out};
  page.tables.push_back(std::move(topics.topics));
  page.tables.push_back(std::move(topics.partitions));
  page.tables.push_back(std::move(groups.members));
  page.tables.push_back(std::move(groups.topics));
  page.tables.push_back(std::move(groups.partitions));
  co_return page;
}

}  // namespace thalweg::monitoring
