#include "cli/rebalance_plan.h"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <tuple>

namespace thalweg::cli {
namespace {

using Replicas = std::vector<BrokerId>;

struct Carried {
  std::string rack;
  std::int64_t replicas = 0, leaders = 0, bytes = 0;
};

struct Placed {
  TopicPartition id;
  Replicas before, now;
  std::int64_t bytes = 0;

  bool is_on(BrokerId id) const { return std::ranges::find(now, id) != now.end(); }
};

class Rebalance {
 public:
  Rebalance(const std::vector<admin::BrokerDescription>& brokers, const std::vector<PartitionState>& all,
            const std::map<TopicPartition, std::int64_t>& sizes) {
    for (const auto& broker : brokers) {
      racks_[broker.id] = broker.rack.value_or("");
      if (!broker.fenced) carried_[broker.id].rack = broker.rack.value_or("");
    }
    for (const auto& p : all) {
      const auto size = sizes.find(p.id);
      Placed placed{p.id, p.now.replicas, p.now.replicas, size == sizes.end() ? 0 : size->second};
      if (p.move)
        std::erase_if(placed.now,
                      [&](BrokerId id) { return std::ranges::find(p.move->removing, id) != p.move->removing.end(); });
      count(placed, 1);
      if (!p.move && !placed.now.empty()) placed_.push_back(std::move(placed));
    }
  }

  std::vector<PlannedMove> plan() {
    spread_over_racks();
    even_out_replicas();
    even_out_leaders();
    std::vector<PlannedMove> moves;
    for (auto& placed : placed_)
      if (placed.now != placed.before) moves.push_back({placed.id, std::move(placed.before), std::move(placed.now)});
    return moves;
  }

 private:
  using Pair = std::pair<BrokerId, BrokerId>;  // from, to

  bool is_up(BrokerId id) const { return carried_.contains(id); }
  const std::string& rack_of(BrokerId id) const { return racks_.at(id); }

  void count(const Placed& placed, int sign) {
    for (const BrokerId id : placed.now) {
      racks_.try_emplace(id);  // one that is not registered any more
      if (!is_up(id)) continue;
      carried_[id].replicas += sign;
      carried_[id].bytes += sign * placed.bytes;
    }
    if (!placed.now.empty() && is_up(placed.now.front())) carried_[placed.now.front()].leaders += sign;
  }

  void replace(Placed& placed, Pair move) {
    count(placed, -1);
    *std::ranges::find(placed.now, move.first) = move.second;
    count(placed, 1);
  }

  std::size_t racks_in(const Replicas& replicas) const {
    std::set<std::string> racks;
    for (const BrokerId id : replicas)
      if (!rack_of(id).empty()) racks.insert(rack_of(id));
    return racks.size();
  }

  bool keeps_racks(const Placed& placed, Pair move) const {
    Replicas after = placed.now;
    *std::ranges::find(after, move.first) = move.second;
    return racks_in(after) >= racks_in(placed.now);
  }

  // ---- Racks

  // Of two replicas in one rack, one goes to a rack without any.
  void spread_over_racks() {
    for (auto& placed : placed_)
      while (const auto move = move_to_another_rack(placed)) replace(placed, *move);
  }

  std::optional<Pair> move_to_another_rack(const Placed& placed) const {
    std::map<std::string, int> used;
    for (const BrokerId id : placed.now) ++used[rack_of(id)];
    std::optional<std::tuple<std::int64_t, BrokerId>> to;
    for (const auto& [id, carried] : carried_)
      if (!carried.rack.empty() && !used.contains(carried.rack) && !placed.is_on(id))
        to = std::min(to.value_or(std::tuple(carried.replicas, id)), std::tuple(carried.replicas, id));
    if (!to) return std::nullopt;
    std::optional<std::tuple<std::int64_t, BrokerId>> from;
    for (const BrokerId id : placed.now) {
      if (!is_up(id) || rack_of(id).empty() || used[rack_of(id)] < 2) continue;
      const std::tuple candidate(carried_.at(id).replicas, id);
      from = std::max(from.value_or(candidate), candidate);
    }
    if (!from) return std::nullopt;
    return Pair{std::get<BrokerId>(*from), std::get<BrokerId>(*to)};
  }

