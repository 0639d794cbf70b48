// What a request to search asks for becomes a search: the filter is compiled, partitions are found with what there is
// in them now, or a cursor says where to go on.
#pragma once

#include <memory>
#include <vector>

#include "console/call.h"
#include "console/searches.h"
#include "search/search.h"

namespace thalweg::console {

struct BegunSearch {
  Searches::Slot slot;
  search::Search search;
  std::size_t limit;
  std::vector<std::int32_t> elsewhere;  // partitions that no replica here has
};

Task<Outcome<std::unique_ptr<BegunSearch>>> begin_search(const Call& call, const GetTopicSearch& asked);

// The filter, or a problem with the place of the mistake.
Outcome<filter::Filter> compile_filter(const std::string& where, Timestamp now);

}  // namespace thalweg::console
