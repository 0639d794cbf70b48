// What needs somebody's attention: a function of the image, tested as a table. What needs history (how long, how fast)
// is not here yet.
#pragma once

#include "console/call.h"

namespace thalweg::console {

struct AttentionInputs {
  TopicTablePtr table;
  metadata::ImagePtr image;
  // The console answers everybody, on addresses that others reach.
  bool is_open_to_others = false;
};
AttentionInputs attention_inputs(const Call& call, TopicTablePtr table);

// The most urgent first, at most kAttentionMax of them; as_of is left to the caller. In slices.
inline constexpr std::size_t kAttentionMax = 200;
Task<AttentionList> attention_of(AttentionInputs inputs);

}  // namespace thalweg::console
