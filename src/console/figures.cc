#include "console/figures.h"

#include <algorithm>
#include <map>

#include "broker/broker_shard.h"
#include "broker/slices.h"
#include "runtime/yielding.h"

namespace thalweg::console {
namespace {

struct Wanted {
  std::vector<replica::PartitionKey> keys;
  std::vector<std::size_t> places;
};

}  // namespace

Task<std::vector<std::optional<Figures>>> figures_here(const broker::Broker& broker,
                                                       std::vector<replica::PartitionKey> keys) {
  std::vector<std::optional<Figures>> all(keys.size());
  std::map<unsigned, Wanted> by_shard;
  Pace pace(20 * broker::kPartitionsAtOnce);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    auto& wanted = by_shard[broker.owner_of(keys[i]).shard.id];
    wanted.keys.push_back(keys[i]);
    wanted.places.push_back(i);
    if (pace.due()) co_await give_way();
  }
  for (auto& [id, wanted] : by_shard) {
    auto& owner = broker.owner_of(wanted.keys.front());
    std::size_t next = 0;
    for (auto& slice : broker::slices(std::move(wanted.keys), broker::kPartitionsAtOnce)) {
      auto some = co_await owner.shard.call(owner.partitions, &replica::Partitions::figures_of, std::move(slice));
      for (auto& figures : some) all[wanted.places[next++]] = std::move(figures);
      co_await give_way();
    }
  }
  co_return all;
}

Task<std::vector<std::optional<Figures>>> leaders_figures(const broker::Broker& broker,
                                                          std::vector<replica::PartitionKey> keys) {
  auto all = co_await figures_here(broker, std::move(keys));
  for (auto& figures : all)
    if (figures && (!figures->leads || figures->offline)) figures.reset();
  co_return all;
}

}  // namespace thalweg::console
