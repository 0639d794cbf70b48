#include "network/large_frames.h"

namespace thalweg::network {
namespace {

struct Held {
  Held(const Shard& o, Charge c) : owner(o), charge(std::move(c)) {}
  Held(const Held&) = delete;
  ~Held() {
    owner.post([charge = std::move(charge)] {});
  }
  const Shard& owner;
  Charge charge;
};

}  // namespace

Task<LargeFrames::Claim> LargeFrames::claim(std::size_t bytes) {
  Charge charge = co_await owner_.call(*this, &LargeFrames::admit, bytes);
  co_return std::make_shared<const Held>(owner_, std::move(charge));
}

Task<bool> LargeFrames::is_wanted() { co_return co_await owner_.call(*this, &LargeFrames::is_short); }

}  // namespace thalweg::network
