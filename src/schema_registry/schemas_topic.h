// The topic of the registry's records: who leads its one partition, as this broker's image says it, and that it is made
// when it is first needed.
//
// Owner: shard 0.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/types.h"
#include "base/uuid.h"
#include "runtime/task.h"

namespace thalweg::broker {
class Broker;
}

namespace thalweg::schema_registry {

// Confluent's name for it, so that either registry can go on with what the other wrote.
inline constexpr std::string_view kSchemasTopic = "_schemas";

class SchemasTopic {
 public:
  // The broker outlives it.
  explicit SchemasTopic(broker::Broker& broker) : broker_(broker) {}

  struct Place {
    Uuid topic;
    BrokerId leader;  // kNoBroker while nobody leads
  };
  // Makes the topic if there is none. Errors are the controller's, or kInvalidPartitions: it is not a registry's.
  Task<Result<Place>> find();
  bool exists() const;
  // kNoBroker also where there is no topic.
  BrokerId leader() const;

 private:
  Task<Result<>> create();

  broker::Broker& broker_;
};

}  // namespace thalweg::schema_registry
