// An application's properties, by Kafka Streams' names, sorted into what we need ourselves and what each of its clients
// is given.
#pragma once

#include <string>
#include <vector>

#include "dataflow/worker.h"
#include "thalweg/streams/app_config.h"

namespace thalweg::streams::detail {

struct Options {
  WorkerConfig worker;
  milliseconds max_idle{0};                                     // max.task.idle.ms
  milliseconds poll{100};                                       // poll.ms
  milliseconds max_poll_interval{300'000};                      // max.poll.interval.ms
  milliseconds cleanup_delay{600'000};                          // state.cleanup.delay.ms
  milliseconds purge_interval{30'000};                          // repartition.purge.interval.ms
  std::size_t buffered_records = 1000;                          // buffered.records.per.partition
  int replication_factor = -1;                                  // replication.factor; -1: the cluster's
  OffsetReset reset = OffsetReset::kEarliest;                   // auto.offset.reset
  Properties main_consumer, restore_consumer, producer, admin;  // complete, but for what is one thread's alone
};

// All mistakes at once, with the nearest names.
Result<Options> options_of(const AppConfig& config);

}  // namespace thalweg::streams::detail
