// What a request to search asks for becomes a search: the filter is compiled, partitions are found with what there is
// in them now, or a cursor says where to go on.
#pragma once

#include <map>
#include <memory>

#include "console/search_ranges.h"
#include "console/searches.h"
#include "search/search.h"

namespace thalweg::console {

struct BegunSearch {
  Searches::Slot slot;
  std::unique_ptr<LeaderReader> leaders;  // reads for `search`
  search::Search search;
  std::size_t limit;
  std::map<std::int32_t, Error> unreached;  // partitions that are not searched, and why; the cursor begins with them
  WindowSize window = {};
};

Task<Outcome<std::unique_ptr<BegunSearch>>> begin_search(const Call& call, const GetTopicSearch& asked);

// The filter, or a problem with the place of the mistake.
Outcome<filter::Filter> compile_filter(const std::string& where, Timestamp now);

}  // namespace thalweg::console
