// Where a search stands, as text that its client keeps: with it the search goes on, on any node that has the
// partitions, also after a restart. It grants nothing and is checked like anything else that a stranger sends.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"
#include "search/plan.h"

namespace thalweg::search {

struct Cursor {
  Uuid topic_id;
  std::uint32_t wish = 0;  // of what is looked for, and how: wish_hash()
  Timestamp now = 0;       // when the search began, which is what its filter takes for now
  Counts counts;
  std::vector<Part> parts;  // by partition, each once; without what failed, which is tried again
};

// Of all that must not change between two requests of one search.
std::uint32_t wish_hash(std::string_view where, Order order, bool committed);

// Letters, digits, '-' and '_'.
std::string encode(const Cursor& cursor);
// kInvalidRequest: it is none. What it says is consistent in itself, and nothing more: whether there are such
// partitions is for the caller to find out. At most kPartitionsMax parts.
Result<Cursor> decode_cursor(std::string_view text);

}  // namespace thalweg::search
