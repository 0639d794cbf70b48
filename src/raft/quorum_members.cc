// Who belongs to the quorum: changes of its members, what the leader knows of them, and a leader that is gone.
#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "raft/core_views.h"
#include "raft/membership_plan.h"
#include "raft/quorum.h"
#include "raft/voter_requests.h"

namespace thalweg::raft {
namespace {

using Kind = MemberChange::Kind;

std::unexpected<Error> no_member(MemberId member) {
  return fail(ErrorCode::kVoterNotFound,
              fmt::format("{} is no member of the metadata quorum", member == kNoMember ? "nobody" : name_of(member)));
}

bool is_small(const Member& member) { return encode_members({member}).size() <= Quorum::kMemberBytesMax; }
std::unexpected<Error> too_large() {
  return fail(ErrorCode::kInvalidRequest,
              fmt::format("a member's listeners and hosts take more than {} bytes", Quorum::kMemberBytesMax));
}

std::uint32_t type_of(Kind kind) {
  switch (kind) {
    case Kind::kAddVoter:
      return RR_ADD_VOTER;
    case Kind::kRemove:
      return RR_REMOVE;
    case Kind::kAddLearner:
      break;
  }
  return RR_ADD_LEARNER;
}

// A leader that was just elected has not heard of everybody yet, and would take those for gone.
Task<> hear_of_all_voters(const Quorum& quorum, const Shard& shard, Instant until) {
  constexpr Millis kLook{5};
  const auto waits = [&] {
    const auto members = quorum.progress();  // empty once it does not lead any more
    return std::ranges::any_of(members, [](const auto& one) { return one.voter && !one.last_contact; });
  };
  while (shard.clock.now() < until && waits()) co_await shard.clock.sleep_for(kLook);
}

}  // namespace

// Who has moved travels as a change that leaves everybody's role as it is, and not as an entry of another kind: the
// table then has one way to change, in one order, and one change at a time keeps two from overwriting each other.
Task<Result<>> Quorum::propose_members(std::vector<MemberChange> changes, std::vector<Member> context,
                                       Instant deadline) {
  CHECK(!in_ready_);
  if (auto error = refusal(leadership_.epoch)) co_return std::unexpected(*std::move(error));
  std::vector<rr_change> views;
  for (const MemberChange& change : changes) views.push_back({type_of(change.kind), 0, change.member});
  const std::vector<std::byte> bytes = context.empty() ? std::vector<std::byte>() : encode_members(context);
  const rr_bytes told = view_of(bytes);
  // Several at once pass through a joint configuration, which the core leaves by itself.
  const std::uint32_t transition = views.size() > 1 ? RR_JOINT_IMPLICIT : RR_AUTO;
  const LeaderEpoch epoch = leadership_.epoch;
  std::uint64_t index = 0;
  const int rc = rr_propose_conf(node_.get(), views.data(), views.size(), transition, told.data, told.size, &index);
  if (rc != RR_OK) co_return std::unexpected(refused(rc));
  wake();
  CO_TRY_VOID(co_await outcome_of(offset_of(index), epoch, deadline));
  const auto held = co_await in_force(epoch, deadline);
  if (held) co_return Result<>();
  // It is committed and takes place; only who holds it is not known. Another code would say that it did not happen.
  co_return fail(ErrorCode::kRequestTimedOut,
                 "the change of members is committed, and it is unknown whether a majority has heard of that: " +
                     held.error().message);
}

// A change counts for whoever has heard that it is committed. The leader knows first: if it went now, the others would
// still want a majority of the members of before. Those who take an entry that comes after have heard.
Task<Result<>> Quorum::in_force(LeaderEpoch epoch, Instant deadline) {
  constexpr Millis kLook{5};
  while (membership_.is_joint() && !refusal(epoch) && shard_.clock.now() < deadline)
    co_await shard_.clock.sleep_for(kLook);
  if (auto error = refusal(epoch)) co_return std::unexpected(*std::move(error));
  if (membership_.is_joint())
    co_return fail(ErrorCode::kRequestTimedOut, "the metadata quorum did not leave its old voters in time");
  std::uint64_t index = 0, term = 0;
  const int rc = rr_propose(node_.get(), nullptr, 0, &index, &term);
  if (rc != RR_OK) co_return std::unexpected(refused(rc));
  wake();
  co_return co_await outcome_of(offset_of(index), epoch, deadline);
}

Task<Result<>> Quorum::change_members(std::vector<MemberChange> changes, Instant deadline) {
  if (auto error = refusal(leadership_.epoch)) co_return std::unexpected(*std::move(error));
  if (changes.empty()) co_return fail(ErrorCode::kInvalidRequest, "a change of no members");
  for (const MemberChange& change : changes)
    if (!members_.find(change.member)) co_return no_member(change.member);
  co_return co_await propose_members(std::move(changes), {}, deadline);
}

bool Quorum::has_living_disk(BrokerId node) const {
  const Instant since = shard_.clock.now() - options_.election_timeout;
  return std::ranges::any_of(members_.members(), [&](const auto& entry) {
    const auto heard = last_contact(entry.first);
    return entry.second.node == node && heard && *heard >= since;
  });
}

Task<Result<MemberId>> Quorum::add_learner(Member joiner, Instant deadline) {
  if (auto error = refusal(leadership_.epoch)) co_return std::unexpected(*std::move(error));
  if (joiner.node.value < 0 || joiner.directory.is_zero())
    co_return fail(ErrorCode::kInvalidRequest, "who joins the metadata quorum has a node id and a directory id");
  if (!is_small(joiner)) co_return too_large();
  if (const Member* known = members_.find(joiner.node, joiner.directory)) {
    joiner.id = known->id;
    CO_TRY_VOID(co_await put_member(joiner, deadline));
    co_return joiner.id;
  }
  if (has_living_disk(joiner.node))
    co_return fail(ErrorCode::kDuplicateBrokerRegistration,
                   fmt::format("node {} is in the metadata quorum with another disk, and was heard just now. If its "
                               "disk was replaced, try again in a moment; else two nodes have this node.id",
                               joiner.node.value));
  if (members_.members().size() >= kMembersMax)
    co_return fail(ErrorCode::kInvalidRequest, fmt::format("the metadata quorum has {} members already", kMembersMax));
  joiner.id = members_.next_id(joiner.node);
  if (const Member* const before = members_.newest(joiner.node)) joiner.dismissed = before->dismissed;
  const MemberId id = joiner.id;
  log::info("a node joins the metadata quorum", field("member", name_of(id)), field("directory", joiner.directory));
  CO_TRY_VOID(co_await propose_members({{Kind::kAddLearner, id}}, {std::move(joiner)}, deadline));
  co_return id;
}

Task<Result<>> Quorum::update_member(Member member, Instant deadline) {
  if (auto error = refusal(leadership_.epoch)) co_return std::unexpected(*std::move(error));
  const Member* const known = members_.find(member.id);
  if (!known) co_return no_member(member.id);
  if (!is_small(member)) co_return too_large();
  if (!known->directory.is_zero() && member.directory != known->directory)
    co_return fail(ErrorCode::kInconsistentVoterSet,
                   fmt::format("member {} is on the disk with directory.id {}, not {}", name_of(member.id),
                               to_string(known->directory), to_string(member.directory)));
  co_return co_await put_member(std::move(member), deadline);
}

Task<Result<>> Quorum::put_member(Member member, Instant deadline) {
  const Member* const known = members_.find(member.id);
  if (!known) co_return no_member(member.id);
  member.node = known->node;
  member.dismissed = known->dismissed;
  if (member == *known) co_return Result<>{};
  const Kind as_it_is = membership_.is_voter(member.id) ? Kind::kAddVoter : Kind::kAddLearner;
  const MemberId id = member.id;
  co_return co_await propose_members({{as_it_is, id}}, {std::move(member)}, deadline);
}

Task<Result<>> Quorum::remove_member(MemberId member, Instant deadline) {
  if (auto error = refusal(leadership_.epoch)) co_return std::unexpected(*std::move(error));
  if (!members_.find(member)) co_return no_member(member);
  if (member == self_) co_return std::unexpected(after_hand_over());
  co_return co_await change_members({{Kind::kRemove, member}}, deadline);
}

// Begins to hand over. What whoever asked is told: where to ask next, or why there is nobody.
Error Quorum::after_hand_over() {
  const auto heir = heir_of(progress(), self_, shard_.clock.now() - options_.election_timeout);
  if (!heir)
    return {ErrorCode::kInvalidRequest,
            "the leader is the only voter of the metadata quorum that is heard; it cannot be removed"};
  if (auto begun = transfer_leadership(*heir); !begun) return begun.error();
  return {ErrorCode::kNotController,
          fmt::format("the leader hands over to node {} first; ask there", broker_of(*heir).value)};
}

VotersSeen Quorum::voters_seen(const std::vector<MemberProgress>& members) const {
  return {.members = members,
          .leader = self_,
          .last = position().last,
          .heard_since = shard_.clock.now() - options_.election_timeout};
}

Task<Result<>> Quorum::add_voter(VoterKey voter, Instant deadline) {
  if (auto error = refusal(leadership_.epoch)) co_return std::unexpected(*std::move(error));
  const auto members = progress();
  CO_TRY(const MemberId id, new_voter(voter, voters_seen(members)));
  Member member = *members_.find(id);
  member.dismissed = false;
  co_return co_await propose_members({{Kind::kAddVoter, id}}, {std::move(member)}, deadline);
}

Task<Result<>> Quorum::dismiss_voter(VoterKey voter, Instant deadline) {
  co_await hear_of_all_voters(*this, shard_, std::min(deadline, shard_.clock.now() + options_.election_timeout));
  if (auto error = refusal(leadership_.epoch)) co_return std::unexpected(*std::move(error));
  const auto members = progress();
  CO_TRY(const MemberId id, voter_to_dismiss(voter, voters_seen(members)));
  if (id == self_) co_return std::unexpected(after_hand_over());
  Member member = *members_.find(id);
  member.dismissed = true;
  co_return co_await propose_members({{Kind::kAddLearner, id}}, {std::move(member)}, deadline);
}

Result<> Quorum::transfer_leadership(MemberId to) {
  if (auto error = refusal(leadership_.epoch)) return std::unexpected(*std::move(error));
  if (!membership_.is_voter(to))
    return fail(ErrorCode::kVoterNotFound, fmt::format("{} is no voter of the metadata quorum", name_of(to)));
  const int rc = rr_transfer(node_.get(), to);
  if (rc != RR_OK) return std::unexpected(refused(rc));
  wake();
  return {};
}

// The heir may be gone, or lag: another one is asked after a while.
Task<bool> Quorum::hand_over(Instant deadline) {
  constexpr Millis kLook{5};
  while (is_leader() && !stopping_) {
    const Instant asked = shard_.clock.now();
    const auto heir = heir_of(progress(), self_, asked - options_.election_timeout);
    if (asked >= deadline || !heir || !transfer_leadership(*heir)) co_return false;
    while (is_leader() && !stopping_ && shard_.clock.now() - asked < options_.election_timeout &&
           shard_.clock.now() < deadline)
      co_await shard_.clock.sleep_for(kLook);
  }
  co_return true;
}

Task<Result<>> Quorum::dismiss_learners(BrokerId node, Instant deadline) {
  if (auto error = refusal(leadership_.epoch)) co_return std::unexpected(*std::move(error));
  std::vector<MemberChange> as_they_are;
  std::vector<Member> marked;
  for (const auto& [id, member] : members_.members()) {
    if (member.node != node || member.dismissed || !membership_.is_learner(id)) continue;
    as_they_are.push_back({Kind::kAddLearner, id});
    marked.push_back(member);
    marked.back().dismissed = true;
  }
  if (marked.empty()) co_return Result<>{};
  co_return co_await propose_members(std::move(as_they_are), std::move(marked), deadline);
}

void Quorum::apply_members(const rr_entry& entry) {
  rr_conf conf{};
  rr_bytes context{};
  if (rr_apply_conf(node_.get(), entry.data.data, entry.data.size, entry.type, &conf, &context) != RR_OK) return;
  membership_ = membership_of(conf);
  if (context.size > 0) {
    auto members = decode_members(bytes_of(context));
    unreadable_ = !members;
    if (!members) return;
    for (Member& member : *members) members_.put(std::move(member));
  }
  members_.settle(membership_);
  members_changed_ = true;
  say_members();
}

void Quorum::say_members() const {
  if (membership_.is_joint()) return;  // it is left in a moment
  log::info("metadata quorum changed", field("voters", membership_.voters.size()),
            field("learners", membership_.learners.size()), field("index", applied_index_));
}

void Quorum::on_members_change(std::move_only_function<void()> listener) {
  members_listeners_.push_back(std::move(listener));
}

void Quorum::tell_members_change() {
  if (!std::exchange(members_changed_, false)) return;
  std::erase_if(contacts_, [this](const auto& entry) { return !members_.find(entry.first); });
  for (auto& listener : members_listeners_) listener();
}

// A member has caught up at a time when it has what the log held then, also if the log went on meanwhile: else one that
// follows closely would never be seen to under load.
void Quorum::note_contact(MemberId from) {
  const rr_status_t status = status_of(node_.get());
  if (status.role != RR_LEADER || !members_.find(from)) return;
  const Instant now = shard_.clock.now();
  const std::uint64_t match = rr_match(node_.get(), from);
  Contact& contact = contacts_[from];
  contact.last = now;
  if (match < contact.mark) return;
  if (match >= status.last_index)
    contact.caught_up = now;
  else if (contact.mark > 0)
    contact.caught_up = contact.marked;
  contact.mark = status.last_index;
  contact.marked = now;
}

std::optional<Instant> Quorum::last_contact(MemberId member) const {
  if (member == self_) return shard_.clock.now();
  const auto contact = contacts_.find(member);
  return contact == contacts_.end() ? std::nullopt : std::optional(contact->second.last);
}

std::vector<MemberProgress> Quorum::progress() const {
  std::vector<MemberProgress> out;
  if (!is_leader()) return out;
  for (const auto& [id, member] : members_.members()) {
    MemberProgress one{member, membership_.is_voter(id), offset_of(rr_match(node_.get(), id)), last_contact(id), {}};
    if (id == self_) {
      one.match = offset_of(status_of(node_.get()).persisted);
      one.last_caught_up = one.last_contact;
    } else if (const auto contact = contacts_.find(id); contact != contacts_.end()) {
      one.last_caught_up = contact->second.caught_up;
    }
    out.push_back(std::move(one));
  }
  return out;
}

// Which voter asks first when the leader is gone: all know the same order, so that they rarely ask at once.
std::optional<std::size_t> Quorum::rank_after(MemberId leader) const {
  std::size_t rank = 0;
  for (const MemberId voter : membership_.voters) {
    if (voter == self_) return rank;
    rank += voter != leader;
  }
  return std::nullopt;
}

void Quorum::leader_gone(MemberId leader) {
  if (stopping_ || !health_ || !node_ || rr_leader_gone(node_.get(), leader) != RR_OK) return;
  log::info("the metadata leader's process is gone", field("leader", name_of(leader)));
  wake();
  if (const auto rank = rank_after(leader)) {
    const Instant now = shard_.clock.now();
    campaign_at(now + kCampaignGap * *rank, now + options_.election_timeout, status_of(node_.get()).term);
  }
}

// The first may ask too early for the others, who do not know yet; be refused because its log ends before theirs; or
// two may ask at once and share the votes. So each asks again, not in step with the others, until somebody leads or the
// election timeout has its turn. Who has voted for another one in a newer term waits for that one.
void Quorum::campaign_at(Instant when, Instant until, std::uint64_t term) {
  if (when > until) return;
  campaign_timer_ = shard_.clock.call_at(when, [this, when, until, term] {
    const rr_status_t status = status_of(node_.get());
    if (status.leader != 0 || (status.term != term && status.role == RR_FOLLOWER)) return;
    rr_campaign(node_.get());  // refused while its log is not durable: the next round tries again
    wake();
    const auto jitter = static_cast<std::int64_t>(shard_.random.next() % std::uint64_t(kCampaignGap.count()));
    campaign_at(when + kCampaignGap + Millis(jitter), until, term);
  });
}

}  // namespace thalweg::raft
