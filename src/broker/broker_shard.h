// What a broker has on one shard. Owner: that shard.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "broker/fetch_session.h"
#include "broker/lost_leaders.h"
#include "broker/record_checks.h"
#include "metadata/image.h"
#include "metrics/metrics.h"
#include "metrics/snapshot.h"
#include "metrics/topic_metrics.h"
#include "replica/partitions.h"
#include "runtime/budget.h"
#include "runtime/shard.h"
#include "runtime/stop_signal.h"

namespace thalweg::broker {

class Broker;

// Told on the owner shard when this broker starts or stops leading (null) a partition of its topic.
using LeadershipListener = std::function<void(PartitionId partition, replica::PartitionPtr led)>;

class BrokerShard {
 public:
  BrokerShard(const Shard& shard, Broker& broker, unsigned shard_count);

  const Shard& shard;
  Broker& broker;
  replica::Partitions partitions;
  FetchSessionCache sessions;
  RecordChecks record_checks;
  LostLeaders lost_leaders;

  // The topic's coordinator listens. REQUIRES: nobody else listens to the topic, and no partition is hosted yet
  void on_leadership(std::string topic, LeadershipListener listener);
  // Whether somebody does: what such a topic says is what its coordinator has written.
  bool is_coordinated(std::string_view topic) const { return leadership_listeners_.contains(topic); }

  // transaction.partition.verification.enable, as it is in force.
  bool verifies_transactions;

  // What the controller has given this process; -1 until it is registered.
  std::int64_t registered_epoch = -1;
  // Whether the image is of after that, so that nobody is taken for a leader who was replaced while this broker was
  // away.
  bool image_has_this_process() const;

  // What requests and their answers take on this shard.
  Budget memory;

  // What this shard counts of a topic: as owner of its partitions, and of what it sends. Not to be kept.
  TopicCounts& topic_counts(const Uuid& topic_id);
  Counter& replication_bytes_out;
  // All that this shard counts, and what can be looked at here.
  Task<MetricsSnapshot> collect_metrics();

  // From here on nobody waits for records that may come: long polls are answered with what there is.
  void begin_stop() { stopping.give(); }
  StopSignal stopping;

  const metadata::ImagePtr& image() const { return image_; }
  // `deleted` are the topics that it no longer has.
  void set_image(metadata::ImagePtr image, std::vector<Uuid> deleted);

  // The image's word on one partition of this shard. `log` is set when it has just been opened. A truncation that is
  // under way ends first.
  Task<> host(std::string topic, replica::PartitionKey key, storage::LogPtr log, metadata::Partition state);
  void drop(std::string topic, replica::PartitionKey key);
  bool drop_all(std::string topic, std::vector<replica::PartitionKey> keys);

 private:
  void tell_leadership(const std::string& topic, PartitionId partition, replica::PartitionPtr led) const;

  metadata::ImagePtr image_;
  TopicMetrics topic_metrics_;
  std::map<std::string, LeadershipListener, std::less<>> leadership_listeners_;  // by topic
};

}  // namespace thalweg::broker
