// What changed lately: of the cluster as two images show it, whoever did it, and what was done through this console.
// The newest are kept, in memory: a restart forgets them. Pure. Owner: shard 0.
//
// Left out is what changes by itself: who leads a partition, and which replicas are in sync.
#pragma once

#include <deque>
#include <string>

#include "console/api_types.h"
#include "metadata/image.h"

namespace thalweg::console {

class ChangeLog {
 public:
  static constexpr std::size_t kKept = 500;
  static constexpr std::size_t kTextMax = 300;  // bytes of a value that is shown

  // The image of this moment. The first one is where it begins.
  void look(metadata::ImagePtr image, Timestamp now);
  void add(Change change);

  // The newest first, with what is gone by the last image.
  ChangeList list(Timestamp now) const;

 private:
  metadata::ImagePtr seen_;
  Timestamp since_ = kNoTimestamp;
  std::deque<Change> changes_;  // the newest first
};

}  // namespace thalweg::console
