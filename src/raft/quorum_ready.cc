// The quorum's ready loop: send what a leader may say at once, hand over what must become durable, apply what is
// committed.
#include <algorithm>
#include <functional>

#include "base/endian.h"
#include "base/log.h"
#include "raft/core_views.h"
#include "raft/quorum.h"

namespace thalweg::raft {
namespace {

// That a change of members is committed must be known after a power loss too, and not only with the next entry, which
// may be hours away: until it is known again the majority of the old members is needed, and one of them may be the disk
// that was replaced.
bool commits_members(const rr_ready_view& ready) {
  return std::any_of(ready.committed, ready.committed + ready.n_committed,
                     [](const rr_entry& entry) { return entry.type != RR_NORMAL; });
}

}  // namespace

// One pump for all that came in during a turn of the shard, so that many proposals share one durable write.
Task<> Quorum::drive() {
  while (!stopping_) {
    if (!std::exchange(dirty_, false)) {
      co_await drive_parking_.park();
      continue;
    }
    pump();
  }
  ended();
}

void Quorum::pump() {
  if (stopping_ || !health_) return;
  ask_for_barriers();
  while (!unreadable_ && take_ready()) {
  }
  if (unreadable_) {
    fail_for_good({ErrorCode::kUnsupportedVersion,
                   "a newer version of this program has changed the members of the metadata quorum: upgrade this one"});
    return;
  }
  if (rr_is_broken(node_.get())) {
    refused(RR_BROKEN);
    return;
  }
  if (!writes_.empty()) persist_parking_.resume();
  resolve_waiters();
  applied_.advance(offset_of(applied_index_));
  serve_barriers();
  notice_leader();
  tell_members_change();
  snapshot_if_due();
}

bool Quorum::take_ready() {
  const rr_ready_view* ready = rr_ready(node_.get());
  if (!ready) return false;
  in_ready_ = true;
  send_all(messages_of(ready->messages, ready->n_messages));
  Write write;
  write.number = ready->number;
  write.durable = ready->must_sync != 0 || ready->n_entries > 0 || ready->has_snapshot != 0 || commits_members(*ready);
  if (ready->has_hard_state)
    write.hard_state = HardState{ready->hard_state.term, ready->hard_state.vote, ready->hard_state.commit};
  if (ready->has_snapshot) {
    CHECK(incoming_ && incoming_->base.index == ready->snapshot.index);
    incoming_->base.term = ready->snapshot.term;
    incoming_->base.membership = membership_of(ready->snapshot.conf);
    write.snapshot = std::exchange(incoming_, std::nullopt);
  }
  for (std::size_t i = 0; i < ready->n_entries; ++i) write.entries.push_back(entry_of(ready->entries[i]));
  write.after = messages_of(ready->after_messages, ready->n_after_messages);
  writes_.push_back(std::move(write));
  apply(*ready);
  for (std::size_t i = 0; i < ready->n_reads; ++i) {
    const BytesView context = bytes_of(ready->reads[i].ctx);
    if (context.size() != 8) continue;
    const auto barrier = barriers_.find(load_be<std::uint64_t>(context.data()));
    if (barrier != barriers_.end()) barrier->second.index = ready->reads[i].index;
  }
  const bool any = ready->n_committed > 0;
  in_ready_ = false;
  if (rr_accept(node_.get()) != RR_OK) return false;
  if (any) CHECK(rr_applied(node_.get(), applied_index_) != RR_INVALID);
  for (const MemberId peer : std::exchange(unsendable_, {})) rr_report_snapshot(node_.get(), peer, 0);
  return true;
}

void Quorum::apply(const rr_ready_view& ready) {
  for (std::size_t i = 0; i < ready.n_committed && !unreadable_; ++i) {
    const rr_entry& entry = ready.committed[i];
    CHECK(entry.index == applied_index_ + 1);
    applied_index_ = entry.index;
    applied_term_ = entry.term;
    bytes_since_snapshot_ += entry.data.size + 24;
    if (entry.type != RR_NORMAL) {
      apply_members(entry);
    } else if (entry.data.size > 0) {  // a new leader's first entry is empty
      machine_.apply(offset_of(entry.index), epoch_of(entry.term), bytes_of(entry.data));
    }
  }
}

void Quorum::resolve_waiters() {
  while (!waiters_.empty() && waiters_.begin()->first <= applied_index_) {
    auto node = waiters_.extract(waiters_.begin());
    const Waiter& waiter = node.mapped();
    const std::uint64_t term = rr_term_at(node_.get(), node.key());
    if (term != 0 && epoch_of(term) == waiter.epoch)
      waiter.outcome.set({});
    else if (term != 0)
      waiter.outcome.set(std::unexpected(not_leader()));
    else
      waiter.outcome.set(
          fail(ErrorCode::kRequestTimedOut, "a snapshot took the place of the entry; its fate is unknown"));
  }
}

void Quorum::ask_for_barriers() {
  const auto waits = [](const OneShot<bool>& reached) { return !reached.is_set(); };
  std::erase_if(barriers_, [&](const auto& entry) { return std::ranges::none_of(entry.second.reached, waits); });
  std::erase_if(unasked_barriers_, std::not_fn(waits));
  if (unasked_barriers_.empty()) return;
  std::byte context[8];
  store_be(context, ++next_barrier_);
  const rr_bytes view = view_of(BytesView(context));
  // Without a leader they stay until there is one, or until they give up.
  if (rr_read_index(node_.get(), view.data, view.size) == RR_OK)
    barriers_.emplace(next_barrier_, Barrier{std::exchange(unasked_barriers_, {}), std::nullopt});
}

void Quorum::serve_barriers() {
  for (auto& [context, barrier] : barriers_)
    if (barrier.index && *barrier.index <= applied_index_)
      for (auto& reached : barrier.reached) reached.set(true);
}

void Quorum::notice_leader() {
  const rr_status_t status = status_of(node_.get());
  Leadership now{broker_of(status.leader), epoch_of(status.term), status.leader};
  // Once the first entry of its own term is applied, so is everything that was committed before it.
  if (status.role == RR_LEADER && applied_term_ != status.term) now = {kNoBroker, now.epoch, kNoMember};
  if (now == leadership_) return;
  leadership_ = now;
  contacts_.clear();
  log::info("metadata leader", field("leader", now.leader), field("epoch", now.epoch));
  for (auto& listener : listeners_) listener(leadership_);
}

std::vector<PeerMessage> Quorum::messages_of(const rr_message* messages, std::size_t count) {
  std::vector<PeerMessage> out;
  if (!transport_) return out;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    PeerMessage message{messages[i].to, SharedBytes::copy_of(bytes_of(messages[i].body)), {}, {}};
    if (messages[i].is_snapshot) {
      // The file may just be ahead of the core, which then asks again.
      if (messages[i].snapshot_index != log_.checkpoint_index()) {
        unsendable_.push_back(message.to);
        continue;
      }
      message.image = log_.checkpoint_image();
      message.snapshot = SnapshotId{offset_of(messages[i].snapshot_index), epoch_of(log_.checkpoint_term())};
    }
    out.push_back(std::move(message));
  }
  return out;
}

void Quorum::send_all(std::vector<PeerMessage> messages) {
  for (PeerMessage& message : messages) transport_->send(std::move(message));
}

}  // namespace thalweg::raft
