#include "http/server_memory.h"

namespace thalweg::http {

struct ServerMemory::State {
  Budget& budget;
  std::multimap<std::int64_t, OneShot<bool>> waiting;  // by what they hold
  std::map<std::uint64_t, std::function<void()>> readers;
  std::uint64_t last_reader = 0;

  bool may_grow(std::int64_t held) const { return budget.available() + held >= 0; }
  // All whose turn it may be, who holds least first, so that who has just come does not wait for those who hoard. Who
  // goes first may take what the next one then waits for again.
  void look_again() {
    std::erase_if(waiting, [this](const auto& each) {
      if (!may_grow(each.first)) return false;
      each.second.set(true);
      return true;
    });
  }
};

ServerMemory::ServerMemory(Budget& budget) : state_(std::make_shared<State>(State{.budget = budget})) {}

ServerMemory::Hold& ServerMemory::Hold::operator=(Hold&& other) noexcept {
  if (this == &other) return *this;
  release();
  state_ = std::move(other.state_);
  charge_ = std::move(other.charge_);
  return *this;
}

void ServerMemory::Hold::release() {
  if (charge_.bytes() == 0) return;
  charge_.release();
  state_->look_again();
}

ServerMemory::Hold ServerMemory::take(std::size_t bytes) { return {state_, state_->budget.take(bytes)}; }

bool ServerMemory::is_short_for(const Hold& mine) const { return !state_->may_grow(std::int64_t(mine.bytes())); }

Task<std::optional<ServerMemory::Hold>> ServerMemory::take_beside(const Hold& mine, std::size_t bytes, Clock& clock,
                                                                  Instant deadline) {
  const auto state = state_;
  const auto held = std::int64_t(mine.bytes());
  while (!state->may_grow(held)) {
    const OneShot<bool> turn;
    state->waiting.emplace(held, turn);
    for (const auto& [id, somebody_waits] : state->readers) somebody_waits();
    const auto timer = clock.call_at(deadline, [turn] { turn.set(false); });
    if (co_await turn.wait()) continue;
    std::erase_if(state->waiting, [](const auto& each) { return each.second.is_set(); });
    co_return std::nullopt;
  }
  co_return Hold(state, state->budget.take(bytes));
}

std::unique_ptr<ServerMemory::Reader> ServerMemory::reads(std::function<void()> somebody_waits) {
  if (!state_->waiting.empty()) somebody_waits();
  const std::uint64_t id = ++state_->last_reader;
  state_->readers.emplace(id, std::move(somebody_waits));
  return std::make_unique<Reader>(state_, id);
}

ServerMemory::Reader::~Reader() {
  if (const auto state = state_.lock()) state->readers.erase(id_);
}

}  // namespace thalweg::http
