#include "search/search.h"

#include <algorithm>

namespace thalweg::search {

Task<std::vector<Match>> Search::look_on(std::size_t matches_max, std::size_t bytes) {
  const auto window = plan_.next(bytes);
  CHECK(window && matches_max > 0);
  ReadWish wish{.key = {wish_.topic_id, window->partition},
                .window = *window,
                .order = plan_.order(),
                .isolation = wish_.committed ? replica::Isolation::kLastStable : replica::Isolation::kHighWatermark,
                .filter = wish_.filter,
                .matches_max = share_of(matches_max),
                .preview = std::min(wish_.preview, kPreviewMax),
                .columns = wish_.columns,
                .schemas = schemas_};
  auto looked = co_await look_(std::move(wish));
  if (!looked) {
    plan_.failed(*window, std::move(looked.error()));
    co_return std::vector<Match>();
  }
  if (looked->scanned.wants_schema) {
    co_await learn(*looked->scanned.wants_schema);
    co_return std::vector<Match>();
  }
  plan_.took(*window, *looked);
  for (auto& trouble : looked->scanned.troubles)
    if (troubles_.size() < kTroublesShown) troubles_.push_back(std::move(trouble));
  co_return std::move(looked->scanned.matches);
}

// The window is looked at again afterwards. What is known by now stays as it is for scans that have it.
Task<> Search::learn(std::int32_t schema) {
  auto more = std::make_shared<Schemas>(*schemas_);
  more->emplace(schema, co_await schema_of_(schema));
  schemas_ = std::move(more);
}

// So that a partition in which nearly all match leaves room for the others, whose records are of the same time.
std::size_t Search::share_of(std::size_t matches_max) const {
  const auto going =
      std::size_t(std::ranges::count_if(plan_.parts(), [](const Part& part) { return !part.is_done(); }));
  return std::min(std::max(std::min(matches_max, kShareMin), matches_max / going), kMatchesMax);
}

Cursor Search::cursor() const {
  return {.topic_id = wish_.topic_id,
          .wish = wish_hash(wish_.filter->text(), plan_.order(), wish_.committed),
          .now = wish_.now,
          .counts = plan_.counts(),
          .parts = plan_.parts()};
}

}  // namespace thalweg::search
