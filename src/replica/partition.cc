#include "replica/partition.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "replication/throttled_replicas.h"

namespace thalweg::replica {

Partition::Partition(const Shard& shard, BrokerId self, storage::LogPtr log, ReplicationTimes times)
    : shard_(shard),
      self_(self),
      log_(std::move(log)),
      times_(times),
      high_watermark_(shard.clock, std::min(log_->high_watermark(), log_->end_offset())),
      followed_(shard.clock, high_watermark_.value()) {
  look_for_throttles();
  follow_start();
}

Partition::~Partition() { log_->when_start_moves(nullptr); }

// ---- The role

void Partition::update(const metadata::Partition& state) {
  if (stopped_) return;
  CHECK(!changing_);  // see settled(): a leader does not lose records in its own epoch
  ++stamp_;
  stir_all();
  const bool new_epoch = state.leader_epoch > leader_epoch_;
  replicas_ = state.replicas.size();
  const bool led = is_leader();
  leader_ = state.leader;
  leader_epoch_ = state.leader_epoch;
  partition_epoch_ = state.partition_epoch;
  isr_ = state.isr;
  if (is_leader() && !led) led_from_ = leader_epoch_;
  if (new_epoch) log_->forget_verifications();
  if (is_leader() != led) {  // who waits here as a reader looks again
    followed_.fail();
    followed_.reopen();
  }
  if (!is_leader()) {
    end_role();
    followed_.reset(high_watermark_.value());
    role_.emplace<Following>();
  } else if (log_->is_offline()) {
    give_up();
  } else if (!leading() || new_epoch) {
    if (new_epoch) log_->start_epoch(leader_epoch_);
    lead(state);
  } else {
    take(leading()->replication.on_image(state, in_sync_min(), local(), isr_changes_.eligible, shard_.clock.now()));
  }
}

void Partition::lead(const metadata::Partition& state) {
  if (!leading()) high_watermark_.reopen();
  role_.emplace<Leading>(
      Replication(self_, state, in_sync_min(), local(), high_watermark_.value(), times_, shard_.clock.now()));
  follow_log();
}

void Partition::set_config(storage::LogConfig config) {
  log_->set_config(std::move(config));
  look_for_throttles();
  if (leading()) take(leading()->replication.on_config(in_sync_min(), isr_changes_.eligible, shard_.clock.now()));
}

void Partition::look_for_throttles() {
  const auto& config = log_->config();
  const PartitionId id = log_->partition().partition;
  named_as_leader_ = replication::names_replica(config.leader_replication_throttled_replicas, id, self_);
  named_as_follower_ = replication::names_replica(config.follower_replication_throttled_replicas, id, self_);
}

void Partition::end_role() {
  if (leading()) end_leadership();
  role_.emplace<Idle>();
}

// Who waits for something of it is told.
void Partition::end_leadership() {
  ++stamp_;
  stir_all();
  high_watermark_.fail();
  if (const auto low = std::exchange(low_watermark_, nullptr)) low->fail();
}

// Nobody can read from here, so nobody fetches: that is no reason to put anybody out.
void Partition::give_up() {
  role_.emplace<GivingUp>();
  end_leadership();
  ask_for_another_leader();
}

// Asked again until the image has another leader: at first there may be nobody who could lead.
void Partition::ask_for_another_leader() {
  auto* const giving_up = std::get_if<GivingUp>(&role_);
  if (!giving_up || replicas_ < 2 || !isr_changes_.propose) return;
  giving_up->again = shard_.clock.call_at(shard_.clock.now() + times_.refused_wait, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->ask_for_another_leader();
  });
  propose_another_leader();
}

void Partition::propose_another_leader() {
  Replication::Wanted wanted{.isr = isr_, .partition_epoch = partition_epoch_, .leader_epoch = leader_epoch_};
  std::erase(wanted.isr, self_);
  wanted.broker_epochs.assign(wanted.isr.size(), -1);
  isr_changes_.propose(std::move(wanted));
}

// A disk that does not answer acknowledges nothing, and its broker is as alive as ever: nobody else would lead for
// that.
void Partition::watch_disk(Instant when) {
  leading()->disk_look = shard_.clock.call_at(when, [weak = weak_from_this()] {
    if (const auto self = weak.lock(); self && self->leading()) self->look_at_disk();
  });
}

