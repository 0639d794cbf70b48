// The memory of a server's bodies and answers: a Budget, and who waits for it.
//
// An answer takes what it needs at once, since it is there already. A body grows bit by bit, many of them at a time,
// and asks before each bit. While the budget is overdrawn it waits, unless it is overdrawn by no more than the body
// holds itself: whoever took last may always take again, so they never all wait for one another, and the budget is
// overdrawn by one body at most, beside answers on their way. Owner: the shard; holds may outlive this.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "runtime/budget.h"
#include "runtime/clock.h"

namespace thalweg::http {

class ServerMemory {
  struct State;

 public:
  // The budget outlives the holds.
  explicit ServerMemory(Budget& budget);

  // The right to some bytes; given back when it dies, which is when those who wait are looked at.
  class Hold {
   public:
    Hold() = default;
    Hold(Hold&&) noexcept = default;
    Hold& operator=(Hold&& other) noexcept;
    ~Hold() { release(); }
    std::size_t bytes() const { return charge_.bytes(); }
    void add(std::size_t bytes) { charge_.add(bytes); }
    void release();

   private:
    friend class ServerMemory;
    Hold(std::shared_ptr<State> state, Charge charge) : state_(std::move(state)), charge_(std::move(charge)) {}
    std::shared_ptr<State> state_;
    Charge charge_;
  };
  [[nodiscard]] Hold take(std::size_t bytes);

  // Whether a body that holds `mine` has to wait before it grows.
  bool is_short_for(const Hold& mine) const;
  // Takes `bytes` beside `mine`, which does not change meanwhile, as soon as it may; nothing when that is not before
  // the deadline.
  Task<std::optional<Hold>> take_beside(const Hold& mine, std::size_t bytes, Clock& clock, Instant deadline);

  // Calls `somebody_waits` whenever that begins; at once if it is so already. Until the handle dies.
  class Reader {
   public:
    Reader(std::weak_ptr<State> state, std::uint64_t id) : state_(std::move(state)), id_(id) {}
    ~Reader();
    Reader(const Reader&) = delete;

   private:
    const std::weak_ptr<State> state_;
    const std::uint64_t id_;
  };
  [[nodiscard]] std::unique_ptr<Reader> reads(std::function<void()> somebody_waits);

 private:
  const std::shared_ptr<State> state_;
};

}  // namespace thalweg::http
