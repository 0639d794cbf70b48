// What follows for partitions when a broker comes or goes: they are looked through, and those that do not stand as they
// should are changed. Done in steps, so that other requests pass in between: a step looks at so many partitions and
// changes so many.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "controller/decision.h"
#include "controller/standing.h"
#include "metadata/image.h"
#include "protocol/broker_registration_request.h"

namespace thalweg::controller {

// Where to look on: topics in the order of their names, their partitions in order.
struct Cursor {
  std::string topic;
  std::size_t partition = 0;
  friend bool operator==(const Cursor&, const Cursor&) = default;
};

// How much one step does: the controller shares its shard with partitions and connections, so a step is kept short.
// Bytes: one message of the quorum.
struct StepLimit {
  std::size_t records = 1500;
  std::size_t bytes = 1 << 20;
  std::size_t looks = 50'000;  // partitions
};
inline constexpr StepLimit kWhole{std::numeric_limits<std::size_t>::max(), std::numeric_limits<std::size_t>::max(),
                                  std::numeric_limits<std::size_t>::max()};

struct Repair {
  std::vector<metadata::Record> records;
  std::optional<Cursor> rest;  // the step is over before the partitions are: look on from here
};

// Partitions do not stand as they should: led by a replica that may not lead, with one in sync that may not be, with
// one eligible that is not registered, led by an avoided one although another may, or without a leader though one may
// lead. What is left to do shows in the image, so nothing has to be remembered, nor by the controller that comes next:
// it looks from the beginning.
Repair repair(const Standing& standing, const Options& options, Cursor from = {}, StepLimit limit = {});
// All at once, as the image says that the brokers are.
Repair repair(const metadata::Image& image, const Options& options);

// Takes a broker whose data is gone out of all in-sync and eligible sets, and its replicas out of directories that it
// does not have any more: there they could never be in sync again. `rest` where that does not fit.
Repair forget_lost(const Standing& standing, const Options& options, BrokerId lost, StepLimit limit);

// Takes a broker out of the in-sync and eligible sets of partitions of which it lacks records that may have been
// acknowledged, where somebody else is in one of the sets. Records that nobody was promised leave the same trace when
// power fails in the middle of writing them, on all replicas at once: whoever is left last stays.
Repair forget_damaged(const Standing& standing, const Options& options,
                      const protocol::BrokerRegistrationRequest& damaged, StepLimit limit);

// Calls see(topic, index) for each partition from the cursor on, at most `looks` times and while it says so. Where it
// ended, if it was not at the end.
template <class See>
std::optional<Cursor> look_through(const metadata::Image& image, Cursor from, std::size_t looks, See see) {
  std::size_t index = from.partition;
  for (auto at = image.topics().lower_bound(from.topic); at != image.topics().end(); ++at, index = 0) {
    if (at->first != from.topic) index = 0;
    for (; index < at->second->partitions.size(); ++index)
      if (looks-- == 0 || !see(*at->second, index)) return Cursor{at->first, index};
  }
  return std::nullopt;
}

}  // namespace thalweg::controller
