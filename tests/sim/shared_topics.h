// What several clients did to the same topics at the same time, and whether one order of it explains what all of them
// were told: every change takes place at one moment between its request and its answer.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/time.h"

namespace thalweg::simulation {

class SharedTopics {
 public:
  enum class Change {
    kCreated,
    kDeleted,
    kFound,           // it was there, and nothing was changed
    kMissed,          // it was not
    kPerhapsCreated,  // no answer: done, or not
    kPerhapsDeleted,
  };
  void add(const std::string& topic, Change change, Instant begun, Instant ended) {
    history_[topic].push_back({change, begun, ended});
  }

  // Empty if there is an order. `exists`: what is so at last.
  std::string contradiction(const std::string& topic, bool exists, Instant now) const;
  std::vector<std::string> names() const;

 private:
  struct Entry {
    Change change;
    Instant begun, ended;
  };
  class Search;
  std::map<std::string, std::vector<Entry>> history_;
};

}  // namespace thalweg::simulation
