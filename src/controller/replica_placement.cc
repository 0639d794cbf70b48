#include "controller/replica_placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace thalweg::controller {
namespace {

template <class T>
void shuffle(std::vector<T>& items, Random& random) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.below(i)]);
}

struct Rack {
  std::vector<BrokerId> active, others;
  std::size_t used = 0;  // for the partition at hand

  // Another one with each turn; active ones before the others. kNoBroker when all are used.
  BrokerId next(std::size_t turn) {
    const std::size_t at = used++;
    if (at < active.size()) return active[(turn + at) % active.size()];
    if (at < active.size() + others.size()) return others[(turn + at - active.size()) % others.size()];
    return kNoBroker;
  }
};

// Racks that have an active broker come first; all are shuffled anew whenever every active broker has had its turn, so
// that the leaders of a broker that dies have many others to go to.
class Stripes {
 public:
  Stripes(const metadata::BrokersSection& brokers, Random& random) : random_(random) {
    std::map<std::string, Rack> by_rack;
    for (const auto& [id, broker] : brokers) {
      if (!takes_replicas(broker)) continue;
      ++count_;
      actives_ += broker.active();
      auto& rack = by_rack[broker.rack.value_or("")];
      (broker.active() ? rack.active : rack.others).push_back(id);
    }
    for (auto& [name, rack] : by_rack) (rack.active.empty() ? dark_ : racks_).push_back(std::move(rack));
  }

  std::size_t brokers() const { return count_; }
  bool any_active() const { return actives_ > 0; }

  // REQUIRES: any_active(), replicas <= brokers()
  Assignment next(std::size_t replicas) {
    const std::size_t number = placed_++ % actives_;
    if (number == 0) shuffle_all();
    for (auto* racks : {&racks_, &dark_})
      for (auto& rack : *racks) rack.used = 0;
    Assignment assignment;
    const std::size_t all = racks_.size() + dark_.size(), turn = number / racks_.size();
    for (std::size_t r = number % racks_.size(); assignment.size() < replicas; ++r) {
      const std::size_t at = r % all;
      const auto id = (at < racks_.size() ? racks_[at] : dark_[at - racks_.size()]).next(turn);
      if (id != kNoBroker) assignment.push_back(id);
    }
    return assignment;
  }

 private:
  // A broker all of whose directories are cordoned takes nothing new (KIP-1066).
  static bool takes_replicas(const metadata::Broker& broker) {
    const auto cordoned = [&](Uuid id) {
      return std::ranges::find(broker.cordoned_log_dirs, id) != broker.cordoned_log_dirs.end();
    };
    return broker.log_dirs.empty() || !std::ranges::all_of(broker.log_dirs, cordoned);
  }
  void shuffle_all() {
    for (auto* racks : {&racks_, &dark_}) {
      shuffle(*racks, random_);
      for (auto& rack : *racks) {
        shuffle(rack.active, random_);
        shuffle(rack.others, random_);
      }
    }
  }

  Random& random_;
  std::vector<Rack> racks_, dark_;  // with an active broker, and without
  std::size_t count_ = 0, actives_ = 0, placed_ = 0;
};

}  // namespace

Result<std::vector<Assignment>> place_replicas(const metadata::BrokersSection& brokers, std::int32_t partitions,
                                               std::int16_t replicas, Random& random) {
  const auto why = [&](std::string_view what) {
    return fail(ErrorCode::kInvalidReplicationFactor,
                fmt::format("Unable to replicate the partition {} time(s): {}", replicas, what));
  };
  Stripes stripes(brokers, random);
  if (!stripes.any_active()) return why("All brokers are currently fenced or in controlled shutdown.");
  const auto wanted = static_cast<std::size_t>(replicas);
  if (wanted > stripes.brokers())
    return why(fmt::format(
        "The target replication factor of {} cannot be reached because only {} broker(s) are registered or some "
        "brokers have all their log directories cordoned.",
        replicas, stripes.brokers()));
  std::vector<Assignment> assignments(static_cast<std::size_t>(partitions));
  for (auto& assignment : assignments) assignment = stripes.next(wanted);
  return assignments;
}

}  // namespace thalweg::controller
