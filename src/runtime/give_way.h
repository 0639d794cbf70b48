// For long work on a shard: between two pieces of it everything else that is ready there runs.
#pragma once

#include "runtime/task.h"

namespace thalweg {

// Goes on once all that was ready on the caller's shard has had its turn.
inline Task<> give_way() {
  co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
}

}  // namespace thalweg
