// The searches of this node's console: how many run, and who reads for them. Owner: shard 0.
#pragma once

#include <bitset>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "broker/broker.h"
#include "console/search_pace.h"
#include "runtime/workers.h"
#include "search/shard_reader.h"

namespace thalweg::console {

class Searches {
 public:
  static constexpr std::size_t kRunningMax = 8;  // another one is answered 429

  // Both outlive it.
  Searches(broker::Broker& broker, Workers& workers);
  Searches(const Searches&) = delete;

  // The right to run, until it dies. It may outlive none of the requests that hold it.
  class Slot {
   public:
    explicit Slot(Searches& searches) : searches_(&searches), number_(searches.first_free()) {
      searches.taken_.set(number_);
    }
    Slot(Slot&& other) noexcept : searches_(std::exchange(other.searches_, nullptr)), number_(other.number_) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (searches_) searches_->taken_.reset(number_);
    }
    // No other that runs has it; below kRunningMax.
    std::size_t number() const { return number_; }

   private:
    Searches* searches_;
    std::size_t number_;
  };
  // Nothing: too many run.
  std::optional<Slot> begin() { return taken_.all() ? std::nullopt : std::optional<Slot>(std::in_place, *this); }
  std::size_t running() const { return taken_.count(); }

  search::ShardReader& reader_of(const replica::PartitionKey& key);
  SearchPace& pace() { return pace_; }

  // From here on searches end with what they have.
  void begin_stop() { stopping_ = true; }
  bool is_stopping() const { return stopping_; }

 private:
  std::size_t first_free() const {
    std::size_t number = 0;
    while (taken_.test(number)) ++number;
    return number;
  }

  broker::Broker& broker_;
  SearchPace pace_;
  std::vector<std::unique_ptr<search::ShardReader>> readers_;  // by shard
  std::bitset<kRunningMax> taken_;
  bool stopping_ = false;
};

}  // namespace thalweg::console
