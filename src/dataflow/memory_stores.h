// Kept stores in memory: for StoreType::kInMemory, TestDriver and tests. Empty after a restart, and restored from their
// changelogs.
#pragma once

#include <cstddef>
#include <memory>

#include "thalweg/streams/detail/store.h"

namespace thalweg::streams::detail {

std::unique_ptr<KeptStores> memory_stores(std::size_t count);

}  // namespace thalweg::streams::detail
