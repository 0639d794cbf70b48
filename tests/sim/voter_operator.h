// Somebody who gives votes and takes them (AddRaftVoter, RemoveRaftVoter), one change at a time, and knows afterwards
// who has to vote. An attempt without an answer may yet take place, so it waits until that is over before it tries
// again.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "voter_wire.h"

namespace thalweg::simulation {

class VoterOperator {
 public:
  VoterOperator(Voters& voters, const Shard& shard, Address address, int changes);

  Task<> run();
  bool done() const { return done_; }
  int answered() const { return answered_; }
  // What the leader's membership should say and does not; empty if it is as the operator was told.
  std::string contradiction(const std::vector<raft::MemberId>& voters) const;

 private:
  enum class Told { kYes, kNo, kUnsure };

  // `unsure`: whether it has a vote is not known.
  Task<> change(int voter, bool vote, bool unsure);
  Task<Told> ask(int voter, bool vote, bool unsure);
  template <class Response, class Request>
  Task<Told> send(Request request, std::int16_t version, ErrorCode is_so_already, bool unsure);
  int whom();
  std::uint64_t below(std::uint64_t n) { return voters_.world().simulation.below(n); }

  Voters& voters_;
  const Shard& shard_;
  const Address address_;
  const int changes_;
  WireLink link_;
  std::map<int, bool> votes_;  // as told; without those of whom it is not known
  int answered_ = 0;
  bool done_ = false;
};

}  // namespace thalweg::simulation
