#include "controller/progress.h"

namespace thalweg::controller {

const Progress::Broker* Progress::find(BrokerId id) const {
  const auto at = brokers_.find(id);
  return at == brokers_.end() ? nullptr : &at->second;
}

void Progress::on_registered(BrokerId id, std::int64_t epoch, Offset index) {
  brokers_[id] = {.epoch = epoch, .registered = index};
}

void Progress::on_beat(const Beat& beat) {
  auto& broker = brokers_[beat.id];
  if (broker.epoch != beat.epoch) broker = {.epoch = beat.epoch, .registered = beat.log_end};
  broker.published = beat.published;
  if (!beat.leaves) broker.drained.reset();
}

bool Progress::caught_up(const Beat& beat) const {
  const auto* broker = find(beat.id);
  return beat.published >= (broker && broker->epoch == beat.epoch ? broker->registered : beat.log_end);
}

void Progress::on_drained(BrokerId id, Offset index, Instant now) {
  auto& drained = brokers_[id].drained;
  if (!drained) drained = {.index = index, .at = now};
}

bool Progress::may_go(const Beat& beat, const metadata::Image& image, std::optional<Offset> in_force,
                      Instant now) const {
  const auto* leaving = find(beat.id);
  const bool known = leaving && leaving->drained;
  if (known && now - leaving->drained->at >= kInForceMax) return true;
  const Offset wanted = known ? leaving->drained->index : beat.log_end;
  if (in_force) return *in_force >= wanted;
  for (const auto& [id, broker] : image.brokers()) {
    if (id == beat.id || !broker.active()) continue;
    const auto* other = find(id);
    if (!other || other->epoch != broker.epoch || other->published < wanted) return false;
  }
  return true;
}

}  // namespace thalweg::controller
