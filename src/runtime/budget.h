// How many bytes something may take, and who has taken how many: a Charge is the right to some bytes, and gives them
// back when it dies. Whoever builds a thing whose size a client chose takes a charge for it first, or grows one on the
// way.
//
// Two ways to take: admit() waits for its turn and never takes more than is left; take() and Charge::add() do not wait
// and may leave the budget overdrawn, for what has been begun and must be finished. Nobody is admitted while it is
// overdrawn. Owner: one shard, for the budget, its charges and their deaths. Charges may outlive their budget.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>

#include "runtime/task.h"

namespace thalweg {

class Budget;

class Charge {
 public:
  Charge() = default;
  Charge(Charge&& other) noexcept : state_(std::move(other.state_)), bytes_(std::exchange(other.bytes_, 0)) {}
  Charge& operator=(Charge&& other) noexcept;
  ~Charge() { release(); }

  std::size_t bytes() const { return bytes_; }
  // Grows without waiting. A charge of no budget counts nothing and stays empty.
  void add(std::size_t bytes);
  // Takes over what another one holds. REQUIRES: it is of the same budget, or empty.
  void absorb(Charge other);
  // Gives everything back now.
  void release();
  // By how much the budget is overdrawn; 0 when it is not.
  std::size_t overdraft() const;

 private:
  friend class Budget;
  struct State;
  Charge(std::shared_ptr<State> state, std::size_t bytes) : state_(std::move(state)), bytes_(bytes) {}
  std::shared_ptr<State> state_;
  std::size_t bytes_ = 0;
};

class Budget {
 public:
  explicit Budget(std::size_t bytes);
  Budget(const Budget&) = delete;
  ~Budget();

  std::size_t total() const;
  // Below zero when overdrawn.
  std::int64_t available() const;
  // Somebody waits.
  bool is_short() const;
  std::size_t waiting() const;  // how many

  [[nodiscard]] Charge take(std::size_t bytes);
  // Waits, first come first served, until so many bytes are left. What is larger than the whole budget waits until
  // anything is left and overdraws it: one such thing at a time instead of none ever.
  Task<Charge> admit(std::size_t bytes);
  // The same where it need not wait.
  std::optional<Charge> try_admit(std::size_t bytes);
  // Waits while the budget is overdrawn by more than `mine`, which is what the caller holds already and is about to add
  // to. Then goes before those who wait to be admitted, and one at a time.
  Task<> settled(const Charge& mine);

  // Calls `listener` once, as soon as somebody has to wait; at once (inside this call) if that is so already.
  // Destroying the handle takes the listener away. For those who hold memory that they could give back early.
  class Registration;
  [[nodiscard]] std::unique_ptr<Registration> once_short(std::function<void()> listener);

 private:
  std::shared_ptr<Charge::State> state_;
};

class Budget::Registration {
 public:
  Registration(std::weak_ptr<Charge::State> state, std::uint64_t id) : state_(std::move(state)), id_(id) {}
  ~Registration();
  Registration(const Registration&) = delete;

 private:
  std::weak_ptr<Charge::State> state_;
  std::uint64_t id_;
};

}  // namespace thalweg
