#include "broker/lost_leaders.h"

#include <algorithm>
#include <utility>

#include "broker/broker_shard.h"
#include "broker/connection_memory.h"
#include "broker/context.h"

namespace thalweg::broker {
namespace {

bool is_there(const metadata::Image& image, BrokerId id, std::int64_t epoch) {
  const auto* broker = image.broker(id);
  return broker && !broker->fenced && broker->epoch == epoch;
}

}  // namespace

void LostLeaders::lost(BrokerId broker, const metadata::Image& image) {
  const auto* known = image.broker(broker);
  if (known && !known->fenced) missed_[broker] = {known->epoch, shard_.clock.now() + kPatience};
}

void LostLeaders::found(BrokerId broker) {
  miss_no_more([broker](const auto& one) { return one.first == broker; });
}

void LostLeaders::on_image(const metadata::Image& image) {
  miss_no_more([&image](const auto& one) { return !is_there(image, one.first, one.second.epoch); });
}

template <class Which>
void LostLeaders::miss_no_more(Which which) {
  if (std::erase_if(missed_, which) > 0 && missed_.empty()) times_none_missed_.advance(times_none_missed_.value() + 1);
}

Task<> LostLeaders::settled() {
  miss_no_more([now = shard_.clock.now()](const auto& one) { return one.second.until <= now; });
  if (missed_.empty()) co_return;
  Instant until{};
  for (const auto& [id, missed] : missed_) until = std::max(until, missed.until);
  co_await times_none_missed_.reached(times_none_missed_.value() + 1, until);
}

Task<metadata::ImagePtr> image_without_lost_leaders(const RequestContext& context) {
  const bool asks_again = context.memory && std::exchange(context.memory->has_been_told_leaders, true);
  const bool alone = context.image->brokers().size() < 2;
  const Instant begun = context.now();
  if (asks_again && !alone) co_await context.here.shard.clock.sleep_for(LostLeaders::kGlance);
  co_await context.here.lost_leaders.settled();
  context.note_wait_since(begun);
  co_return context.here.image();
}

}  // namespace thalweg::broker
