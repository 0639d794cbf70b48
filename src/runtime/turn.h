// One at a time: coroutines of one shard that must not interleave across their suspensions take turns, first come first
// served.
//
//   const Turn::Held held = co_await turn.take();
#pragma once

#include <list>
#include <memory>

#include "runtime/task.h"

namespace thalweg {

class Turn {
  struct State {
    bool taken = false;
    std::list<OneShot<bool>> waiting;  // takes no memory while nobody waits: there are four turns for each log
  };

 public:
  class Held {
   public:
    explicit Held(std::shared_ptr<State> state) : state_(std::move(state)) {}
    Held(Held&&) = default;
    ~Held() {
      if (!state_) return;
      if (state_->waiting.empty()) {
        state_->taken = false;
        return;
      }
      state_->waiting.front().set(true);  // the turn passes on, it is never free in between
      state_->waiting.pop_front();
    }

   private:
    std::shared_ptr<State> state_;
  };

  Task<Held> take() {
    const auto state = state_;
    if (!state->taken) {
      state->taken = true;
      co_return Held(state);
    }
    OneShot<bool> mine;
    state->waiting.push_back(mine);
    co_await mine.wait();
    co_return Held(state);
  }

 private:
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace thalweg
