// The kernel's clocks, and one kernel timer for all the deadlines of a shard. Owner: the shard.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/set.hpp>

#include "runtime/clock.h"

namespace thalweg::platform {

class OsClock : public Clock {
 public:
  explicit OsClock(Executor executor) : timer_(std::move(executor)) {}
  ~OsClock() override;

  Instant now() const override;
  Timestamp wall() const override;
  std::unique_ptr<Timer> call_at(Instant when, std::move_only_function<void()> call) override;

 private:
  using Hook = boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
  struct Entry : Timer, Hook {
    Instant when;
    std::move_only_function<void()> call;
    friend bool operator<(const Entry& a, const Entry& b) { return a.when < b.when; }
  };
  using Entries = boost::intrusive::multiset<Entry, boost::intrusive::constant_time_size<false>>;

  void arm(Instant when);
  void fire();

  boost::asio::steady_timer timer_;
  Entries entries_;  // by deadline, first come first served among equals; a cancelled one leaves at once
  Instant armed_ = Instant::max();
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace thalweg::platform
