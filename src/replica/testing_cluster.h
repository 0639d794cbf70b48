// Brokers that have nothing but one partition, in one simulated world: real logs on disks that lose power, real
// fetchers over a network that is cut, and the controller's own machine in a place that nothing happens to. What it
// decides comes late, and what is asked of it may get lost on either way.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "controller/testing.h"
#include "network/server.h"
#include "record/builder.h"
#include "replica/alter_partition_queue.h"
#include "replica/partitions.h"
#include "replica/testing_leader.h"
#include "runtime/signal.h"
#include "sim/world.h"

namespace thalweg::replica {

class Host;

class Cluster {
 public:
  static constexpr int kBrokers = 3;

  // An idempotent client with one batch at a time, which it sends again until that is acknowledged.
  struct Producer {
    std::int64_t id = 0;
    std::int32_t sequence = 0;
    std::uint64_t number = 0;  // the value of its first record, the next has the next one; no two are equal
    int records = 0;           // of the batch
    int attempt = 0;
    Instant busy_until{};
  };

  Cluster(std::uint64_t seed, std::string min_in_sync);
  ~Cluster();

  // All up, in sync, with the topic.
  bool begin();
  std::uint64_t below(std::uint64_t n) { return world.simulation.below(n); }
  static std::string host_name(BrokerId id) { return "b" + to_string(id); }
  sim::Node& node(int i) { return *nodes_.at(std::size_t(i)); }
  // Nothing while it is down.
  Host* host(int i);

  const metadata::Image& image() const { return controller.image(); }
  metadata::ImagePtr pinned() const { return std::make_shared<const metadata::Image>(image()); }
  PartitionKey key() const { return {image().topic(std::string_view("orders"))->id, PartitionId{0}}; }
  // Nothing before the topic is there.
  const metadata::Partition* state() const { return image().partition("orders", PartitionId{0}); }

  // A new process on the disk that was there.
  std::int64_t register_broker(BrokerId id);
  void beat(BrokerId id, bool want_fence);
  Result<protocol::AlterPartitionResponse> alter(const protocol::AlterPartitionRequest& request);
  // What the controller has decided reaches everybody, each in its time.
  void publish();

  void note_leader(LeaderEpoch epoch, BrokerId id, std::int64_t broker_epoch);
  void note_acknowledged(Producer& producer, Offset at);
  // DeleteRecords at the leader, up to some offset; often that is inside of a batch.
  void delete_some();
  // I3: whom the controller may have lead holds on its disk all that was acknowledged.
  void check();
  void fail(std::string what) {
    if (failure.empty()) failure = std::move(what);
  }

  sim::World world;
  controller::testing::Controller controller;
  const int min_in_sync;
  TestingLeader::Control leaders;
  bool loses_requests = true, produces = true, hurries = true;
  std::vector<Producer> producers;
  std::map<Offset, std::uint64_t> acknowledged;
  Offset deleted{0};  // what lies before need not be anywhere
  std::string failure;

 private:
  void next_batch(Producer& producer);

  std::deque<sim::Node*> nodes_;
  std::map<LeaderEpoch, std::pair<BrokerId, std::int64_t>> leaders_;
  std::uint64_t incarnations_ = 0, numbers_ = 0;
};

// One life of a broker.
class Host {
 public:
  Host(sim::Node& node, Cluster& cluster, BrokerId id);

  void image_changed() { changed_.notify(); }
  std::int64_t epoch() const { return epoch_; }  // -1: not registered yet
  PartitionPtr partition() const { return cluster_.state() ? partitions_.find(cluster_.key()) : nullptr; }
  const Shard& shard() const { return shard_; }

  struct Stored {
    std::uint64_t number;
    LeaderEpoch epoch;
    friend bool operator==(const Stored&, const Stored&) = default;
  };
  // All that is in the log, by offset, from where it begins.
  static Task<std::map<Offset, Stored>> contents(storage::LogPtr log);

 private:
  Task<> live();
  Task<> take(metadata::ImagePtr image);
  Task<> open();
  Task<> beat();
  Task<> produce(std::size_t which);
  static Task<Result<protocol::AlterPartitionResponse>> ask(Host* self, protocol::AlterPartitionRequest request);
  ReplicationLinks links();

  Cluster& cluster_;
  const Shard& shard_;
  const BrokerId id_;
  metadata::ImagePtr image_;
  Signal changed_;
  std::int64_t epoch_ = -1;
  storage::LogPtr log_;
  Budget memory_{64 << 20};
  Partitions partitions_;
  AlterPartitionQueue queue_;
  std::unique_ptr<network::Server> server_;
};

}  // namespace thalweg::replica
