// Brokers whose connection to this one has just ended while the image calls them alive.
//
// Their clients lose their connections in the same moment and ask another broker who leads now: a millisecond before
// the controller knows that somebody is gone (peer_watch.h). Who answered at once would name the dead broker once more,
// and clients look again after pauses of their own, librdkafka after 250 ms, then twice that. So such an answer waits
// until the image says what has become of the broker, or it can be reached again, or kPatience is over. That is time
// for knocks at its port, an election if it led the metadata quorum, and a batch of the metadata log.
//
// A client may even be quicker than this broker, which then is not asked by somebody who starts, but again, on a
// connection that it has. So there is kGlance before such an answer, the time in which a process that was killed loses
// all of its connections. librdkafka paid two kills in ten with more than half a second without it.
//
// Only who fetches from a leader misses it: a broker without a replica of what it led answers at once.
//
// Owner: one shard.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>

#include "base/types.h"
#include "metadata/image.h"
#include "runtime/shard.h"
#include "runtime/task.h"
#include "runtime/watermark.h"

namespace thalweg::broker {

struct RequestContext;

class LostLeaders {
 public:
  static constexpr Instant kPatience = std::chrono::milliseconds(250);
  static constexpr Instant kGlance = std::chrono::milliseconds(2);

  explicit LostLeaders(const Shard& shard) : shard_(shard), times_none_missed_(shard.clock) {}

  // The connection to it ended. Nothing, if the image knows already that it is gone.
  void lost(BrokerId broker, const metadata::Image& image);
  // It can be reached.
  void found(BrokerId broker);
  void on_image(const metadata::Image& image);

  // Nobody is missed, or whoever is has been for kPatience.
  Task<> settled();

 private:
  struct Missed {
    std::int64_t epoch;  // of the registration that was known
    Instant until;
  };
  template <class Which>
  void miss_no_more(Which which);

  const Shard& shard_;
  std::map<BrokerId, Missed> missed_;
  Watermark times_none_missed_;
};

// The image to tell a client of leaders by.
Task<metadata::ImagePtr> image_without_lost_leaders(const RequestContext& context);

}  // namespace thalweg::broker
