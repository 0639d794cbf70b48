#include "broker/in_force.h"

#include <algorithm>

namespace thalweg::broker {

void InForce::on_published(BrokerId broker, Offset index) {
  const auto at = brokers_.find(broker);
  if (at == brokers_.end()) return;
  at->second.published = std::max(at->second.published, index);
  if (at->second.published >= committed_) at->second.left_out = false;
}

// What joins a mark is judged by the mark's time: patience with it is shorter by kGrain at most.
void InForce::on_committed(Offset index, Instant now) {
  if (index <= committed_) return;
  committed_ = index;
  if (!marks_.empty() && now - marks_.back().first < kGrain)
    marks_.back().second = index;
  else
    marks_.emplace_back(now, index);
}

void InForce::on_image(const metadata::Image& image) {
  std::erase_if(brokers_, [&](const auto& entry) {
    const auto* known = image.broker(entry.first);
    return !known || known->epoch != entry.second.epoch;
  });
  for (const auto& [id, broker] : image.brokers())
    if (id != self_) brokers_.try_emplace(id, Broker{.epoch = broker.epoch}).first->second.counts = !broker.fenced;
}

bool InForce::others() const {
  return std::ranges::any_of(brokers_, [](const auto& entry) { return entry.second.counts; });
}

void InForce::reset() {
  brokers_.clear();
  marks_.clear();
  committed_ = overdue_ = Offset{0};
}

Offset InForce::reached(Instant now) {
  while (!marks_.empty() && now - marks_.front().first >= kPatience) {
    overdue_ = marks_.front().second;
    marks_.pop_front();
  }
  Offset least = committed_;
  for (auto& [id, broker] : brokers_) {
    if (broker.published < overdue_) broker.left_out = true;
    if (broker.counts && !broker.left_out) least = std::min(least, broker.published);
  }
  return least;
}

}  // namespace thalweg::broker
