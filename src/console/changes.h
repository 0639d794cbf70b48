// What has changed lately, also before this process was started: the log of changes in memory, and the file that it
// comes back from.
//
// Three things know something of the time before: the file (who did what through this console, and when; what of the
// cluster was seen, and when), the metadata log (what the cluster was when it was last seen: the broker puts that image
// by as it replays, and the first look compares with it, so what was done in the last moment before a crash, or by
// others while this server was down, is seen, too), and nobody else. Of the latter the time is known as between two.
// Where a snapshot has taken the place of what was seen last, that is said instead.
//
// The metadata are looked at when they have moved, kSettles later, so that many changes at once cost one look. What is
// seen is in the file before anybody is shown it, on the disk within kSynced. Owner: shard 0.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "console/change_file.h"
#include "console/change_log.h"
#include "runtime/signal.h"
#include "runtime/stop_signal.h"

namespace thalweg::console {

class Changes {
 public:
  static constexpr auto kSettles = std::chrono::seconds(1), kSynced = std::chrono::seconds(60);

  explicit Changes(broker::Broker& broker);

  // Reads how far this server had looked when it was here last, and has that image put by. Before the broker starts.
  void look_back();
  // After the broker has started. REQUIRES: look_back()
  void start();
  // What was seen is on the disk when it returns, and that the server was stopped.
  Task<> stop();

  // What was done, or tried, through this console.
  void add(Change change);
  // The newest first, as of an image.
  Task<ChangeList> list(metadata::ImagePtr image);

 private:
  Task<> watch();
  Task<> recall();
  Task<> moved_by(Instant deadline);
  void look(metadata::ImagePtr image);
  void keep(Change change, std::optional<SeenUpTo> seen);
  void say_started(bool is_past_known, std::size_t damaged);
  SeenUpTo seen_now() const;
  Timestamp now() const;

  broker::Broker& broker_;
  ChangeFile file_;
  ChangeLog log_;
  std::optional<SeenUpTo> before_;  // by the server before this one
  bool is_something_there_ = false;
  Instant synced_{0};
  Signal woken_;
  StopSignal stopping_;
  bool runs_ = false, recalled_ = false;
  std::vector<OneShot<bool>> waiting_;  // until recalled_
  OneShot<bool> ended_;
};

}  // namespace thalweg::console
