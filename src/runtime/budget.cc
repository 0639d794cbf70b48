#include "runtime/budget.h"

#include <map>
#include <utility>

namespace thalweg {

struct Charge::State {
  struct Waiter {
    std::size_t bytes;
    OneShot<Charge> granted;
  };

  std::int64_t total, available;
  std::deque<Waiter> waiting;
  struct Settling {
    std::int64_t held;
    OneShot<bool> turn;
  };
  std::deque<Settling> settling;
  std::map<std::uint64_t, std::function<void()>> when_short;
  std::uint64_t last_id = 0;

  bool fits(std::size_t bytes) const {
    const auto wanted = static_cast<std::int64_t>(bytes);
    return wanted > total ? available > 0 : wanted <= available;
  }
  bool is_short() const { return !waiting.empty() || !settling.empty(); }
  void take(std::size_t bytes) { available -= static_cast<std::int64_t>(bytes); }
  void became_short() {
    // A listener may register again, or take others away.
    for (const auto& [id, listener] : std::exchange(when_short, {})) listener();
  }
  static void give_back(const std::shared_ptr<State>& state, std::size_t bytes) {
    state->available += static_cast<std::int64_t>(bytes);
    CHECK(state->available <= state->total);
    state->pass_on(state);
  }
  void pass_on(const std::shared_ptr<State>& self) {
    // Not only the first: something larger than the whole budget overdraws it alone, and may be behind others.
    for (auto at = settling.begin(); at != settling.end(); ++at) {
      if (available + at->held < 0) continue;
      const auto turn = at->turn;
      settling.erase(at);
      turn.set(true);
      return;  // the next one when this one has given something back
    }
    if (!settling.empty()) return;
    while (!waiting.empty() && fits(waiting.front().bytes)) {
      auto waiter = std::move(waiting.front());
      waiting.pop_front();
      take(waiter.bytes);
      waiter.granted.set(Charge(self, waiter.bytes));
    }
  }
};

Charge& Charge::operator=(Charge&& other) noexcept {
  if (this == &other) return *this;
  release();
  state_ = std::move(other.state_);
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

void Charge::add(std::size_t bytes) {
  if (!state_) return;
  state_->take(bytes);
  bytes_ += bytes;
}

void Charge::absorb(Charge other) {
  if (!state_) state_ = other.state_;
  CHECK(state_ == other.state_ || other.bytes_ == 0);
  bytes_ += std::exchange(other.bytes_, 0);
}

void Charge::release() {
  if (const std::size_t bytes = std::exchange(bytes_, 0); bytes > 0) State::give_back(state_, bytes);
}

std::size_t Charge::overdraft() const {
  return state_ && state_->available < 0 ? static_cast<std::size_t>(-state_->available) : 0;
}

Budget::Budget(std::size_t bytes) : state_(std::make_shared<Charge::State>()) {
  state_->total = state_->available = static_cast<std::int64_t>(bytes);
}

Budget::~Budget() = default;

std::size_t Budget::total() const { return static_cast<std::size_t>(state_->total); }
std::int64_t Budget::available() const { return state_->available; }
bool Budget::is_short() const { return state_->is_short(); }
std::size_t Budget::waiting() const { return state_->waiting.size() + state_->settling.size(); }

Charge Budget::take(std::size_t bytes) {
  state_->take(bytes);
  return Charge(state_, bytes);
}

std::optional<Charge> Budget::try_admit(std::size_t bytes) {
  if (state_->is_short() || !state_->fits(bytes)) return std::nullopt;
  return take(bytes);
}

Task<Charge> Budget::admit(std::size_t bytes) {
  if (auto charge = try_admit(bytes)) co_return std::move(*charge);
  const auto state = state_;
  const OneShot<Charge> granted;
  state->waiting.push_back({bytes, granted});
  state->became_short();
  co_return co_await granted.wait();
}

Task<> Budget::settled(const Charge& mine) {
  const auto state = state_;
  const auto held = static_cast<std::int64_t>(mine.bytes());
  if (state->available + held >= 0 && state->settling.empty()) co_return;
  const OneShot<bool> turn;
  state->settling.push_back({held, turn});
  state->became_short();
  co_await turn.wait();
}

std::unique_ptr<Budget::Registration> Budget::once_short(std::function<void()> listener) {
  const std::uint64_t id = ++state_->last_id;
  if (is_short())
    listener();
  else
    state_->when_short.emplace(id, std::move(listener));
  return std::make_unique<Registration>(state_, id);
}

Budget::Registration::~Registration() {
  if (const auto state = state_.lock()) state->when_short.erase(id_);
}

}  // namespace thalweg
