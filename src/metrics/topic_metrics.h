// What is counted of topics, on one shard. A topic has one TopicCounts there, found once by whoever counts (a partition
// when it is hosted, a fetch once for each topic with news) and held by reference: counting is an addition.
//
// A topic that is deleted takes its counts along. Names are the one thing here whose number clients choose, so it has a
// bound: topics beyond it count in the sum of all, and not by name.
//
// Owner: one shard.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_code.h"
#include "base/uuid.h"
#include "metrics/family.h"

namespace thalweg {

struct TopicCounts {
  std::uint64_t bytes_in = 0, records_in = 0;
  std::uint64_t bytes_out = 0, records_out = 0;  // to consumers; whole batches, as they are sent
  std::uint64_t bytes_rejected = 0;
  std::uint64_t produce_requests = 0, produce_failures = 0;  // one a partition
  std::uint64_t fetch_requests = 0, fetch_failures = 0;      // the same

  // One append to a partition.
  void appended(std::uint64_t bytes, std::uint64_t records);
  // An idempotent producer's retry of what is there already.
  void appended_before() { ++produce_requests; }
  void append_failed(ErrorCode why, std::uint64_t bytes);
  // One read of a partition: kNone, or why not.
  void read(ErrorCode outcome);
  // What a read found is on its way to a consumer.
  void sent(std::uint64_t bytes, std::uint64_t records);

  TopicCounts& operator+=(const TopicCounts& more);
  friend bool operator==(const TopicCounts&, const TopicCounts&) = default;
};

// Under which name each of them is served.
struct TopicFamily {
  const MetricFamily* family;
  std::uint64_t TopicCounts::* count;
};
std::span<const TopicFamily> topic_families();

class TopicMetrics {
 public:
  static constexpr std::size_t kTopicsMax = 10'000;
  explicit TopicMetrics(std::size_t topics_max = kTopicsMax) : topics_max_(topics_max) {}
  TopicMetrics(const TopicMetrics&) = delete;

  using Counts = std::shared_ptr<TopicCounts>;  // never null; may be held longer than the topic is there
  Counts of(const Uuid& id, std::string_view topic);
  // The same for a topic that is known already; the ones without a name where it is not.
  TopicCounts& find(const Uuid& id) const;
  // The topic is gone. Of what is counted behind its back nothing is seen any more.
  void forget(const Uuid& id);

  std::size_t size() const { return topics_.size(); }
  struct Row {
    Uuid id;
    std::string topic;
    TopicCounts counts;
  };
  // Those behind `after`, in the order of ids; at most so many, since a shard is not held up for long.
  std::vector<Row> rows(const Uuid& after = {}, std::size_t at_most = std::numeric_limits<std::size_t>::max()) const;
  // What belongs to no row: topics that are gone, and those beyond the bound.
  const TopicCounts& unnamed() const { return *unnamed_; }

 private:
  struct Topic {
    std::string name;
    Counts counts;
  };
  const std::size_t topics_max_;
  std::map<Uuid, Topic> topics_;
  const Counts unnamed_ = std::make_shared<TopicCounts>();
};

}  // namespace thalweg
