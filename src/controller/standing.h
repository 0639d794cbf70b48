// Where the brokers stand: as the image says, but for one broker whose own record is part of this very step. Decisions
// about partitions ask here, so that a step sees the broker that it fences as fenced.
#pragma once

#include <optional>
#include <set>
#include <utility>

#include "metadata/image.h"

namespace thalweg::controller {

class Standing {
 public:
  // `avoided`: brokers that are active and should not lead if another may (the others cannot reach them).
  // Both have to outlive the standing.
  explicit Standing(const metadata::Image& image, const std::set<BrokerId>* avoided = nullptr)
      : image_(&image), avoided_(avoided) {}

  // The same with broker `id` as it will be; nothing: it will not be registered any more.
  Standing with(BrokerId id, std::optional<metadata::Broker> next) const {
    Standing standing = *this;
    standing.changed_ = id;
    standing.next_ = std::move(next);
    return standing;
  }

  const metadata::Image& image() const { return *image_; }
  // Nullptr if it is not registered.
  const metadata::Broker* broker(BrokerId id) const {
    if (id == changed_) return next_ ? &*next_ : nullptr;
    return image_->broker(id);
  }
  // Unfenced, and not on its way out.
  bool active(BrokerId id) const {
    const auto* known = broker(id);
    return known && known->active();
  }
  // Whether this replica may lead and be in sync: its broker is active and its directory online.
  bool serves(const metadata::Partition& partition, BrokerId replica) const {
    return serves(replica, partition.directory(replica));
  }
  bool serves(BrokerId id, Uuid directory) const {
    const auto* known = broker(id);
    return known && known->active() && known->has_online(directory);
  }
  bool avoids(BrokerId id) const { return avoided_ && avoided_->contains(id); }

 private:
  const metadata::Image* image_;
  const std::set<BrokerId>* avoided_;
  BrokerId changed_{kNoBroker};
  std::optional<metadata::Broker> next_;
};

}  // namespace thalweg::controller
