// Answers to writes that named themselves (Idempotency-Key, draft-ietf-httpapi-idempotency-key-header): who did not
// hear the answer asks the same again and hears it, and nothing is done twice. Kept in memory: for an hour, a thousand
// of them, and 4 MiB, whichever ends first; a restart forgets all. Each user has keys of its own.
//
// Pure: whoever asks says when. Owner: shard 0.
#pragma once

#include <list>
#include <map>
#include <optional>
#include <string>

#include "base/time.h"

namespace thalweg::console {

class KeptAnswers {
 public:
  static constexpr std::size_t kKeysMax = 1000, kBytesMax = 4u << 20;
  static constexpr auto kKeptFor = std::chrono::hours(1);

  struct Key {
    std::string principal, key;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Answer {
    int status = 0;
    std::string type, body;
  };
  enum class Begun { kNew, kUnderWay, kAnswered, kAnotherRequest, kTooMany };
  // `request` is what the key was used for, as a digest. After kNew comes end(), once.
  Begun begin(const Key& key, const std::string& request, Instant now);
  // REQUIRES: begin() said kAnswered, and nothing has happened since
  const Answer& answer(const Key& key) const { return *entries_.at(key).answer; }
  // Without an answer the key is free again: nothing was done.
  void end(const Key& key, std::optional<Answer> answer, Instant now);

  std::size_t size() const { return entries_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string request;
    std::optional<Answer> answer;  // nothing: under way
    Instant at{};
  };
  void forget_oldest();

  std::map<Key, Entry> entries_;
  std::list<Key> answered_;  // the oldest first
  std::size_t bytes_ = 0;    // of answers
};

}  // namespace thalweg::console