  // ---- Replicas

  void even_out_replicas() {
    while (even_out_one()) {
    }
  }

  // From who has most to who has least, as far as that can be.
  bool even_out_one() {
    std::vector<BrokerId> ids;
    for (const auto& [id, carried] : carried_) ids.push_back(id);
    const auto load = [&](BrokerId id) { return std::tuple(carried_.at(id).replicas, carried_.at(id).bytes, id); };
    std::ranges::sort(ids, {}, load);
    for (auto from = ids.rbegin(); from != ids.rend(); ++from)
      for (const BrokerId to : ids) {
        if (carried_.at(*from).replicas - carried_.at(to).replicas < 2) break;
        if (Placed* placed = best_to_move({*from, to})) {
          replace(*placed, {*from, to});
          return true;
        }
      }
    return false;
  }

  // The one whose bytes come nearest to half of what the two differ by.
  Placed* best_to_move(Pair move) {
    const std::int64_t wanted = (carried_.at(move.first).bytes - carried_.at(move.second).bytes) / 2;
    Placed* best = nullptr;
    for (auto& placed : placed_) {
      if (!placed.is_on(move.first) || placed.is_on(move.second) || !keeps_racks(placed, move)) continue;
      const auto distance = [&](const Placed& one) { return std::abs(one.bytes - wanted); };
      if (!best || distance(placed) < distance(*best)) best = &placed;
    }
    return best;
  }

  // ---- Leaders

  void even_out_leaders() {
    while (shift_one_leader()) {
    }
  }

  // Along a chain of partitions, each of which has a replica on the next broker: the first broker leads one fewer, the
  // last, which had at least two fewer than the first, one more.
  bool shift_one_leader() {
    std::vector<BrokerId> ids;
    for (const auto& [id, carried] : carried_) ids.push_back(id);
    std::ranges::stable_sort(ids, std::greater(), [&](BrokerId id) { return carried_.at(id).leaders; });
    for (const BrokerId from : ids)
      if (shift_from(from)) return true;
    return false;
  }

  bool shift_from(BrokerId from) {
    std::map<BrokerId, std::pair<BrokerId, Placed*>> reached{{from, {from, nullptr}}};  // by whom, with which partition
    std::deque<BrokerId> next{from};
    while (!next.empty()) {
      const BrokerId at = next.front();
      next.pop_front();
      if (carried_.at(from).leaders - carried_.at(at).leaders >= 2) {
        shift_along(reached, from, at);
        return true;
      }
      for (auto& placed : placed_) {
        if (placed.now.front() != at) continue;
        for (const BrokerId id : placed.now)
          if (is_up(id) && reached.try_emplace(id, at, &placed).second) next.push_back(id);
      }
    }
    return false;
  }

  void shift_along(const std::map<BrokerId, std::pair<BrokerId, Placed*>>& reached, BrokerId from, BrokerId to) {
    while (to != from) {
      const auto& [by, placed] = reached.at(to);
      count(*placed, -1);
      std::iter_swap(placed->now.begin(), std::ranges::find(placed->now, to));
      count(*placed, 1);
      to = by;
    }
  }

  std::map<BrokerId, std::string> racks_;  // of all brokers
  std::map<BrokerId, Carried> carried_;    // of those that are up
  std::vector<Placed> placed_;
};

}  // namespace

std::vector<PlannedMove> plan_rebalance(const std::vector<admin::BrokerDescription>& brokers,
                                        const std::vector<PartitionState>& all,
                                        const std::map<TopicPartition, std::int64_t>& sizes) {
  return Rebalance(brokers, all, sizes).plan();
}

}  // namespace thalweg::cli
