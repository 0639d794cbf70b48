#include "bit_flip.h"

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "record/batch.h"

namespace thalweg::simulation {
namespace {

using record::BatchPrefix;

struct Extent {
  std::uint64_t position = 0, size = 0;
};

// Of the newest segment; empty if there is none.
std::string newest_log(Disk& disk, const std::string& folder) {
  std::string newest;
  const auto entries = disk.list(folder);
  for (const auto& entry : entries ? *entries : std::vector<DirectoryEntry>())
    if (entry.name.ends_with(".log")) newest = folder + "/" + entry.name;  // they are sorted
  return newest;
}

// Whole batches in a row, up to where a crash has left less than one.
std::vector<Extent> batches_from(BytesView file, Offset from) {
  std::vector<Extent> found;
  for (std::uint64_t at = 0; file.size() - at >= BatchPrefix::kSize;) {
    const auto prefix = BatchPrefix::read(file.subspan(at));
    if (!prefix || prefix->total_size > file.size() - at) break;
    if (prefix->base_offset >= from) found.push_back({at, prefix->total_size});
    at += prefix->total_size;
  }
  return found;
}

}  // namespace

bool flip_a_bit(sim::World& world, sim::Node& machine, const std::string& folder, Offset from) {
  auto& disk = machine.disk();
  const std::string path = newest_log(disk, folder);
  if (path.empty()) return false;
  const auto content = disk.read_file(path);
  CHECK(content);
  const auto batches = batches_from(*content, from);
  if (batches.size() < 2) return false;
  const auto& [position, size] = batches[world.simulation.below(batches.size() - 1)];
  const std::uint64_t at = position + world.simulation.below(size);
  const std::byte flipped = BytesView(*content)[at] ^ std::byte(1u << world.simulation.below(8));
  const auto file = disk.open(path, OpenMode::kReadWrite);
  CHECK(file && (*file)->write(at, BytesView(&flipped, 1)));
  return true;
}

}  // namespace thalweg::simulation
