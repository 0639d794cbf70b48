// /topics/{topic}/search: an answer for so long, or a stream of events; /filters/check.
#include "console/routes.h"
#include "console/search_stream.h"
#include "filter/parser.h"

namespace thalweg::console {
namespace {

Task<Outcome<SearchAnswer>> search_topic(const Call& call, GetTopicSearch asked) {
  CO_TRY(const auto begun, co_await begin_search(call, asked));
  std::vector<FoundRecord> found;
  const Instant deadline = later(call.broker().shard0().clock.now(), Millis(asked.wait_ms));
  const auto why = co_await look_on_until(call, *begun, begun->limit, deadline, found);
  SearchAnswer answer = answer_of(*begun, why.value_or(SearchEnd::kTime));
  answer.items = std::move(found);
  co_return answer;
}

Task<Outcome<std::unique_ptr<http::BodyStream>>> search_stream(const Call& call, GetTopicSearch asked) {
  CO_TRY(auto begun, co_await begin_search(call, asked));
  co_return stream_of(call, std::move(begun));
}

Task<Outcome<FilterCheck>> check_filter(const Call& call, GetFiltersCheck asked) {
  FilterCheck check{.ok = true, .words = filter::is_plain_words(asked.where), .mistake = {}};
  if (asked.where.empty()) co_return check;
  const auto filter = filter::Filter::compile(asked.where, call.now);
  if (filter) co_return check;
  const auto& mistake = filter.error();
  check.ok = false;
  check.mistake = FilterMistake{.at = std::int32_t(mistake.at),
                                .length = std::int32_t(mistake.length),
                                .message = mistake.message,
                                .nearest = {}};
  if (!mistake.nearest.empty()) check.mistake->nearest = mistake.nearest;
  co_return check;
}

}  // namespace

void add_search(Routes& routes) {
  routes.add_streamed<GetTopicSearch, search_topic, search_stream>();
  routes.add<GetFiltersCheck, check_filter>();
}

}  // namespace thalweg::console
