// How far each broker has applied the metadata log, as its reports say, and what the controller waits for by it.
//
// A pure value; time is an argument. Owner: the controller machine. Soft: what a new controller does not know, it asks
// for anew, so that a broker waits a little longer and never too short.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>

#include "base/time.h"
#include "base/types.h"
#include "metadata/image.h"

namespace thalweg::controller {

class Progress {
 public:
  // A broker that is slow to publish holds nobody up for longer.
  static constexpr Instant kInForceMax = std::chrono::milliseconds(500);

  // Its registration lies at `index` of the log.
  void on_registered(BrokerId id, std::int64_t epoch, Offset index);
  // A report: it has applied the log up to and with `published`.
  struct Beat {
    BrokerId id{kNoBroker};
    std::int64_t epoch = -1;
    Offset published{-1};
    Offset log_end{-1};  // the index of the last entry now
    bool leaves = false;
  };
  void on_beat(const Beat& beat);
  // Whether it has applied its own registration. Where that lies this controller may not know: then all that there was
  // at the first report has to be applied.
  bool caught_up(const Beat& beat) const;

  // The broker is on its way out and leads nothing since entry `index`. Forgotten when it reports that it stays.
  void on_drained(BrokerId id, Offset index, Instant now);
  // Whether all others know that: `in_force`, what all have published, says it when the host does, else their reports.
  // True after kInForceMax in any case.
  bool may_go(const Beat& beat, const metadata::Image& image, std::optional<Offset> in_force, Instant now) const;

 private:
  struct Broker {
    std::int64_t epoch = -1;
    Offset registered{-1};
    Offset published{-1};
    struct Drained {
      Offset index;
      Instant at;
    };
    std::optional<Drained> drained;
  };
  const Broker* find(BrokerId id) const;

  std::map<BrokerId, Broker> brokers_;
};

}  // namespace thalweg::controller
