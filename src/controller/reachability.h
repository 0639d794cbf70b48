// Who cannot be reached by the others, as they say with their reports. A broker that more than half of the others, and
// two at least, cannot reach for three seconds, while it itself misses fewer than half of them, should not lead: its
// link is broken in one direction, and nobody can write to it. It is avoided until that has been over for ten seconds.
//
// A pure value; time is an argument. Owner: the controller machine. Soft: a new controller hears it all again.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/time.h"
#include "base/types.h"
#include "metadata/image.h"

namespace thalweg::controller {

class Reachability {
 public:
  static constexpr Instant kUnreachableFor = std::chrono::seconds(3), kClearFor = std::chrono::seconds(10);

  // What a broker says that it cannot reach. Only active brokers are listened to.
  void on_beat(BrokerId from, const std::vector<BrokerId>& unreachable);
  // Whether the set of avoided brokers changed.
  bool look(const metadata::Image& image, Instant now);
  const std::set<BrokerId>& avoided() const { return avoided_; }

 private:
  bool cut_off(BrokerId id, const metadata::Image& image) const;
  bool misses(BrokerId from, BrokerId id) const;

  std::map<BrokerId, std::set<BrokerId>> missed_by_;  // who reports, and whom; none that misses nobody
  std::map<BrokerId, Instant> since_;                 // cut off, or if avoided, clear again
  std::set<BrokerId> avoided_;
};

}  // namespace thalweg::controller
