// What the logs of partitions say, asked of the shards that own them: for the page that somebody sees, and for no more.
#pragma once

#include <optional>
#include <vector>

#include "console/call.h"
#include "replica/partitions.h"

namespace thalweg::console {

using Figures = replica::Partitions::Figures;

// In the order of the keys; nothing where this broker does not lead, so that what is known may be old. In slices.
Task<std::vector<std::optional<Figures>>> leaders_figures(const broker::Broker& broker,
                                                          std::vector<replica::PartitionKey> keys);
// The same of any replica that is here.
Task<std::vector<std::optional<Figures>>> figures_here(const broker::Broker& broker,
                                                       std::vector<replica::PartitionKey> keys);

}  // namespace thalweg::console