// The own disk has the time that a follower has (replica.lag.time.max.ms). If it answers before there is another
// leader, nothing has happened.
void Partition::look_at_disk() {
  leading()->disk_look.reset();
  const auto since = log_->syncing_since();
  const Instant now = shard_.clock.now(), patience = later(since.value_or(now), times_.lag_max);
  const bool stood_still = std::exchange(leading()->disk_stands_still, since && now >= patience);
  if (!since) return;  // the next append looks again
  if (now < patience) return watch_disk(patience);
  watch_disk(now + times_.refused_wait);
  if (!isr_changes_.propose || isr_.size() < 2) return;
  if (!stood_still)
    log::warn("disk does not answer, so another replica is to lead; look at the disk",
              field("directory", log_->directory()),
              field("milliseconds", std::chrono::duration_cast<Millis>(now - *since).count()));
  propose_another_leader();
}

void Partition::stop() {
  stopped_ = true;
  role_.emplace<Idle>();
  end_leadership();
  followed_.fail();
}

// ---- What is committed

// Each time the own disk has more to acknowledge.
void Partition::follow_log() {
  if (log_->is_offline()) return give_up();
  Offset seen;
  do {  // whoever is woken may append
    seen = log_->acknowledged().value();
    take(leading()->replication.on_local(local(), isr_changes_.eligible, shard_.clock.now()));
    if (!leading()) return;
  } while (log_->acknowledged().value() > seen);
  leading()->following_log = log_->acknowledged().once_above(seen, [weak = weak_from_this(), seen] {
    const auto self = weak.lock();
    if (!self || !self->leading()) return;
    if (self->log_->is_offline()) return self->give_up();
    if (self->log_->acknowledged().value() <= seen) return self->high_watermark_.fail();  // it was closed
    self->follow_log();
  });
}

void Partition::take(Replication::Step step) {
  if (log_->is_offline()) return give_up();
  const bool rested = !resting_.empty();
  const std::uint64_t before = stamp_;
  if (step.high_watermark > high_watermark_.value()) {
    log_->set_high_watermark(step.high_watermark);
    ++stamp_;
    high_watermark_.advance(step.high_watermark);
  }
  if (!leading()) return;  // whoever waited for the watermark may have ended the role
  if (low_watermark_) low_watermark_->advance(leading()->replication.low_watermark(log_->start_offset()));
  if (step.propose && isr_changes_.propose)
    isr_changes_.propose(*std::move(step.propose));
  else if (step.propose)
    step = leading()->replication.on_refused(step.propose->partition_epoch, isr_changes_.eligible, shard_.clock.now());
  if (rested && stamp_ != before) {  // what the step says of the next look is of before they were stirred
    stir_all();
    return take(leading()->replication.on_timer(isr_changes_.eligible, shard_.clock.now()));
  }
  look_again(step.again);
}

void Partition::look_again(std::optional<Instant> when) {
  if (!when) return leading()->again.reset();
  leading()->again = shard_.clock.call_at(*when, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || !self->leading()) return;
    self->take(self->leading()->replication.on_timer(self->isr_changes_.eligible, self->shard_.clock.now()));
  });
}

void Partition::isr_refused(std::int32_t partition_epoch) {
  if (leading()) take(leading()->replication.on_refused(partition_epoch, isr_changes_.eligible, shard_.clock.now()));
}

bool Partition::has_followers() const { return leading() && leading()->replication.has_followers(); }
bool Partition::is_forsaken() const { return leading() && leading()->replication.is_forsaken(shard_.clock.now()); }

bool Partition::is_alone_in_sync() const { return leading() && leading()->replication.is_alone(); }

void Partition::note_fetch(const Follower& follower, Offset position) {
  const Replication::Fetched fetched{.from = follower.id,
                                     .broker_epoch = follower.epoch,
                                     .position = position,
                                     .claim = follower.durable == kNoOffset ? position : follower.durable,
                                     .log_start = follower.log_start};
  const auto rests = std::ranges::find(resting_, follower.id, &RestingFetch::follower);
  if (rests != resting_.end()) stir_one(**rests);
  take(leading()->replication.on_fetch(fetched, local(), isr_changes_.eligible, shard_.clock.now()));
}

// A partition cannot have more replicas in sync than it has replicas: with fewer than min.insync.replicas all must be.
std::optional<Partition::InSync> Partition::in_sync() const {
  if (!leading()) return std::nullopt;
  return InSync{leading()->replication.in_sync().size(), replicas_, std::min(in_sync_min(), replicas_)};
}

// ---- Followers whose fetch rests

bool Partition::rest(RestingFetch& fetch, Offset position, std::uint64_t stamp) {
  const auto other = std::ranges::find(resting_, fetch.follower(), &RestingFetch::follower);
  if (other != resting_.end()) stir(**other);
  if (!leading() || stamp != stamp_ || position != log_->end_offset()) return false;
  if (!leading()->replication.rest(fetch.follower(), fetch.broker_epoch(), position)) return false;
  resting_.push_back(&fetch);
  return true;
}

