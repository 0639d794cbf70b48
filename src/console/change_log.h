// What changed lately: of the cluster as two images show it, whoever did it, and what was done through this console.
// The newest are in memory; what a server before this one knew comes from its file (changes.h). Pure. Owner: shard 0.
//
// Left out is what changes by itself: who leads a partition, and which replicas are in sync.
//
// The order is that in which things were seen, whatever the clock said: it may have been set back.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "console/api_types.h"
#include "metadata/image.h"

namespace thalweg::console {

class ChangeLog {
 public:
  static constexpr std::size_t kKept = 500;
  static constexpr std::size_t kTextMax = 300;       // bytes of a value that is shown
  static constexpr std::size_t kSentenceMax = 1000;  // bytes; what is longer is cut, and ends in an ellipsis

  // The image that was seen last, at `at`, before this server was started: what the next one differs in was done after
  // that. kNoTimestamp: the time is not known.
  void go_on_from(metadata::ImagePtr image, Timestamp at);
  // The image of this moment. Without one from before it is where knowledge begins. What is new, the oldest first, and
  // no more than is kept.
  std::vector<Change> look(metadata::ImagePtr image, Timestamp now);
  // As it is kept: no longer than it may be.
  const Change& add(Change change);
  // What was known before anything that is here, the newest first, and since when (kNoTimestamp:
  // since now).
  void add_earlier(std::vector<Change> changes, Timestamp since);

  // The newest first, with what is gone by the last image.
  ChangeList list(Timestamp now) const;
  // Of the last image that was looked at; 0 before there is one.
  std::int64_t seen() const { return seen_ ? seen_->index() : 0; }

 private:
  metadata::ImagePtr seen_;
  Timestamp after_ = kNoTimestamp;  // until the first look
  Timestamp since_ = kNoTimestamp;
  std::deque<Change> changes_;  // the newest first
};

}  // namespace thalweg::console
