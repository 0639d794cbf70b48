// What a partition is called inside a broker.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>

#include "base/types.h"
#include "base/uuid.h"

namespace thalweg::replica {

struct PartitionKey {
  Uuid topic_id;
  PartitionId partition;
  friend auto operator<=>(const PartitionKey&, const PartitionKey&) = default;
};

}  // namespace thalweg::replica
