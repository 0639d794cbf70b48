#include "raft/voter_keeper.h"

#include "base/log.h"

namespace thalweg::raft {

VoterKeeper::VoterKeeper(const Shard& shard, Quorum& quorum, VoterKeeperOptions options)
    : shard_(shard), quorum_(quorum), options_(std::move(options)) {}

void VoterKeeper::start() { schedule(); }

void VoterKeeper::stop() {
  timer_.reset();
  *alive_ = false;
}

std::vector<MemberState> VoterKeeper::members() const {
  std::vector<MemberState> out;
  for (const auto& [id, state] : seen_) out.push_back(state);
  return out;
}

void VoterKeeper::schedule() {
  timer_ = shard_.clock.call_at(shard_.clock.now() + options_.interval, [this] {
    look();
    schedule();
  });
}

void VoterKeeper::look() {
  const Instant now = shard_.clock.now();
  if (!quorum_.is_leader() || !quorum_.health()) {
    epoch_ = LeaderEpoch{-1};
    seen_.clear();
    return;
  }
  if (quorum_.leader().epoch != epoch_) {
    epoch_ = quorum_.leader().epoch;
    leads_since_ = now;
    seen_.clear();
  }
  const Offset last = quorum_.position().last;
  std::map<MemberId, MemberState> states;
  for (const MemberProgress& progress : quorum_.progress())
    states.emplace(progress.member.id, state_of(progress, last, now));
  seen_ = std::move(states);
  // A change that is under way decides first; its end is seen at a later look.
  if (changing_ || !quorum_.membership().outgoing.empty()) return;
  if (auto own = news_of_self()) {
    changing_ = true;
    spawn(shard_, update(this, alive_, *std::move(own)));
  } else if (auto changes = next_change(members(), options_.voters, now, options_.times)) {
    changing_ = true;
    spawn(shard_, change(this, alive_, *std::move(changes)));
  }
}

// Since when it is so, is what the look before knew, if it is so still.
MemberState VoterKeeper::state_of(const MemberProgress& progress, Offset last, Instant now) const {
  const Member& member = progress.member;
  MemberState state{.id = member.id,
                    .may_vote = member.may_vote,
                    .dismissed = member.dismissed,
                    .voter = progress.voter,
                    .registered = options_.is_broker(member.node)};
  const Instant heard = progress.last_contact.value_or(leads_since_);
  const bool silent = now - heard >= options_.silence;
  if (silent) state.silent_since = heard;
  const auto before = seen_.find(state.id);
  const bool close = progress.last_contact && !silent && last - progress.match < kLagMax;
  if (close) state.close_since = before == seen_.end() ? now : before->second.close_since.value_or(now);
  return state;
}

std::optional<Member> VoterKeeper::news_of_self() const {
  const Member* const known = quorum_.members().find(quorum_.self());
  if (!known || options_.own.directory.is_zero()) return std::nullopt;
  Member own = options_.own;
  own.id = known->id;
  own.node = known->node;
  own.dismissed = known->dismissed;
  return own == *known ? std::nullopt : std::optional(std::move(own));
}

Task<> VoterKeeper::update(VoterKeeper* self, std::shared_ptr<bool> alive, Member own) {
  const Instant deadline = self->shard_.clock.now() + self->options_.change_timeout;
  const auto updated = co_await self->quorum_.update_member(std::move(own), deadline);
  if (!*alive) co_return;
  if (!updated) log::warn("the metadata quorum does not know where this node is", field("error", updated.error()));
  self->changing_ = false;
}

Task<> VoterKeeper::change(VoterKeeper* self, std::shared_ptr<bool> alive, std::vector<MemberChange> changes) {
  for (const MemberChange& change : changes)
    log::info("the voters of the metadata quorum change",
              field(change.kind == MemberChange::Kind::kRemove ? "without" : "with", name_of(change.member)));
  const Instant deadline = self->shard_.clock.now() + self->options_.change_timeout;
  const auto changed = co_await self->quorum_.change_members(std::move(changes), deadline);
  if (!*alive) co_return;
  if (!changed) log::warn("the voters of the metadata quorum did not change", field("error", changed.error()));
  self->changing_ = false;
}

}  // namespace thalweg::raft
