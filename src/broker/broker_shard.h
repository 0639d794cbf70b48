// What a broker has on one shard. Owner: that shard.
#pragma once

#include <functional>
#include <string>

#include "broker/fetch_session.h"
#include "metadata/image.h"
#include "replica/partitions.h"
#include "runtime/budget.h"
#include "runtime/shard.h"
#include "runtime/stop_signal.h"

namespace thalweg::broker {

class Broker;

// Told on the owner shard when this broker starts or stops leading a partition (null) of an internal topic.
using LeadershipListener =
    std::function<void(const std::string& topic, PartitionId partition, replica::PartitionPtr led)>;

class BrokerShard {
 public:
  BrokerShard(const Shard& shard, Broker& broker, unsigned shard_count);

  const Shard& shard;
  Broker& broker;
  replica::Partitions partitions;
  FetchSessionCache sessions;
  LeadershipListener on_leadership;

  // What requests and their answers take on this shard.
  Budget memory;

  // From here on nobody waits for records that may come: long polls are answered with what there is.
  void begin_stop() { stopping.give(); }
  StopSignal stopping;

  const metadata::ImagePtr& image() const { return image_; }
  void set_image(metadata::ImagePtr image) { image_ = std::move(image); }

  // The image's word on one partition of this shard. `log` is set when it has just been opened.
  void host(std::string topic, replica::PartitionKey key, storage::LogPtr log, metadata::Partition state);
  void drop(std::string topic, replica::PartitionKey key);

 private:
  metadata::ImagePtr image_;
};

}  // namespace thalweg::broker
