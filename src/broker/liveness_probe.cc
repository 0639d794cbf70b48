#include "broker/liveness_probe.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace thalweg::broker {

struct LivenessProbe::State {
  struct Wish {
    Endpoint at;
    std::function<void()> gone;
  };
  struct Node {
    std::optional<Wish> wish;
    bool looking = false;
    Instant pause{0}, not_before{0};
    std::unique_ptr<Clock::Timer> timer;
  };

  const Shard& shard;
  std::map<raft::MemberId, Node> nodes;
  bool stopped = false;
};

LivenessProbe::LivenessProbe(const Shard& shard)
    : state_(std::make_shared<State>(State{.shard = shard, .nodes = {}, .stopped = false})) {}

LivenessProbe::~LivenessProbe() { stop(); }

void LivenessProbe::look(raft::MemberId node, Endpoint at, std::function<void()> gone) {
  if (state_->stopped) return;
  state_->nodes[node].wish = State::Wish{std::move(at), std::move(gone)};
  proceed(state_, node);
}

void LivenessProbe::forget(raft::MemberId id) {
  const auto at = state_->nodes.find(id);
  if (at == state_->nodes.end()) return;
  at->second.wish.reset();
  at->second.pause = at->second.not_before = Instant{0};
}

void LivenessProbe::begin_anew() {
  for (auto& [id, node] : state_->nodes) {
    node.pause = node.not_before = Instant{0};
    proceed(state_, id);
  }
}

void LivenessProbe::proceed(const std::shared_ptr<State>& state, raft::MemberId id) {
  auto& node = state->nodes[id];
  if (state->stopped || node.looking || !node.wish) return;
  const Instant now = state->shard.clock.now();
  if (now < node.not_before) {
    node.timer = state->shard.clock.call_at(node.not_before, [state, id] { proceed(state, id); });
    return;
  }
  if (now - node.not_before > kCalm) node.pause = Instant{0};
  node.looking = true;
  spawn(state->shard, run(state, id));
}

Task<> LivenessProbe::run(std::shared_ptr<State> state, raft::MemberId id) {
  auto& node = state->nodes[id];  // stays where it is: nobody is taken out
  auto& clock = state->shard.clock;
  auto wished = std::exchange(node.wish, std::nullopt);
  if (!wished) {  // forgotten before this began
    node.looking = false;
    co_return;
  }
  const State::Wish wish = *std::move(wished);
  KnockTally tally;
  auto verdict = KnockTally::Verdict::kGoOn;
  for (;;) {
    verdict = tally.on(co_await state->shard.network.knock(wish.at, later(clock.now(), kWithin)));
    if (state->stopped) co_return;
    if (verdict != KnockTally::Verdict::kGoOn) break;
    co_await clock.sleep_for(kBetween);
    if (state->stopped) co_return;
  }
  node.looking = false;
  node.pause = std::clamp(2 * node.pause, kPauseFirst, kPauseLast);
  node.not_before = later(clock.now(), node.pause);
  if (verdict == KnockTally::Verdict::kGone) wish.gone();
  proceed(state, id);
}

void LivenessProbe::stop() {
  state_->stopped = true;
  for (auto& [id, node] : state_->nodes) node.timer.reset();
}

}  // namespace thalweg::broker
