// What "in force on this broker" means: the logs, roles and views that an image stands for. MetadataPublisher asks for
// it in the right order; BrokerLocalState does it with the broker's shards and its LogManager, tests with less.
#pragma once

#include "base/result.h"
#include "metadata/image.h"
#include "runtime/task.h"
#include "storage/log_config.h"

namespace thalweg::broker {

class Broker;

// Called on shard 0. Every call may be made again after it has failed, and after it has succeeded.
class LocalState {
 public:
  virtual ~LocalState() = default;

  // This broker is a replica: opens the log if it is not open, and gives the partition the role that the image says.
  // REQUIRES: the partition is in `topic`
  virtual Task<Result<>> host(metadata::ImagePtr image, metadata::TopicPtr topic, PartitionId partition) = 0;
  // This broker is none of the partition's replicas: what it has of it goes.
  virtual Task<Result<>> drop(metadata::TopicPtr topic, PartitionId partition) = 0;
  // The topic was deleted: what is here of its partitions goes.
  virtual Task<Result<>> remove_topic(metadata::TopicPtr topic) = 0;
  // The topic's logs get the configuration that the image says.
  virtual Task<> configure(metadata::ImagePtr image, metadata::TopicPtr topic) = 0;
  // The options of brokers changed. Whether topics inherit something else than before.
  virtual Task<bool> configure_broker(metadata::ImagePtr image) = 0;
  // From here on every shard answers by `image`.
  virtual Task<> show(metadata::ImagePtr image) = 0;
};

class BrokerLocalState : public LocalState {
 public:
  explicit BrokerLocalState(Broker& broker) : broker_(broker) {}

  Task<Result<>> host(metadata::ImagePtr image, metadata::TopicPtr topic, PartitionId partition) override;
  Task<Result<>> drop(metadata::TopicPtr topic, PartitionId partition) override;
  Task<Result<>> remove_topic(metadata::TopicPtr topic) override;
  Task<> configure(metadata::ImagePtr image, metadata::TopicPtr topic) override;
  Task<bool> configure_broker(metadata::ImagePtr image) override;
  Task<> show(metadata::ImagePtr image) override;

 private:
  storage::LogConfig config_of(const metadata::Image& image, const metadata::Topic& topic);

  Broker& broker_;
  std::vector<Uuid> deleted_;  // topics that shards still show
  // What was worked out last: the partitions of a topic come one after another.
  struct LastConfig {
    std::int64_t image_index = -1;
    Uuid topic;
    storage::LogConfig config;
  };
  LastConfig last_;
};

}  // namespace thalweg::broker