// What follows from it is up to the caller, who takes a step.
void Partition::stir_one(RestingFetch& fetch) {
  std::erase(resting_, &fetch);
  if (leading()) leading()->replication.stir(fetch.follower(), fetch.heard_at());
  fetch.stirred({log_->topic_id(), log_->partition().partition});
}

bool Partition::stir_all() {
  const bool any = !resting_.empty();
  while (!resting_.empty()) stir_one(*resting_.back());
  return any;
}

void Partition::stir(RestingFetch& fetch) {
  stir_one(fetch);
  if (leading()) take(leading()->replication.on_timer(isr_changes_.eligible, shard_.clock.now()));
}

void Partition::abandon() {
  for (RestingFetch* fetch : std::exchange(resting_, {})) fetch->leave({log_->topic_id(), log_->partition().partition});
}

// Something that followers are to be told of.
void Partition::moved() {
  ++stamp_;
  if (stir_all() && leading()) take(leading()->replication.on_timer(isr_changes_.eligible, shard_.clock.now()));
}

void Partition::follow_start() {
  log_->when_start_moves([this] { moved(); });
}

// It is told all of it in this answer, and nothing here can change without a stamp.
bool Partition::has_all(const ReadRequest& request, const ReadResult& result) const {
  return request.replica != kNoBroker && leading() && result.data.bytes == 0 && request.from == log_->end_offset() &&
         std::ranges::find(isr_, request.replica) != isr_.end();
}

// ---- Following

std::optional<replication::Position> Partition::following() const {
  if (stopped_ || changing_ || leader_ == self_ || leader_ == kNoBroker || log_->is_offline()) return std::nullopt;
  const Offset end = log_->end_offset();
  const bool empty = end == log_->start_offset();
  return replication::Position{leader_epoch_, end, empty ? kNoLeaderEpoch : log_->epoch_of(end - 1), empty};
}

// It may go back: a new leader does not know yet how far the last one was.
void Partition::follow_high_watermark(Offset leaders) {
  log_->set_high_watermark(std::min(leaders, log_->end_offset()));
  high_watermark_.reset(log_->high_watermark());
  followed_.reset(log_->high_watermark());
}

Result<> Partition::append_as_follower(SharedBytes records, LeaderEpoch leader_epoch, Offset high_watermark,
                                       Offset log_start) {
  CHECK(following());
  if (!records.empty())
    if (auto appended = log_->append_as_follower(std::move(records), leader_epoch, readers()); !appended)
      return std::unexpected(appended.error().error);
  follow_high_watermark(high_watermark);
  const Offset start = std::min(log_start, log_->high_watermark());
  if (start > log_->durable_start().value()) TRY_VOID(log_->delete_records_before(start));
  return {};
}

Task<Result<>> Partition::change(Task<Result<>> cut) {
  const auto self = shared_from_this();
  changing_ = true;
  ++cuts_;
  auto done = co_await std::move(cut);
  changing_ = false;
  ++cuts_;
  high_watermark_.reset(log_->high_watermark());
  for (const auto& waiter : std::exchange(settling_, {})) waiter.set(true);
  co_return done;
}

bool Partition::freeze() {
  if (stopped_ || changing_ || log_->is_offline()) return false;
  changing_ = frozen_ = true;
  return true;
}

void Partition::thaw(storage::LogPtr log) {
  CHECK(frozen_);
  if (log && !stopped_) {
    CHECK(log->end_offset() == log_->end_offset());
    log->set_config(log_->config());
    log->set_high_watermark(log_->high_watermark());
    // Retention and DeleteRecords go on meanwhile.
    if (log_->start_offset() > log->start_offset())
      if (const auto deleted = log->delete_records_before(log_->start_offset()); !deleted)
        log::warn("records that were deleted are there again until they are deleted once more",
                  field("partition", log->partition()), field("error", deleted.error()));
    // An epoch without a batch is in no copy.
    if (is_leader() && log->latest_epoch() < leader_epoch_) log->start_epoch(leader_epoch_);
    log->adopt_verifications(*log_);
    log_->when_start_moves(nullptr);
    log_ = std::move(log);
    follow_start();
  }
  changing_ = frozen_ = false;
  if (leading()) follow_log();
  for (const auto& waiter : std::exchange(settling_, {})) waiter.set(true);
}

Task<Result<>> Partition::truncate_as_follower(Offset to) {
  CHECK(following());
  return change(log_->truncate_to(to));
}

Task<Result<>> Partition::start_over(Offset at) {
  CHECK(following());
  return change(log_->truncate_fully_and_start_at(at));
}

Task<> Partition::settled() {
  const auto self = shared_from_this();
  while (changing_) {
    const OneShot<bool> done;
    settling_.push_back(done);
    co_await done.wait();
  }
}

}  // namespace thalweg::replica
