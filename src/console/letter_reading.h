// Letters of a queue over all its partitions, looked at one by one: what the newest have in common, which of all are
// asked for.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "console/letter_census.h"
#include "console/letter_stretch.h"
#include "console/record_reading.h"

namespace thalweg::console {

inline constexpr std::size_t kLettersLookedAt = 2000;

struct LettersLookedAt {
  std::size_t count = 0;
  bool complete = false;               // there are no more
  std::optional<std::string> problem;  // why some could not be read
  LetterStretch began;                 // of look_on(): what it began with, and what is left of that
  std::optional<LetterStretch> rest;
};

// Called on Workers, one after the other, so it owns what it changes.
using UseLetter =
    std::function<void(const LetterCensus::Place&, const record::RecordView&, std::span<const letters::HeaderBytes>)>;

// 422: the topic has more partitions than are looked at.
Task<Outcome<LettersLookedAt>> look_at_newest(const Call& call, metadata::TopicPtr queue, UseLetter use);
// The oldest of a stretch, at most kLettersLookedAt; without one, of all that lie there now. 422 as before. REQUIRES:
// the stretch is of the topic's partitions
Task<Outcome<LettersLookedAt>> look_on(const Call& call, metadata::TopicPtr queue, std::optional<LetterStretch> stretch,
                                       UseLetter use);
// The same of some letters, wherever they lie; those that are gone are passed over.
Task<LettersLookedAt> look_at_letters(const Call& call, metadata::TopicPtr queue,
                                      std::map<PartitionId, std::vector<Offset>> letters, UseLetter use);

}  // namespace thalweg::console
