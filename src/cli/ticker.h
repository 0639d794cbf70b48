// The pauses of a command that looks again and again, until its user wants it to stop.
#pragma once

#include <memory>

#include "cli/command.h"
#include "runtime/signal.h"

namespace thalweg::cli {

// Owner: the shard of the command. A wish to stop also ends what is asked of the cluster at that moment.
class Ticker {
 public:
  explicit Ticker(const Session& session)
      : clock_(session.context.shard.clock), state_(std::make_shared<State>(&session.client)) {
    session.terminal().on_stop([weak = std::weak_ptr(state_)] {
      const auto state = weak.lock();
      if (!state) return;
      state->stopped = true;
      state->client->interrupt();
      state->changed.notify();
    });
  }

  bool stopped() const { return state_->stopped; }
  // Waits so long; false as soon as the user wants to stop.
  Task<bool> next(Millis pause) {
    bool over = false;
    const auto timer = clock_.call_at(later(clock_.now(), pause), [&over, state = state_] {
      over = true;
      state->changed.notify();
    });
    while (!over && !state_->stopped) co_await state_->changed.wait();
    co_return !state_->stopped;
  }

 private:
  struct State {
    explicit State(admin::Client* its) : client(its) {}
    admin::Client* const client;
    Signal changed;
    bool stopped = false;
  };
  Clock& clock_;
  const std::shared_ptr<State> state_;
};

}  // namespace thalweg::cli
