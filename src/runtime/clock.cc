#include "runtime/clock.h"

namespace thalweg {

Task<> Clock::sleep_until(Instant when) {
  OneShot<bool> done;
  auto timer = call_at(when, [done] { done.set(true); });
  co_await done.wait();
}

}  // namespace thalweg
