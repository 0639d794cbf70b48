// librdkafka's objects with owners, its options with one answer for all mistakes, its errors as ours. Nothing else
// here; the only header of this module through which librdkafka is seen.
#pragma once

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <climits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/client/record.h"

namespace thalweg::client {

template <class T, void (*kDestroy)(T*)>
struct Destroy {
  void operator()(T* p) const { kDestroy(p); }
};
using Handle = std::unique_ptr<rd_kafka_t, Destroy<rd_kafka_t, rd_kafka_destroy>>;
using TopicHandle = std::unique_ptr<rd_kafka_topic_t, Destroy<rd_kafka_topic_t, rd_kafka_topic_destroy>>;
using QueueHandle = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_t, rd_kafka_queue_destroy>>;
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                      Destroy<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>>;
inline PartitionList new_list(int size = 8) { return PartitionList(rd_kafka_topic_partition_list_new(size)); }

// `what` is what was being done; the reason follows.
Error error_of(rd_kafka_resp_err_t code, const std::string& what);
Error error_of(rd_kafka_error_t* error, const std::string& what);  // destroys it
// What an error callback brought: a fatal one is looked up.
Error error_from_callback(rd_kafka_t* handle, int code, const char* reason);

// Longer than anybody waits: what an application gives as "for ever" must not wrap around when it is added to a time.
inline constexpr milliseconds kLongest = std::chrono::hours(24 * 365);
inline milliseconds bounded(milliseconds t) { return std::clamp(t, milliseconds(0), kLongest); }
// For librdkafka, which takes an int, and a negative one as "for ever": at most 24 days.
inline int as_int(milliseconds t) { return static_cast<int>(std::clamp<std::int64_t>(t.count(), 0, INT_MAX)); }

// Of an application's properties what every client of the same cluster needs: how to reach it, and as whom.
Properties connection_of(const Properties& properties);

// Collects options and their mistakes.
class Conf {
 public:
  Conf();
  void set(const std::string& name, const std::string& value);
  void set_all(const Properties& properties);  // later ones win
  // A mistake that librdkafka does not know as one.
  void reject(std::string why) { mistakes_.push_back(std::move(why)); }
  rd_kafka_conf_t* get() const { return conf_.get(); }
  // REQUIRES: what callbacks need is set. All mistakes at once, or the client.
  Result<Handle> open(rd_kafka_type_t type);

 private:
  std::unique_ptr<rd_kafka_conf_t, Destroy<rd_kafka_conf_t, rd_kafka_conf_destroy>> conf_;
  std::vector<std::string> mistakes_;
};

// Whether the consumer's group hands over partitions one by one. Nothing when the consumer has left its group, or was
// never in one: a rebalance may still wait in the queue that it is closed by.
std::optional<bool> is_cooperative(rd_kafka_t* consumer);
Headers headers_of(const rd_kafka_message_t& message);
Timestamp timestamp_of(const rd_kafka_message_t& message);

}  // namespace thalweg::client
