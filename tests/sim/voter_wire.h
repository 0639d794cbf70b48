// The voters as one cluster: the wire between them, what goes wrong on it, and what all of them showed.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "broker/controller_link.h"
#include "metadata/image.h"
#include "sim/world.h"

namespace thalweg::simulation {

class Voter;

// What goes wrong between and on the voters.
struct VoterFaults {
  std::uint64_t lost_one_in = 0, twice_one_in = 0;
  Instant delay_max = std::chrono::milliseconds(2);
  std::uint64_t open_fails_one_in = 0;
};

// Names of machines on the wire: voters from 0, who asks them from -1 downwards.
using Address = int;

class Voters {
 public:
  Voters(sim::World& world, int count, int clients);

  sim::World& world() { return world_; }
  int count() const { return static_cast<int>(nodes_.size()); }
  Address last_client() const { return -clients_; }
  sim::Node& node(int voter) { return *nodes_[std::size_t(voter)]; }
  // Null while it is down. REQUIRES: 0 <= voter < count()
  Voter* at(int voter);
  // Whose controller serves, or -1. One that was replaced and does not know it yet is not meant.
  int leader();
  // More than one believes to lead.
  bool contested();
  // Anybody who believes to lead, and can be reached.
  std::vector<int> who_believe(Address from);

  VoterFaults faults;
  std::set<std::pair<Address, Address>> cut;  // from, to
  std::uint64_t snapshot_after_bytes = 4000, uncommitted_bytes_max = 64 << 20;
  bool votes_change = false;           // somebody gives and takes votes
  std::uint64_t long_pause_in_10 = 2;  // of who changes something

  // Messages of the quorum may be lost, doubled and reordered.
  void send(int from, int to, std::function<void(Voter&)> deliver);
  // Requests and their answers may be lost; who made them is a connection that is used once.
  void request(Address from, int to, std::function<void(Voter&)> deliver);
  bool reply_lost(int from, Address to) { return lost() || cut.contains({from, to}); }
  Instant delay();

  void violation(std::string what);
  const std::vector<std::string>& violations() const { return violations_; }
  // Equal indexes give equal images, on every node and in every life.
  void shown(int voter, const metadata::ImagePtr& image);
  // No producer id is given twice.
  void given(std::int64_t first_producer_id);

  int snapshots_taken = 0, restores_at_start = 0, restores_while_running = 0;
  std::set<std::int32_t> epochs_led;
  std::map<int, std::int64_t> registered_as;  // the broker epochs that the voters' disks remember

 private:
  bool lost() { return world_.simulation.one_in(faults.lost_one_in); }
  void deliver_later(int to, std::function<void(Voter&)> deliver);

  sim::World& world_;
  const int clients_;
  std::vector<sim::Node*> nodes_;
  std::vector<std::string> violations_;
  std::map<std::int64_t, metadata::ImagePtr> images_;
  std::set<std::int64_t> producer_ids_;
};

// Asks the controller of another machine: the link over a network in miniature.
class WireLink : public broker::ControllerLink {
 public:
  // `target`: whom to ask now; -1 for nobody.
  WireLink(Voters& voters, const Shard& shard, Address from, std::function<int()> target)
      : voters_(voters), shard_(shard), from_(from), target_(std::move(target)) {}

  // Gives up on an attempt after a while: what is lost gives no sign.
  Task<Result<Reply>> ask_once(Request request, std::int16_t version, Instant deadline) override;

 protected:
  Clock& clock() override { return shard_.clock; }

 private:
  Voters& voters_;
  const Shard& shard_;
  const Address from_;
  const std::function<int()> target_;
};

}  // namespace thalweg::simulation
