// A search as server-sent events, while it goes on:
//
//   id: CURSOR, event: records, data: [FoundRecord…]     what was found; a client that is cut off goes on with the
//   cursor event: progress, data: SearchProgress                every 40 ms event: partitions, data: [SearchPartition…]
//   every 250 ms id: CURSOR, event: done, data: SearchAnswer          the last one, without items
//
// Pulled by whoever reads: who closes the connection is noticed by the next write or the one after it, so a search that
// nobody waits for ends within 100 ms, or with the window that it is at, where a filter takes longer for that. A search
// ends after five minutes, to be gone on with.
#pragma once

#include "console/search_answer.h"
#include "http/message.h"

namespace thalweg::console {

std::unique_ptr<http::BodyStream> stream_of(const Call& call, std::unique_ptr<BegunSearch> begun);

}  // namespace thalweg::console
