// Someone who changes the cluster and tries again until the outcome is known; one change at a time.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "voter_node.h"

namespace thalweg::simulation {

class VoterAdmin {
 public:
  VoterAdmin(Voters& voters, const Shard& shard, int number, int changes);

  Task<> run();
  bool done() const { return done_; }
  std::size_t acknowledged() const { return acknowledged_; }
  int refused() const { return refused_; }
  const std::string& last_error() const { return last_error_; }
  // What the image should say and does not; empty if it is as this administrator was told.
  std::string contradiction(const metadata::Image& image) const;

 private:
  Task<> change();
  Task<> create(std::string name);
  Task<> remove(std::string name);
  Task<> configure(std::string name);
  Task<> oversize();
  Task<> meddle();
  Task<> pause();

  // Asks somebody who might know, until there is an answer; `unsure` is set when an earlier attempt may have worked.
  template <class Response, class Asked>
  Task<Response> ask(Asked request, std::int16_t version, bool* unsure);

  std::uint64_t below(std::uint64_t n) { return voters_.world().simulation.below(n); }
  void complain(const std::string& what);
  int whom();

  Voters& voters_;
  const Shard& shard_;
  const int number_;
  const int changes_;
  WireLink link_;
  // Of the topics that only this one touches: those that exist, with the retention.ms that was set.
  std::map<std::string, std::string> topics_;
  int next_value_ = 1;
  std::size_t acknowledged_ = 0;
  int refused_ = 0;
  std::string last_error_;
  bool done_ = false;
};

}  // namespace thalweg::simulation
