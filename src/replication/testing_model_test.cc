// What brokers, their disks and the controller do, in one step each.
#include "replication/testing_model.h"

#include <algorithm>

#include "controller/brokers.h"
#include "controller/elections.h"
#include "controller/leader_election.h"
#include "metadata/image_builder.h"

namespace thalweg::replication::model {
namespace {

using namespace std::chrono_literals;
constexpr Uuid kTopic{1, 2};
constexpr Instant kSilence = 1s;

// Waits are none, so that time is no part of a state but for who was not heard lately.
constexpr ReplicationTimes kTimes{
    .lag_max = 1h, .silence_max = kSilence, .refused_wait = 0s, .back_min = 0s, .back_max = 0s};

metadata::ImagePtr first_image() {
  metadata::ImageBuilder builder(std::make_shared<const metadata::Image>("c"));
  const auto apply = [&](metadata::Record record) { CHECK(builder.apply(record)); };
  apply(protocol::FeatureLevelRecord{.name = "eligible.leader.replicas.version", .feature_level = 1});
  protocol::PartitionRecord partition;
  for (int i = 0; i < kBrokers; ++i) {
    protocol::RegisterBrokerRecord broker;
    broker.broker_id = BrokerId{i};
    broker.broker_epoch = 1;
    broker.incarnation_id = {1, std::uint64_t(i)};
    broker.fenced = false;
    apply(broker);
    partition.replicas.push_back(BrokerId{i});
    partition.isr.push_back(BrokerId{i});
  }
  apply(protocol::TopicRecord{.name = "t", .topic_id = kTopic});
  partition.partition_id = PartitionId{0};
  partition.topic_id = kTopic;
  partition.leader = BrokerId{0};
  partition.leader_epoch = LeaderEpoch{1};
  partition.partition_epoch = 1;
  apply(partition);
  return builder.pin();
}

std::uint64_t mix(std::uint64_t h, std::uint64_t v) {
  h ^= v + 0x9e3779b97f4a7c15ull + (h << 6) + (h >> 2);
  h *= 0xff51afd7ed558ccdull;
  return h ^ (h >> 33);
}

bool contains(const std::vector<BrokerId>& ids, int i) { return std::ranges::find(ids, BrokerId{i}) != ids.end(); }

}  // namespace

const controller::Options& State::options() const {
  static const auto of = [](int m) {
    controller::Options options;
    options.static_configs = {{"min.insync.replicas", std::to_string(m)}};
    return options;
  };
  static const std::array<controller::Options, 3> all{of(0), of(1), of(2)};
  return all.at(std::size_t(left_.min));
}

State::State(const Limits& limits) : left_(limits), history_{first_image()} {
  for (int i = 0; i < kBrokers; ++i) {
    brokers_[std::size_t(i)].epoch = 1;
    brokers_[std::size_t(i)].view = history_.back();
    metadata::Partition none;
    become(i, none, partition(now()));
  }
}

const metadata::Partition& State::partition(const metadata::Image& image) const {
  return *image.topic(kTopic)->partition(PartitionId{0});
}

bool State::leads(int i) const { return brokers_[std::size_t(i)].up && brokers_[std::size_t(i)].leading; }

bool State::follows(int i) const {
  const Broker& b = brokers_[std::size_t(i)];
  const auto& p = partition(*b.view);
  return b.up && !b.leading && p.leader != kNoBroker && p.leader != BrokerId{i};
}

Position State::position(const Broker& b) const {
  const Offset end{std::int64_t(b.log.size())};
  const LeaderEpoch last = b.log.empty() ? kNoLeaderEpoch : b.epochs.epoch_at(end - 1).value_or(kNoLeaderEpoch);
  return {partition(*b.view).leader_epoch, end, last};
}

Replication::Local State::local(const Broker& b) const {
  return {Offset{std::int64_t(b.log.size())}, Offset{std::int64_t(b.durable)}};
}

Replication::Eligible State::eligible(int i) const {
  return [view = brokers_[std::size_t(i)].view](BrokerId id, std::int64_t epoch) {
    const auto* broker = view->broker(id);
    return broker && broker->active() && broker->epoch == epoch;
  };
}

template <class Change>
void State::step(int i, Change change) {
  Broker& b = brokers_[std::size_t(i)];
  auto changed = std::make_shared<Replication>(*b.leading);
  Replication::Step step = change(*changed);
  b.leading = changed;
  b.high_watermark = step.high_watermark;
  commit(i);
  if (!step.propose) return;
  if (b.alter.step == Alter::Step::kAsked) b.old_alter = b.alter;  // of an earlier epoch; it may still arrive
  b.alter = {Alter::Step::kAsked, b.epoch, *step.propose, ErrorCode::kNone};
}

// Its own log has more, or more of it is on disk.
void State::grew(int i) {
  const Broker& b = brokers_[std::size_t(i)];
  step(i, [&](Replication& r) { return r.on_local(local(b), eligible(i), b.now); });
}

void State::commit(int i) {
  const Broker& b = brokers_[std::size_t(i)];
  for (std::size_t o = 0; o < std::size_t(b.high_watermark.value); ++o) {
    if (o < committed_.size()) {
      if (o >= b.log.size() || committed_[o] != b.log[o])
        fail("two different records were acknowledged at one offset, or one was lost");
    } else {
      committed_.push_back(b.log[o]);
    }
  }
}

void State::hear(int i, metadata::ImagePtr image) {
  Broker& b = brokers_[std::size_t(i)];
  const auto was = partition(*b.view);
  b.view = std::move(image);
  become(i, was, partition(*b.view));
}

void State::become(int i, const metadata::Partition& was, const metadata::Partition& is) {
  Broker& b = brokers_[std::size_t(i)];
  const bool new_epoch = is.leader_epoch > was.leader_epoch;
  if (new_epoch) {
    if (b.fetch.step == Fetch::Step::kAsked) b.old_fetch = b.fetch;
    b.fetch = {};
  }
  // Of this process: what led before it is not it.
  const bool mine = is.leader == BrokerId{i} && b.view->broker(BrokerId{i})->epoch == b.epoch;
  if (!mine) {
    b.leading = nullptr;
    return;
  }
  if (new_epoch || !b.leading) {
    const Offset end{std::int64_t(b.log.size())};
    const auto latest = b.epochs.latest();
    if (!latest || latest->epoch < is.leader_epoch) b.epochs.assign(is.leader_epoch, end);
    b.leading = std::make_shared<const Replication>(BrokerId{i}, is, std::size_t(left_.min), local(b), b.high_watermark,
                                                    kTimes, b.now);
    grew(i);
  } else {
    step(i, [&](Replication& r) { return r.on_image(is, std::size_t(left_.min), local(b), eligible(i), b.now); });
  }
}

// As Partition::read has it.
void State::arrive(int i, Fetch& fetch) {
  const Fetch asked = fetch;
  Broker& l = brokers_[std::size_t(asked.to)];
  fetch.step = Fetch::Step::kAnswered;
  const auto& p = partition(*l.view);
  if (asked.asked.leader_epoch != p.leader_epoch) {
    fetch.answer.error =
        asked.asked.leader_epoch < p.leader_epoch ? ErrorCode::kFencedLeaderEpoch : ErrorCode::kUnknownLeaderEpoch;
    return;
  }
  const Offset end{std::int64_t(l.log.size())};
  if (asked.asked.last_epoch != kNoLeaderEpoch) {
    const auto differs =
        divergence(l.epochs.end_offset_for(asked.asked.last_epoch, end), asked.asked.last_epoch, asked.asked.end);
    if (!differs) {
      fetch.answer.error = differs.error().code;
      return;
    }
    fetch.answer.diverging = *differs;
    if (*differs) return;
  }
  if (asked.asked.end > end) {
    fetch.answer.error = ErrorCode::kOffsetOutOfRange;
    return;
  }
  if (asked.asked.end < end) fetch.record = l.log[std::size_t(asked.asked.end.value)];
  step(asked.to, [&](Replication& r) {
    return r.on_fetch({BrokerId{i}, asked.broker_epoch, asked.asked.end, asked.claim}, local(l), eligible(asked.to),
                      l.now);
  });
  fetch.high_watermark = l.high_watermark;
}

void State::cut(Broker& b, std::size_t to) {
  b.log.resize(to);
  b.durable = std::min(b.durable, to);
  b.high_watermark = std::min(b.high_watermark, Offset{std::int64_t(to)});
  b.epochs.truncate_from_end(Offset{std::int64_t(to)});
}

void State::take(int i) {
  Broker& b = brokers_[std::size_t(i)];
  const Fetch fetch = std::exchange(b.fetch, {});
  if (!follows(i) || fetch.broker_epoch != b.epoch) return;
  auto decision = next(fetch.asked, position(b), fetch.answer, b.epochs, 0);
  if (std::holds_alternative<AskOffsets>(decision)) {  // answered at once, as nothing begins above 0 here
    const Broker& l = brokers_[std::size_t(fetch.to)];
    decision = next(fetch.asked, position(b), {Offset{0}, Offset{std::int64_t(l.log.size())}});
    if (!leads(fetch.to) || partition(*l.view).leader_epoch != fetch.asked.leader_epoch) return;
  }
  if (const auto* truncate = std::get_if<Truncate>(&decision)) return cut(b, std::size_t(truncate->to.value));
  if (!std::holds_alternative<Append>(decision) || fetch.answer.error != ErrorCode::kNone) return;
  if (fetch.record) {
    const Offset at{std::int64_t(b.log.size())};
    b.log.push_back(*fetch.record);
    const auto latest = b.epochs.latest();
    if (!latest || latest->epoch != fetch.record->epoch) b.epochs.assign(fetch.record->epoch, at);
  }
  b.high_watermark = std::min(fetch.high_watermark, Offset{std::int64_t(b.log.size())});
}

// Time passes at the leader. Who is not silent asks as it did before.
void State::shrink(int i, int silent) {
  Broker& b = brokers_[std::size_t(i)];
  b.now += kSilence;
  for (const auto& f : b.leading->followers()) {
    if (silent >> f.id.value & 1 || !f.claim) continue;
    step(i, [&](Replication& r) {
      return r.on_fetch({f.id, f.broker_epoch, f.position, *f.claim}, local(b), eligible(i), b.now);
    });
  }
  step(i, [&](Replication& r) { return r.on_timer(eligible(i), b.now); });
}

void State::decide(std::vector<metadata::Record> records) {
  if (records.empty()) return;
  metadata::ImageBuilder builder(history_.back());
  CHECK(builder.apply(records));
  history_.push_back(builder.pin());
}

void State::control(int i, Alter& alter) {
  protocol::AlterPartitionRequest request;
  request.broker_id = BrokerId{i};
  request.broker_epoch = alter.broker_epoch;
  auto& topic = request.topics.emplace_back();
  topic.topic_id = kTopic;
  auto& wanted = topic.partitions.emplace_back();
  wanted.leader_epoch = alter.wanted.leader_epoch;
  wanted.partition_epoch = alter.wanted.partition_epoch;
  for (std::size_t k = 0; k < alter.wanted.isr.size(); ++k)
    wanted.new_isr_with_epochs.push_back({alter.wanted.isr[k], alter.wanted.broker_epochs[k]});
  auto decision = controller::alter_partition(controller::Standing(now()), options(), request, 3);
  alter.step = Alter::Step::kAnswered;
  alter.answer = decision.reply.error_code;
  if (alter.answer == ErrorCode::kNone) alter.answer = decision.reply.topics.at(0).partitions.at(0).error_code;
  decide(std::move(decision.records));
}

void State::told(int i) {
  Broker& b = brokers_[std::size_t(i)];
  const Alter alter = std::exchange(b.alter, {});
  if (!leads(i) || alter.answer != ErrorCode::kIneligibleReplica) return;  // only what says that nothing was done
  step(i, [&](Replication& r) { return r.on_refused(alter.wanted.partition_epoch, eligible(i), b.now); });
}

void State::crash(int i) {
  Broker& b = brokers_[std::size_t(i)];
  b.up = false;
  b.leading = nullptr;
  b.epochs.truncate_from_end(Offset{std::int64_t(b.log.size())});
  if (b.fetch.step == Fetch::Step::kAsked) b.old_fetch = b.fetch;
  if (b.alter.step == Alter::Step::kAsked) b.old_alter = b.alter;
  b.fetch = {};
  b.alter = {};
  b.now = {};
}

// A new process: recovers, syncs what it found, and only then registers.
void State::start(int i) {
  Broker& b = brokers_[std::size_t(i)];
  b.up = true;
  b.durable = b.log.size();
  b.high_watermark = Offset{0};
  const auto* known = now().broker(BrokerId{i});
  if (!known->fenced) decide(controller::fence(controller::Standing(now()), options(), *known).records);
  protocol::BrokerRegistrationRequest request;
  request.broker_id = BrokerId{i};
  request.cluster_id = now().cluster_id();
  b.epoch = now().broker(BrokerId{i})->epoch + 1;
  request.incarnation_id = {std::uint64_t(b.epoch), std::uint64_t(i)};
  request.listeners.push_back({"PLAINTEXT", "host", 9092, 0});
  request.log_dirs = {Uuid{5, std::uint64_t(i) + 1}};
  request.features.push_back({"eligible.leader.replicas.version", 0, 1});
  auto registered = controller::register_broker(controller::Standing(now()), options(), request, false, b.epoch);
  CHECK(registered.reply.error_code == ErrorCode::kNone);
  decide(std::move(registered.records));
  CHECK(!registered.rest);
}

void State::check() {
  const auto& p = partition(now());
  const auto holds = [&](const Broker& b) {
    return b.log.size() >= committed_.size() && std::equal(committed_.begin(), committed_.end(), b.log.begin());
  };
  bool anywhere = committed_.empty();
  for (int i = 0; i < kBrokers; ++i) {
    const Broker& b = brokers_[std::size_t(i)];
    anywhere |= holds(b);
    const auto* known = now().broker(BrokerId{i});
    if (!b.up || known->epoch != b.epoch) continue;
    if (p.leader == BrokerId{i} && !holds(b)) fail("the leader lacks an acknowledged record");
    if (known->fenced) continue;
    if ((contains(p.isr, i) || contains(p.eligible_leader_replicas, i)) && !holds(b))
      fail("an electable replica (ISR or ELR) lacks an acknowledged record");
  }
  if (!anywhere) fail("an acknowledged record is on no disk any more");
  for (const Broker& a : brokers_)
    for (const Broker& b : brokers_)
      for (std::size_t o = 0; o < std::min(a.log.size(), b.log.size()); ++o)
        if (a.log[o].epoch == b.log[o].epoch && a.log[o] != b.log[o])
          fail("one epoch, one offset, two records: divergence that no epoch shows");
}

// Images that everybody has passed are forgotten, so that equal futures are equal states.
void State::trim() {
  std::size_t low = history_.size() - 1;
  for (const Broker& b : brokers_)
    for (std::size_t k = 0; k < low; ++k)
      if (history_[k] == b.view) low = k;
  history_.erase(history_.begin(), history_.begin() + std::ptrdiff_t(low));
}

std::uint64_t State::hash() const {
  std::uint64_t h = 1;
  const auto add = [&](auto v) { h = mix(h, std::uint64_t(v)); };
  const auto add_ids = [&](const std::vector<BrokerId>& ids) {
    add(ids.size());
    for (const auto id : ids) add(id.value);
  };
  const auto add_wanted = [&](const Replication::Wanted& w) {
    add_ids(w.isr);
    add(w.partition_epoch);
    add(w.leader_epoch.value);
    for (const auto e : w.broker_epochs) add(e);
  };
  const auto add_fetch = [&](const Fetch& f) {
    add(f.step);
    if (f.step == Fetch::Step::kNone) return;
    add(f.to), add(f.broker_epoch), add(f.asked.leader_epoch.value), add(f.asked.end.value);
    add(f.asked.last_epoch.value), add(f.claim.value), add(f.answer.error), add(f.high_watermark.value);
    add(f.answer.diverging ? f.answer.diverging->epoch.value * 64 + f.answer.diverging->end_offset.value : -1);
    add(f.record ? f.record->epoch.value * 64 + f.record->value : -1);
  };
  const auto add_alter = [&](const Alter& a) {
    add(a.step);
    if (a.step == Alter::Step::kNone) return;
    add(a.broker_epoch), add(a.answer), add_wanted(a.wanted);
  };
  add(left_.kills), add(left_.power), add(left_.fences), add(left_.shrinks), add(values_);
  for (const auto& e : committed_) add(e.epoch.value * 64 + e.value);
  add(history_.size());
  for (const auto& image : history_) {
    const auto& p = partition(*image);
    add(p.leader.value), add(p.leader_epoch.value), add(p.partition_epoch), add_ids(p.isr);
    add_ids(p.eligible_leader_replicas);
    for (const auto& [id, broker] : image->brokers()) add(broker.epoch * 2 + broker.fenced);
  }
  for (const Broker& b : brokers_) {
    add(b.up), add(b.epoch), add(b.log.size()), add(b.durable), add(b.high_watermark.value);
    for (const auto& e : b.log) add(e.epoch.value * 64 + e.value);
    for (const auto& e : b.epochs.entries()) add(e.epoch.value * 64 + e.start_offset.value);
    add(std::ranges::find(history_, b.view) - history_.begin());
    add(b.leading != nullptr);
    if (b.leading) {
      add(b.leading->epoch_start().value), add_ids(b.leading->in_sync());
      add(b.leading->proposed().has_value());
      if (b.leading->proposed()) add_wanted(*b.leading->proposed());
      for (const auto& f : b.leading->followers()) {
        add(f.claim ? f.claim->value : -1), add(f.broker_epoch), add(f.position.value);
        add(b.now - f.asked >= kSilence);
      }
    }
    add_fetch(b.fetch), add_fetch(b.old_fetch), add_alter(b.alter), add_alter(b.old_alter);
  }
  return h;
}

}  // namespace thalweg::replication::model
