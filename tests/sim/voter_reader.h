// Someone who only looks: whether topics that all share exist, as whoever believes to lead says. Asks the more the more
// of them there are.
#pragma once

#include "shared_topics.h"
#include "voter_wire.h"

namespace thalweg::simulation {

class VoterReader {
 public:
  VoterReader(Voters& voters, const Shard& shard, SharedTopics& shared, Address address);

  Task<> run();
  std::uint64_t answers() const { return answers_; }

 private:
  Task<> look();
  std::uint64_t below(std::uint64_t n) { return voters_.world().simulation.below(n); }

  Voters& voters_;
  const Shard& shard_;
  SharedTopics& shared_;
  const Address address_;
  int asked_ = 0;  // whom
  WireLink link_;
  std::uint64_t answers_ = 0;
};

}  // namespace thalweg::simulation
