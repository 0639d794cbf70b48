#include "search/window_look.h"

#include <algorithm>
#include <utility>

#include "storage/pieces.h"

namespace thalweg::search {
namespace {

// Newest first, what is read has to reach the window's end: as long as it does not, a shorter window is tried. That
// costs little where nothing but the place of batches is read until one fits.
Task<Result<Batches>> read_to_the_end(Window& window, Order order, const ReadBatches& read) {
  const Offset below = window.to_is_edge ? window.to : replica::kNoBound;
  for (;;) {
    CO_TRY(auto found, co_await read(window.from, below));
    const bool reaches = found.bytes == 0 || found.next >= window.to || window.to - window.from <= 1;
    if (reaches || order == Order::kOldestFirst) co_return found;
    const std::int64_t fits = found.next - std::max(found.first, window.from);
    const std::int64_t shorter = std::clamp<std::int64_t>(fits, 1, (window.to - window.from) / 2);
    window.from = window.to - shorter;
  }
}

ScanWish scan_wish_of(ReadWish wish, Offset first, std::vector<storage::AbortedTransaction> aborted) {
  const Window& window = wish.window;
  const bool newest_first = wish.order == Order::kNewestFirst;
  return {.filter = std::move(wish.filter),
          .partition = window.partition,
          .order = wish.order,
          .from = newest_first ? std::max(window.lowest, std::min(first, window.from)) : window.from,
          .to = window.to,
          .matches_max = wish.matches_max,
          .preview = wish.preview,
          .aborted = std::move(aborted),
          .at_once = window.at_once,
          .columns = std::move(wish.columns),
          .schemas = std::move(wish.schemas)};
}

}  // namespace

bool begin_at(Window& window, Offset log_start) {
  window.lowest = std::max(window.lowest, log_start);
  window.from = std::max(window.from, log_start);
  return window.from < window.to;
}

Task<Result<Looked>> look_at_window(ReadWish wish, ReadBatches read, Workers& workers, Charge memory) {
  CO_TRY(auto found, co_await read_to_the_end(wish.window, wish.order, read));
  begin_at(wish.window, found.log_start);  // a batch may reach back to what is gone
  const Window window = wish.window;
  const bool newest_first = wish.order == Order::kNewestFirst;
  Looked looked{
      .scanned = {.begin = window.from, .end = window.to}, .read_bytes = found.bytes, .log_start = found.log_start};
  if (found.bytes == 0) {
    if (found.end < window.to)
      co_return fail(ErrorCode::kOffsetNotAvailable, "the log ends before " + to_string(window.to) +
                                                         " now, since another broker began to lead; search again");
    co_return looked;  // compaction left nothing there
  }
  if (found.bytes > window.bytes) memory.add(found.bytes - window.bytes);
  CO_TRY(auto bytes, co_await storage::gather(std::move(found.records)));
  ScanWish scan_wish = scan_wish_of(std::move(wish), found.first, std::move(found.aborted));
  CO_TRY(looked.scanned, co_await workers.run([bytes = std::move(bytes), scan_wish = std::move(scan_wish)] {
    return scan(bytes, scan_wish);
  }));
  const Scanned& scanned = looked.scanned;
  if (scanned.wants_schema) co_return looked;
  if (newest_first ? scanned.begin >= window.to : scanned.end <= window.from)
    co_return fail(ErrorCode::kCorruptMessage,
                   "there is no batch at " + to_string(window.from) + " where the log has one");
  co_return looked;
}

}  // namespace thalweg::search
