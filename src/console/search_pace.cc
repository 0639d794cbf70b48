#include "console/search_pace.h"

#include <algorithm>
#include <utility>

#include "broker/broker_shard.h"
#include "metrics/families.h"
#include "metrics/metrics.h"
#include "metrics/snapshot.h"

namespace thalweg::console {
namespace {

constexpr std::int64_t kPartOfTheTime = 4;                   // one in so many, of all searches together
constexpr Instant kRestMax = std::chrono::milliseconds(40);  // who has stopped a search is noticed by then

}  // namespace

Instant rest_after(Instant took, std::size_t searches) {
  return std::min<Instant>(took * (kPartOfTheTime * std::int64_t(std::max<std::size_t>(searches, 1)) - 1), kRestMax);
}

void WindowSize::took(Instant time) {
  if (time > kAim)
    shared_ = std::max(shared_ / 2, search::kWindowBytesMin);
  else if (time < kAim / 2)
    shared_ = std::min(shared_ * 2, search::kWindowBytes);
}

SearchPace::SearchPace(broker::Broker& broker) : shard_(broker.shard0()) {
  for (const auto& here : broker.shards()) shards_.push_back({here->shard});
}

SearchPace::Served SearchPace::OfShard::served() {
  const auto all = shard.metrics.snapshot();
  const auto of = [&](const MetricFamily& family, const char* request) {
    const auto* value = all.find(family, {request});
    return value ? std::get<Histogram>(*value) : Histogram();
  };
  return {.produces = of(family::kTotalTime, "Produce").count(),
          .bytes_read = of(family::kResponseBytes, "FetchConsumer").sum()};
}

Task<SearchPace::Served> SearchPace::served() {
  Served all;
  for (auto& one : shards_) {
    const Served here = co_await one.shard.call(one, &OfShard::served);
    all.produces += here.produces;
    all.bytes_read += here.bytes_read;
  }
  co_return all;
}

Task<bool> SearchPace::clients_are_served() {
  const Instant now = shard_.clock.now();
  if (now - looked_ < kLooksEvery) co_return are_served_;
  looked_ = now;
  const Served since = std::exchange(before_, co_await served());
  are_served_ = before_.produces > since.produces || before_.bytes_read >= since.bytes_read + kReadsOfNote;
  co_return are_served_;
}

}  // namespace thalweg::console
