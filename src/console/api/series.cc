// /series: what figures were, from the history that is kept in memory.
#include "broker/broker_shard.h"
#include "config/option.h"
#include "console/listing.h"
#include "console/routes.h"
#include "console/topic_rows.h"

namespace thalweg::console {
namespace {

constexpr std::int32_t kMinutesMax = 360;

Outcome<> check_owner(const Call& call, const GetSeries& asked) {
  if (asked.of == SeriesOf::kBroker) return {};
  if (!asked.name) return std::unexpected(invalid("name", "said, of a topic or a group"));
  if (asked.of == SeriesOf::kTopic) {
    TRY_VOID(find_topic(call, *asked.name));
    return {};
  }
  if (call.allows(broker::Operation::kDescribe, broker::group_resource(*asked.name))) return {};
  return std::unexpected(problem_of(ErrorCode::kGroupAuthorizationFailed));
}

Outcome<std::vector<SeriesName>> figures_in(const std::string& text) {
  std::vector<SeriesName> names;
  for (const auto& word : config::split_list(text)) {
    const auto name = series_name_of(word);
    if (!name) return std::unexpected(invalid("figures", "some of written, read, records, lag, age, stored"));
    if (std::ranges::find(names, *name) == names.end()) names.push_back(*name);
  }
  return names;
}

// The history goes by the monotonic clock; people by the date as it is now.
Series as_series(const std::vector<History::Point>& points, SeriesName name, Instant now, Timestamp wall) {
  Series series{.name = name, .at = {}, .values = {}};
  for (const auto& [at, value] : points) {
    series.at.push_back(wall - std::chrono::duration_cast<Millis>(now - at).count());
    series.values.push_back(value);
  }
  return series;
}

Task<Outcome<SeriesList>> series(const Call& call, GetSeries asked) {
  if (asked.minutes < 1 || asked.minutes > kMinutesMax)
    co_return std::unexpected(invalid("minutes", "between 1 and 360"));
  CO_TRY_VOID(check_owner(call, asked));
  CO_TRY(const auto figures, figures_in(asked.figures));
  co_await call.shared.rollups.latest();
  const Instant now = call.broker().shard0().clock.now(), span = Instant(std::chrono::minutes(asked.minutes));
  const Instant from = now - span;
  SeriesList list{.since = call.now - std::chrono::duration_cast<Millis>(span).count(), .as_of = call.now, .items = {}};
  for (const auto name : figures) {
    const auto points = call.shared.rollups.history().since({asked.of, asked.name.value_or(""), name}, from, now);
    list.items.push_back(as_series(points, name, now, call.now));
  }
  co_return list;
}

}  // namespace

void add_series(Routes& routes) { routes.add<GetSeries, series>(); }

}  // namespace thalweg::console
