// Someone who changes the cluster and tries again until the outcome is known; one change at a time. Some topics only
// this one touches, others everybody.
#pragma once

#include <map>
#include <string>

#include "shared_topics.h"
#include "voter_wire.h"

namespace thalweg::simulation {

// What all administrators together have seen.
struct AdminCounts {
  std::size_t answered = 0;
  int refused = 0;  // answers that say no
  int too_large = 0, busy = 0, disk_full = 0;
};

class VoterAdmin {
 public:
  VoterAdmin(Voters& voters, const Shard& shard, SharedTopics& shared, AdminCounts& counts, int number, int changes);

  Task<> run();
  bool done() const { return done_; }
  const std::string& last_error() const { return last_error_; }
  // What the image should say and does not; empty if it is as this administrator was told.
  std::string contradiction(const metadata::Image& image) const;

 private:
  // What is not known of a change until its last attempt is answered.
  struct Attempts {
    int unsure = 0;
    Instant first_begun{0}, last_begun{0};
  };

  Task<> change();
  Task<> pause();
  // Asks somebody who might know, until there is an answer.
  template <class Response, class Asked>
  Task<Response> ask(Asked request, std::int16_t version, Attempts* attempts);

  // voter_admin.cc: topics of its own
  Task<> create(std::string name);
  Task<> remove(std::string name);
  Task<> configure(std::string name);

  // voter_admin_shared.cc: what all have in common
  Task<> meddle();
  Task<> create_shared(std::string name);
  Task<> remove_shared(std::string name);
  Task<> configure_shared(std::string name);
  Task<> configure_brokers();
  Task<> take_producer_ids();
  Task<> too_many_partitions();
  Task<> too_many_bytes();
  void note(const std::string& name, SharedTopics::Change change, const Attempts& attempts);
  void perhaps(const std::string& name, SharedTopics::Change change, const Attempts& attempts);

  std::uint64_t below(std::uint64_t n) { return voters_.world().simulation.below(n); }
  void complain(const std::string& what);
  int whom();

  Voters& voters_;
  const Shard& shard_;
  SharedTopics& shared_;
  AdminCounts& counts_;
  const int number_;
  const Address address_;
  const int changes_;
  WireLink link_;
  // Of the topics that only this one touches: those that exist, with the retention.ms that was set.
  std::map<std::string, std::string> topics_;
  int next_value_ = 1;
  std::string last_error_;
  bool done_ = false;
};

template <class Response, class Asked>
Task<Response> VoterAdmin::ask(Asked request, std::int16_t version, Attempts* attempts) {
  attempts->first_begun = shard_.clock.now();
  for (;;) {
    attempts->last_begun = shard_.clock.now();
    auto answer = co_await link_.forward<Response>(request, version, Instant::max());
    if (answer) {
      ++counts_.answered;
      co_return std::move(*answer);
    }
    const auto& error = answer.error();
    last_error_ = std::string(thalweg::name(error.code)) + " " + error.message;
    // What was refused has no effect, ever. Everything else may have left the change in the log.
    if (error.code == ErrorCode::kThrottlingQuotaExceeded)
      ++counts_.busy;
    else if (error.code == ErrorCode::kKafkaStorageError)
      ++counts_.disk_full;
    else
      ++attempts->unsure;
    co_await pause();
  }
}

}  // namespace thalweg::simulation
