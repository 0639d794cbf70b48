// Something may have changed: wakes the one coroutine that waits, or lets its next wait pass at once. Many
// notifications before a wait are one. Owner: one shard; not thread-safe.
#pragma once

#include "runtime/task.h"

namespace thalweg {

class Signal {
 public:
  void notify() {
    notified_ = true;
    parking_.resume();
  }
  Task<> wait() {
    if (!notified_) co_await parking_.park();
    notified_ = false;
  }

 private:
  bool notified_ = false;
  Parking parking_;
};

}  // namespace thalweg
