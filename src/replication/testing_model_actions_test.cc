// What may happen next, and that it happens.
#include <algorithm>

#include "controller/brokers.h"
#include "controller/leader_election.h"
#include "replication/testing_model.h"

namespace thalweg::replication::model {

std::vector<Action> State::possible() const {
  using enum Action::What;
  std::vector<Action> all;
  for (int i = 0; i < kBrokers; ++i) {
    const Broker& b = brokers_[std::size_t(i)];
    const auto add = [&](Action::What what, int argument = 0) { all.push_back({what, i, argument}); };
    if (leads(i) && values_ < left_.values && b.log.size() < kLogMax &&
        b.leading->in_sync().size() >= std::size_t(left_.min))
      add(kAppend);
    if (b.up && b.durable < b.log.size()) add(kSync);
    if (b.up && b.view != history_.back()) add(kHear);
    if (b.up && history_.size() > 2 && b.view == history_[history_.size() - 3]) add(kHearNext);
    if (follows(i) && b.fetch.step == Fetch::Step::kNone) add(kAsk);
    if (b.fetch.step == Fetch::Step::kAsked && leads(b.fetch.to)) add(kArrive);
    if (b.old_fetch.step == Fetch::Step::kAsked && leads(b.old_fetch.to)) add(kArriveOld);
    if (b.fetch.step == Fetch::Step::kAnswered) add(kTake);
    if (leads(i) && left_.shrinks > 0 && !b.leading->proposed()) {
      int must = 0;
      for (const auto& f : b.leading->followers())
        if (!f.claim) must |= 1 << f.id.value;
      for (int silent = 1; silent < 1 << kBrokers; ++silent)
        if ((silent & must) == must && !(silent >> i & 1)) add(kShrink, silent);
    }
    if (b.alter.step == Alter::Step::kAsked) add(kControl);
    if (b.old_alter.step == Alter::Step::kAsked) add(kControlOld);
    if (b.alter.step == Alter::Step::kAnswered) add(kTold);
    const auto* known = now().broker(BrokerId{i});
    if (!known->fenced && left_.fences > 0) add(kFence);
    if (b.up && known->fenced && known->epoch == b.epoch && b.view->broker(BrokerId{i})->epoch == b.epoch)
      add(kUnfence);
    if (b.up && left_.kills > 0) add(kKill);
    if (b.up && left_.power > 0)
      for (std::size_t keep = b.durable; keep <= b.log.size(); ++keep) add(kPower, int(keep));
    if (!b.up) add(kStart);
  }
  return all;
}

std::string State::apply(const Action& action) {
  using enum Action::What;
  const int i = action.broker;
  Broker& b = brokers_[std::size_t(i)];
  std::string what;
  switch (action.what) {
    case kAppend: {
      what = "appends a record";
      const LeaderEpoch epoch = partition(*b.view).leader_epoch;
      b.epochs.assign(epoch, Offset{std::int64_t(b.log.size())});
      b.log.push_back({epoch, ++values_});
      grew(i);
      break;
    }
    case kSync:
      what = "syncs";
      b.durable = b.log.size();
      if (leads(i)) grew(i);
      break;
    case kHear:
      what = "hears all metadata";
      hear(i, history_.back());
      break;
    case kHearNext:
      what = "hears some metadata";
      hear(i, history_[history_.size() - 2]);
      break;
    case kAsk:
      what = "fetches";
      b.fetch = {.step = Fetch::Step::kAsked,
                 .to = partition(*b.view).leader.value,
                 .broker_epoch = b.epoch,
                 .asked = position(b),
                 .claim = Offset{std::int64_t(b.durable)}};
      break;
    case kArrive:
      what = "is heard by its leader";
      arrive(i, b.fetch);
      break;
    case kArriveOld:
      what = "is heard by its leader, as it once was";
      arrive(i, b.old_fetch);
      b.old_fetch = {};
      break;
    case kTake:
      what = "takes the answer";
      take(i);
      break;
    case kShrink:
      what = "gives up on the silent of " + std::to_string(action.argument);
      --left_.shrinks;
      shrink(i, action.argument);
      break;
    case kControl:
      control(i, b.alter);
      what = "has the controller decide: " + std::string(name(b.alter.answer));
      break;
    case kControlOld:
      control(i, b.old_alter);
      what = "has the controller decide, late: " + std::string(name(b.old_alter.answer));
      b.old_alter = {};
      break;
    case kTold:
      what = "is told the controller's answer";
      told(i);
      break;
    case kFence:
      what = "is fenced";
      --left_.fences;
      decide(controller::fence(controller::Standing(now()), options(), *now().broker(BrokerId{i})).records);
      break;
    case kUnfence: {
      what = "is unfenced";
      protocol::BrokerHeartbeatRequest beat;
      beat.broker_id = BrokerId{i};
      beat.broker_epoch = b.epoch;
      auto beaten = controller::heartbeat(controller::Standing(now()), options(), beat, {});
      decide(std::move(beaten.records));
      if (beaten.rest) decide(controller::repair(controller::Standing(now()), options(), *beaten.rest).records);
      break;
    }
    case kKill:
      what = "is killed";
      --left_.kills;
      crash(i);
      break;
    case kPower:
      what = "loses power and keeps " + std::to_string(action.argument);
      --left_.power;
      b.log.resize(std::size_t(action.argument));
      b.durable = b.log.size();
      crash(i);
      break;
    case kStart:
      what = "starts";
      start(i);
      break;
  }
  trim();
  check();
  const auto& p = partition(now());
  return "broker " + std::to_string(i) + " " + what + "; leader " + to_string(p.leader) + " in epoch " +
         to_string(p.leader_epoch) + ", " + std::to_string(p.isr.size()) + " in sync, " +
         std::to_string(committed_.size()) + " acknowledged";
}

}  // namespace thalweg::replication::model
