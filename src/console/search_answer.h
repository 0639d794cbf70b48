// What a search found and how far it has come, as the API says it.
#pragma once

#include "console/search_request.h"

namespace thalweg::console {

FoundRecord as_found(const search::Match& match);
SearchProgress progress_of(const search::Plan& plan);
// By number, also those that are not searched.
std::vector<SearchPartition> partitions_of(const BegunSearch& begun);
std::vector<std::int32_t> unreached_in(const BegunSearch& begun);

// Looks on until something ends it, or the deadline: what was found meanwhile is behind `found`. Nothing: the deadline.
// At least one window is looked at.
Task<std::optional<SearchEnd>> look_on_until(const Call& call, BegunSearch& begun, std::size_t matches_max,
                                             Instant deadline, std::vector<FoundRecord>& found);
// Without items.
SearchAnswer answer_of(const BegunSearch& begun, SearchEnd why);

}  // namespace thalweg::console
