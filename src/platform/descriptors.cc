#include "platform/descriptors.h"

#include <algorithm>

#include "platform/process_info.h"

namespace thalweg::platform {

Descriptors::Descriptors(std::uint64_t limit, std::uint64_t taken) {
  const std::uint64_t free = limit - std::min(limit, taken);
  const std::uint64_t shared = free - std::min(free / 4, kOddsMax);
  connections_max_ = std::max<std::uint64_t>(shared / 2, 1);
  files_max_ = std::max<std::uint64_t>(shared - shared / 2, 1);
}

std::unique_ptr<Descriptors> Descriptors::of_process(std::uint64_t taken) {
  const ProcessInfo info = process_info();
  return std::make_unique<Descriptors>(info.open_files_max, info.open_files + taken);
}

std::shared_ptr<void> Descriptors::count_connection() {
  ++connections_;
  return {this, [](void* self) { --static_cast<Descriptors*>(self)->connections_; }};
}

}  // namespace thalweg::platform
