// Segments leave a log: what Kafka calls an asynchronous delete.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/shard.h"
#include "storage/log_segment.h"

namespace thalweg::storage {

// Renames the files of `segments` to .deleted and removes them after `delay`, so that reads under way keep their bytes.
// The names are durable with the next sync of the directory.
Result<> take_away(const Shard& shard, const std::string& directory,
                   const std::vector<std::shared_ptr<LogSegment>>& segments, Millis delay);

// The files of names that are .deleted go after `delay`.
void remove_later(const Shard& shard, std::vector<std::string> paths, Millis delay);

}  // namespace thalweg::storage
