// What needs somebody's attention: a function of the image, the rollup and the history, tested as a table.
#pragma once

#include "console/call.h"

namespace thalweg::console {

struct AttentionInputs {
  TopicTablePtr table;
  metadata::ImagePtr image;
  // The console answers everybody, on addresses that others reach.
  bool is_open_to_others = false;
  // What groups do now, and what they did.
  RollupPtr rollup = nullptr;
  const History* history = nullptr;
  // The disks of this broker's log directories.
  struct Directory {
    std::string path;
    std::uint64_t total = 0, free = 0;
  };
  std::vector<Directory> directories = {};
  BrokerId self = kNoBroker;
};
AttentionInputs attention_inputs(const Call& call, TopicTablePtr table, RollupPtr rollup);

// The most urgent first, at most kAttentionMax of them; as_of is left to the caller. In slices.
inline constexpr std::size_t kAttentionMax = 200;
Task<AttentionList> attention_of(AttentionInputs inputs);

}  // namespace thalweg::console
