// A search as server-sent events, while it goes on:
//
//   event: elsewhere, data: [3, 7]                               first: partitions of which nobody has answered
//   id: CURSOR, event: records, data: [FoundRecord…]             what was found
//   event: progress, data: SearchProgress                        every 40 ms
//   id: CURSOR, event: partitions, data: [SearchPartition…]      every 250 ms
//   id: CURSOR, event: done, data: SearchAnswer                  the last one, without items
//
// A client that is cut off, or stops, goes on with the last cursor.
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
