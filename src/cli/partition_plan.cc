#include "cli/partition_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>

namespace thalweg::cli {
namespace {

using Ids = std::vector<BrokerId>;

bool has(const Ids& ids, BrokerId id) { return std::ranges::find(ids, id) != ids.end(); }

Ids without(const Ids& ids, const Ids& taken) {
  Ids rest;
  std::ranges::copy_if(ids, std::back_inserter(rest), [&](BrokerId id) { return !has(taken, id); });
  return rest;
}

// What they shall have when the moves under way are done.
Ids replicas_of(const PartitionState& p) { return p.move ? without(p.now.replicas, p.move->removing) : p.now.replicas; }

class Planner {
 public:
  Planner(const std::vector<admin::BrokerDescription>& brokers, const std::vector<PartitionState>& all,
          const MoveWish& wish)
      : brokers_(brokers), wish_(wish) {
    for (const auto& p : all)
      for (const BrokerId id : replicas_of(p)) ++carried_[id];
  }

  Result<Ids> plan(const PartitionState& p) {
    const Ids from = replicas_of(p);
    const std::size_t wanted = wish_.replicas.value_or(from.size());
    Ids to = kept_of(from, wanted);
    while (to.size() < wanted) {
      const auto next = next_for(to);
      if (!next) return too_few(p.id, wanted, to.size());
      to.push_back(*next);
    }
    for (const BrokerId id : without(from, to)) --carried_[id];
    for (const BrokerId id : without(to, from)) ++carried_[id];
    return to;
  }

 private:
  bool may_have(BrokerId id) const { return (wish_.onto.empty() || has(wish_.onto, id)) && !wish_.off.contains(id); }

  Ids kept_of(const Ids& from, std::size_t wanted) const {
    Ids kept;
    for (const BrokerId id : from)
      if (kept.size() < wanted && may_have(id)) kept.push_back(id);
    return kept;
  }

  std::string rack_of(BrokerId id) const {
    const auto at = std::ranges::find(brokers_, id, &admin::BrokerDescription::id);
    return at == brokers_.end() ? "" : at->rack.value_or("");
  }

  // Of those that are up, who carries least; in a rack that has none of `taken` if possible.
  std::optional<BrokerId> next_for(const Ids& taken) {
    std::optional<std::tuple<bool, std::int64_t, BrokerId>> best;
    for (const auto& broker : brokers_) {
      if (broker.fenced || has(taken, broker.id) || !may_have(broker.id)) continue;
      const std::string rack = broker.rack.value_or("");
      const bool rack_taken =
          !rack.empty() && std::ranges::any_of(taken, [&](BrokerId id) { return rack_of(id) == rack; });
      const auto candidate = std::tuple(rack_taken, carried_[broker.id], broker.id);
      if (!best || candidate < *best) best = candidate;
    }
    if (!best) return {};
    return std::get<BrokerId>(*best);
  }

  static std::unexpected<Error> too_few(const TopicPartition& tp, std::size_t wanted, std::size_t found) {
    return fail(
        ErrorCode::kInvalidReplicationFactor,
        fmt::format("{} needs {} replicas, but only {} can be placed; start another broker, or ask for fewer with "
                    "--replicas {}",
                    to_string(tp), wanted, found, std::max<std::size_t>(found, 1)));
  }

  const std::vector<admin::BrokerDescription>& brokers_;
  const MoveWish& wish_;
  std::map<BrokerId, std::int64_t> carried_;
};

}  // namespace

Ids PlannedMove::adds() const { return without(to, from); }
Ids PlannedMove::removes() const { return without(from, to); }

Result<std::vector<PlannedMove>> plan_moves(const std::vector<admin::BrokerDescription>& brokers,
                                            const std::vector<PartitionState>& all,
                                            const std::vector<TopicPartition>& chosen, const MoveWish& wish) {
  Planner planner(brokers, all, wish);
  std::vector<PlannedMove> moves;
  for (const auto& tp : chosen) {
    const auto at = std::ranges::lower_bound(all, tp, {}, &PartitionState::id);
    if (at == all.end() || at->id != tp) continue;
    PlannedMove move{tp, replicas_of(*at), {}};
    if (chosen.size() == 1 && !wish.onto.empty() && wish.replicas.value_or(move.from.size()) == wish.onto.size()) {
      move.to = wish.onto;
    } else {
      TRY(move.to, planner.plan(*at));
    }
    if (move.to != move.from) moves.push_back(std::move(move));
  }
  return moves;
}

}  // namespace thalweg::cli
