#include "raft/quorum.h"

#include <fmt/format.h>

#include <mutex>

#include "base/crc32c.h"
#include "base/log.h"
#include "raft/core_views.h"
#include "raft/wire.h"

namespace thalweg::raft {
namespace {

// A core that panics tells its node; without this the panic's text would also go to standard error.
void silence_panics() {
  static std::once_flag once;
  std::call_once(once, [] { rr_init(nullptr, nullptr); });
}

Error unknown_outcome(std::string_view why) {
  return {ErrorCode::kRequestTimedOut, fmt::format("{}; it is unknown whether the change takes place", why)};
}

Base founding_base(const QuorumOptions& options) {
  Base base;
  if (options.voters.empty()) return base;  // a joiner knows nothing and is sent a snapshot
  base.index = base.term = 1;
  for (const BrokerId voter : options.voters) base.membership.voters.push_back(member_of(voter));
  std::ranges::sort(base.membership.voters);
  return base;
}

rr_config config_of(const QuorumOptions& options, MemberId self, std::uint64_t seed, std::uint64_t applied) {
  rr_config config{};
  config.id = self;
  config.seed = seed;
  config.applied = applied;
  // One tick per heartbeat.
  config.election_tick = std::max<std::uint32_t>(2, options.election_timeout / options.heartbeat_interval);
  config.heartbeat_tick = 1;
  config.max_inflight_msgs = 256;
  // Without both, a removed member's terms can strand a voter for ever.
  config.pre_vote = config.check_quorum = 1;
  config.batch_append = 1;
  config.max_size_per_msg = std::min<std::uint64_t>(1 << 20, options.uncommitted_bytes_max);
  config.max_uncommitted_size = options.uncommitted_bytes_max;
  config.max_committed_size_per_ready = 4 << 20;
  return config;
}

}  // namespace

SharedBytes token_of(const MemberTable& members, BytesView image) {
  std::vector<std::byte> token;
  put(token, crc32c(image));
  put(token, static_cast<std::uint64_t>(image.size()));
  put_members(token, members);
  return SharedBytes::take(std::move(token));
}

std::optional<MemberTable> members_in(BytesView token, BytesView image) {
  std::uint32_t checksum = 0;
  std::uint64_t size = 0;
  if (!take(token, checksum) || !take(token, size)) return std::nullopt;
  if (size != image.size() || checksum != crc32c(image)) return std::nullopt;
  auto members = take_members(token);
  return token.empty() ? members : std::nullopt;
}

void Quorum::FreeNode::operator()(rr_node* node) const { rr_free(node); }

Quorum::Quorum(const Shard& shard, QuorumOptions options, StateMachine& machine, Transport* transport)
    : shard_(shard),
      options_(std::move(options)),
      self_(options_.member == kNoMember ? member_of(options_.self) : options_.member),
      machine_(machine),
      transport_(transport),
      log_(shard, options_.metadata_log_dir + "/__cluster_metadata-0", options_.segment_bytes),
      applied_(shard.clock),
      next_barrier_(shard.random.next()) {}

Quorum::~Quorum() = default;

Task<Result<>> Quorum::start() {
  CO_TRY(auto recovered, co_await log_.open());
  CO_TRY_VOID(take_identity(recovered));
  if (recovered.is_new) {
    recovered.base = founding_base(options_);
    recovered.hard_state = {recovered.base.term, 0, recovered.base.index};
    CO_TRY_VOID(co_await log_.initialize(recovered.hard_state, recovered.base, options_.member));
  }
  log::info("metadata log opened", field("new", recovered.is_new ? "yes" : "no"),
            field("snapshot", recovered.base.index), field("entries", recovered.entries.size()),
            field("epoch", recovered.hard_state.term));
  CO_TRY_VOID(restore(std::move(recovered)));
  running_ = 2;
  spawn(shard_, drive());
  spawn(shard_, persist());
  schedule_tick();
  // What is known to be committed is applied first: the core does not campaign while a change of members is not.
  pump();
  // Nobody else could win: waiting for the election timeout would only delay the start.
  if (membership_.is_sole_voter(self_) && rr_campaign(node_.get()) != RR_OK)
    co_return fail(ErrorCode::kUnknownServerError, rr_error(node_.get()));
  wake();
  co_return Result<>{};
}

// A log and the id that its entries were acknowledged under belong together.
Result<> Quorum::take_identity(const QuorumLog::Recovered& recovered) {
  if (!recovered.is_new) {
    self_ = recovered.self == kNoMember ? member_of(options_.self) : recovered.self;
  } else if (options_.voters.empty() == (options_.member == kNoMember)) {
    return fail(ErrorCode::kInvalidConfig,
                "a new metadata log needs either the founding voters or the member id that the quorum's leader gave");
  }
  if (broker_of(self_) != options_.self)
    return fail(ErrorCode::kInvalidConfig,
                fmt::format("{} holds the metadata log of node {}, and this is node {}: look at node.id and at what is "
                            "mounted there",
                            options_.metadata_log_dir, broker_of(self_).value, options_.self.value));
  if (options_.member != kNoMember && options_.member != self_)
    return fail(ErrorCode::kInvalidConfig,
                fmt::format("{} holds the metadata log of member {}, and the quorum knows this disk as {}",
                            options_.metadata_log_dir, name_of(self_), name_of(options_.member)));
  return {};
}

Result<> Quorum::restore(QuorumLog::Recovered recovered) {
  Base& base = recovered.base;
  base.members.settle(base.membership);
  if (base.index > 1) TRY_VOID(machine_.restore(offset_of(base.index), recovered.image));
  silence_panics();
  const rr_config config = config_of(options_, self_, shard_.random.next(), base.index);
  node_.reset(rr_create(&config, nullptr, nullptr));
  if (!node_) return fail(ErrorCode::kInvalidConfig, "the quorum's timeouts are not valid");
  const SharedBytes token = token_of(base.members, recovered.image);
  const rr_snapshot snapshot{base.index, base.term, view_of(base.membership), view_of(token)};
  bool good = rr_restore_snapshot(node_.get(), &snapshot) == RR_OK;
  for (const Entry& entry : recovered.entries) {
    const rr_entry view = view_of(entry);
    good = good && rr_restore_entries(node_.get(), &view, 1) == RR_OK;
  }
  hard_state_ = recovered.hard_state;
  const rr_hard_state hard_state{hard_state_.term, hard_state_.vote, hard_state_.commit};
  good = good && rr_start(node_.get(), &hard_state) == RR_OK;
  if (!good)
    return fail(ErrorCode::kKafkaStorageError,
                fmt::format("the metadata log does not fit together: {}", rr_error(node_.get())));
  membership_ = base.membership;
  members_ = base.members;
  applied_index_ = snapshot_index_ = base.index;
  applied_term_ = base.term;
  applied_.reset(offset_of(applied_index_));
  return {};
}

Task<> Quorum::stop() {
  stopping_ = true;
  tick_timer_.reset();
  retry_timer_.reset();
  campaign_timer_.reset();
  abandon_waiters(unknown_outcome("this broker is stopping"));
  drive_parking_.resume();
  persist_parking_.resume();
  if (running_ > 0) co_await all_ended_.wait();
}

void Quorum::ended() {
  if (--running_ == 0) all_ended_.set(true);
}

void Quorum::schedule_tick() {
  tick_timer_ = shard_.clock.call_at(shard_.clock.now() + options_.heartbeat_interval, [this] {
    rr_tick(node_.get());
    leave_a_disk_that_stands_still();
    wake();
    schedule_tick();
  });
}

void Quorum::wake() {
  dirty_ = true;
  drive_parking_.resume();
}

Error Quorum::not_leader() const {
  if (leadership_.leader == kNoBroker)
    return {ErrorCode::kNotController, "the metadata quorum has no leader at the moment"};
  return {ErrorCode::kNotController,
          fmt::format("the leader is broker {} in epoch {}", leadership_.leader.value, leadership_.epoch.value)};
}

std::optional<Error> Quorum::refusal(LeaderEpoch epoch) const {
  if (!health_) return health_.error();
  if (disk_full_) return Disk::full(options_.metadata_log_dir);
  if (stopping_ || !is_leader() || epoch != leadership_.epoch) return not_leader();
  // The core may know of a newer term that pump() has not announced yet.
  const rr_status_t status = status_of(node_.get());
  if (status.role != RR_LEADER || epoch_of(status.term) != epoch) return not_leader();
  return std::nullopt;
}

Error Quorum::refused(int rc) {
  switch (rc) {
    case RR_NOT_LEADER:
      return not_leader();
    case RR_BUSY:
      return {ErrorCode::kThrottlingQuotaExceeded,
              fmt::format("the metadata quorum is busy: {}", rr_error(node_.get()))};
    case RR_BROKEN:
      fail_for_good(
          {ErrorCode::kUnknownServerError, fmt::format("the quorum's core failed: {}", rr_error(node_.get()))});
      return health_.error();
    default:
      return {ErrorCode::kInvalidRequest, rr_error(node_.get())};
  }
}

Result<Offset> Quorum::append(BytesView records, LeaderEpoch epoch) {
  CHECK(!in_ready_ && !records.empty());
  if (auto error = refusal(epoch)) return std::unexpected(*std::move(error));
  if (records.size() > kEntryMax)
    return fail(ErrorCode::kMessageTooLarge,
                fmt::format("{} bytes of records in one change; the limit is {}", records.size(), kEntryMax));
  const rr_bytes view = view_of(records);
  std::uint64_t index = 0, term = 0;
  const int rc = rr_propose(node_.get(), view.data, view.size, &index, &term);
  if (rc != RR_OK) return std::unexpected(refused(rc));
  CHECK(epoch_of(term) == epoch);
  wake();
  return offset_of(index);
}

Task<Result<>> Quorum::committed(Offset index, LeaderEpoch epoch, Instant deadline) {
  return outcome_of(index, epoch, deadline);
}

Task<Result<Offset>> Quorum::propose(SharedBytes records, LeaderEpoch epoch, Instant deadline) {
  CO_TRY(const Offset index, append(records, epoch));
  CO_TRY_VOID(co_await outcome_of(index, epoch, deadline));
  co_return index;
}

Task<Result<>> Quorum::outcome_of(Offset index, LeaderEpoch epoch, Instant deadline) {
  const auto at = static_cast<std::uint64_t>(index.value);
  if (!health_) co_return std::unexpected(health_.error());
  if (at <= applied_index_) {
    const std::uint64_t term = rr_term_at(node_.get(), at);
    if (term == 0) co_return std::unexpected(unknown_outcome("the entry is in a snapshot already"));
    if (epoch_of(term) != epoch) co_return std::unexpected(not_leader());
    co_return Result<>{};
  }
  if (stopping_) co_return std::unexpected(unknown_outcome("this broker is stopping"));
  const OneShot<Result<>> outcome;
  waiters_.emplace(at, Waiter{epoch, outcome});
  const auto timer = shard_.clock.call_at(deadline, [outcome] {
    outcome.set(std::unexpected(unknown_outcome("the metadata quorum did not confirm in time")));
  });
  co_return co_await outcome.wait();
}

Task<Result<Offset>> Quorum::read_barrier(Instant deadline) {
  while (!stopping_ && health_ && shard_.clock.now() < deadline) {
    // A request may get lost with its leader, so each waits for no longer than an election takes.
    const Instant until = std::min(deadline, shard_.clock.now() + options_.election_timeout);
    const OneShot<bool> reached;
    unasked_barriers_.push_back(reached);
    wake();
    const auto timer = shard_.clock.call_at(until, [reached] { reached.set(false); });
    if (co_await reached.wait()) co_return offset_of(applied_index_);
  }
  if (!health_) co_return std::unexpected(health_.error());
  co_return fail(ErrorCode::kRequestTimedOut, "no leader of the metadata quorum confirmed the read");
}

// Only the leader of an epoch ends its barriers in it: a node that was replaced meanwhile has another epoch by then.
Task<bool> Quorum::still_leads(LeaderEpoch epoch, Instant deadline) {
  if (!is_leader() || leadership_.epoch != epoch) co_return false;
  if (alone()) co_return true;
  if (!co_await read_barrier(deadline)) co_return false;
  co_return is_leader() && leadership_.epoch == epoch;
}

bool Quorum::alone() const { return membership_.is_sole_voter(self_); }

void Quorum::on_leader_change(std::move_only_function<void(Leadership)> listener) {
  listeners_.push_back(std::move(listener));
}

QuorumPosition Quorum::position() const {
  const rr_status_t status = status_of(node_.get());
  return {offset_of(status.commit), offset_of(applied_index_), offset_of(status.last_index), offset_of(snapshot_index_),
          epoch_of(status.term)};
}

Result<> Quorum::receive(MemberId from, SharedBytes body, SharedBytes image) {
  if (stopping_ || !health_ || !node_) return {};
  const rr_bytes view = view_of(body);
  rr_peek_t peek{};
  if (rr_peek(view.data, view.size, &peek) != RR_OK) return fail(ErrorCode::kInvalidRequest, "not a quorum message");
  if (peek.snapshot_index > 0) {
    auto members = members_in(bytes_of(peek.token), image);
    if (!members) return fail(ErrorCode::kInvalidRequest, "a snapshot's image does not belong to its message");
    Base base;
    base.index = peek.snapshot_index;
    base.members = *std::move(members);
    incoming_ = Received{std::move(base), std::move(image)};
  }
  const int rc = rr_step(node_.get(), from, view.data, view.size);
  if (rc == RR_BROKEN) return std::unexpected(refused(rc));
  if (rc == RR_OK) note_contact(from);
  // A snapshot that was taken in must meet its image before another one replaces it.
  if (peek.snapshot_index > 0)
    pump();
  else
    wake();
  if (rc == RR_BAD_MESSAGE || rc == RR_INVALID) return fail(ErrorCode::kInvalidRequest, rr_error(node_.get()));
  return {};
}

void Quorum::peer_unreachable(MemberId peer) {
  if (!node_) return;
  rr_report_unreachable(node_.get(), peer);
  wake();
}

void Quorum::snapshot_sent(MemberId peer, bool arrived) {
  if (!node_) return;
  rr_report_snapshot(node_.get(), peer, arrived);
  wake();
}

void Quorum::fail_for_good(Error error) {
  if (!health_) return;
  log::error("metadata quorum failed; this broker no longer takes part", field("error", error));
  health_ = std::unexpected(error);
  tick_timer_.reset();
  campaign_timer_.reset();
  abandon_waiters(error);
  applied_.fail();
  leadership_ = {kNoBroker, leadership_.epoch, kNoMember};
  for (auto& listener : listeners_) listener(leadership_);
}

void Quorum::abandon_waiters(const Error& error) {
  for (auto& [index, waiter] : waiters_) waiter.outcome.set(std::unexpected(error));
  waiters_.clear();
  for (auto& [context, barrier] : barriers_)
    for (auto& reached : barrier.reached) reached.set(false);
  for (auto& reached : unasked_barriers_) reached.set(false);
}

}  // namespace thalweg::raft
