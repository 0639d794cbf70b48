#include "controller/replica_placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace thalweg::controller {
namespace {

void shuffle(std::vector<BrokerId>& ids, Random& random) {
  for (std::size_t i = ids.size(); i > 1; --i) std::swap(ids[i - 1], ids[random.below(i)]);
}

// The brokers of one kind (active or not), by rack.
class Racks {
 public:
  Racks(const metadata::BrokersSection& brokers, bool active, Random& random) {
    std::map<std::string, std::vector<BrokerId>> by_rack;
    for (const auto& [id, broker] : brokers)
      if (broker.active() == active) by_rack[broker.rack.value_or("")].push_back(id);
    for (auto& [name, ids] : by_rack) {
      shuffle(ids, random);
      racks_.push_back(std::move(ids));
    }
    if (!racks_.empty()) first_ = random.below(racks_.size());
  }

  bool empty() const { return racks_.empty(); }

  // Appends up to `count` brokers for partition number `p`: one rack after the other, another rack and then another
  // broker first with each partition.
  void take(std::size_t p, std::size_t count, Assignment& to) const {
    const std::size_t racks = racks_.size();
    for (std::size_t round = 0, taken = 0; taken < count; ++round) {
      bool any = false;
      for (std::size_t r = 0; r < racks && taken < count; ++r) {
        const auto& rack = racks_[(first_ + p + r) % racks];
        if (round >= rack.size()) continue;
        to.push_back(rack[(p / racks + round) % rack.size()]);
        ++taken;
        any = true;
      }
      if (!any) return;
    }
  }

 private:
  std::vector<std::vector<BrokerId>> racks_;
  std::size_t first_ = 0;
};

}  // namespace

Result<std::vector<Assignment>> place_replicas(const metadata::BrokersSection& brokers, std::int32_t partitions,
                                               std::int16_t replicas, Random& random) {
  const auto why = [&](std::string_view what) {
    return fail(ErrorCode::kInvalidReplicationFactor,
                fmt::format("Unable to replicate the partition {} time(s): {}", replicas, what));
  };
  const Racks active(brokers, true, random), others(brokers, false, random);
  if (active.empty()) return why("All brokers are currently fenced or in controlled shutdown.");
  const auto wanted = static_cast<std::size_t>(replicas);
  if (wanted > brokers.size())
    return why(fmt::format(
        "The target replication factor of {} cannot be reached because only {} broker(s) are registered or some "
        "brokers have all their log directories cordoned.",
        replicas, brokers.size()));
  std::vector<Assignment> assignments(static_cast<std::size_t>(partitions));
  for (std::size_t p = 0; p < assignments.size(); ++p) {
    active.take(p, wanted, assignments[p]);
    others.take(p, wanted - assignments[p].size(), assignments[p]);
  }
  return assignments;
}

}  // namespace thalweg::controller
