// The quorum's disk: one durable record per batch of readies, and snapshots beside it.
#include <algorithm>

#include "base/log.h"
#include "raft/core_views.h"
#include "raft/quorum.h"

namespace thalweg::raft {
namespace {
constexpr std::size_t kBatchBytes = 4 << 20;
constexpr Millis kSpaceRetry{1000};
}  // namespace

Task<> Quorum::persist() {
  while (!stopping_) {
    if (!health_ || retry_timer_ || (writes_.empty() && unwritten_.empty())) {
      co_await persist_parking_.park();
      continue;
    }
    std::vector<Write> batch = next_batch();
    if (!writing_since_) writing_since_ = shard_.clock.now();
    auto written = co_await write_batch(batch);
    if (stopping_) break;
    if (!written && Disk::is_full(written.error())) {
      retry_when_space_returns(std::move(batch));
      continue;
    }
    writing_since_.reset();
    said_standing_still_ = false;
    if (written) written = finish_batch(std::move(batch));
    if (!written) fail_for_good(written.error());
    pump();
  }
  ended();
}

std::vector<Quorum::Write> Quorum::next_batch() {
  if (!unwritten_.empty()) return std::exchange(unwritten_, {});
  std::vector<Write> batch;
  std::size_t bytes = 0;
  while (!writes_.empty() && bytes < kBatchBytes) {
    for (const Entry& entry : writes_.front().entries) bytes += entry.data.size();
    batch.push_back(std::move(writes_.front()));
    writes_.pop_front();
  }
  return batch;
}

Task<Result<>> Quorum::write_batch(const std::vector<Write>& batch) {
  Record record;
  bool durable = false;
  const Received* snapshot = nullptr;
  for (const Write& write : batch) {
    if (write.hard_state) hard_state_ = *write.hard_state;
    if (write.snapshot) {
      snapshot = &*write.snapshot;
      record.base = snapshot->base;
      record.entries.clear();
    }
    record.entries.insert(record.entries.end(), write.entries.begin(), write.entries.end());
    durable = durable || write.durable;
  }
  if (!durable) co_return Result<>{};
  record.hard_state = hard_state_;
  if (snapshot) CO_TRY_VOID(co_await log_.write_checkpoint(snapshot->base, snapshot->image));
  co_return co_await log_.write(std::move(record));
}

Result<> Quorum::finish_batch(std::vector<Write> batch) {
  disk_full_ = false;
  std::uint64_t restored = 0;
  for (Write& write : batch) {
    if (!write.snapshot) continue;
    const Base& base = write.snapshot->base;
    TRY_VOID(machine_.restore(offset_of(base.index), write.snapshot->image));
    membership_ = base.membership;
    members_ = base.members;
    members_changed_ = true;
    applied_index_ = snapshot_index_ = restored = base.index;
    applied_term_ = base.term;
    bytes_since_snapshot_ = 0;
    log::info("metadata snapshot received", field("index", base.index),
              field("size_bytes", write.snapshot->image.size()));
    say_members();
  }
  if (rr_persisted(node_.get(), batch.back().number) != RR_OK) return std::unexpected(refused(RR_BROKEN));
  if (restored > 0) CHECK(rr_applied(node_.get(), restored) != RR_INVALID);
  for (Write& write : batch) send_all(std::move(write.after));
  return {};
}

// Nothing was answered yet, so nothing is lost: the leader refuses new changes meanwhile, and it goes on by itself.
void Quorum::retry_when_space_returns(std::vector<Write> batch) {
  if (!disk_full_)
    log::error("metadata log: no space left; waiting for it", field("directory", options_.metadata_log_dir));
  disk_full_ = true;
  unwritten_ = std::move(batch);
  retry_timer_ = shard_.clock.call_at(shard_.clock.now() + kSpaceRetry, [this] {
    retry_timer_.reset();
    persist_parking_.resume();
  });
}

bool Quorum::disk_stands_still() const {
  return writing_since_ && shard_.clock.now() - *writing_since_ >= to_instant(kDiskPatience);
}

// The voter that has most of the log, where those that are heard are a majority without this node.
std::optional<MemberId> Quorum::heir_that_decides_without_us() const {
  const auto heard = [this](MemberId voter) {
    const auto contact = contacts_.find(voter);
    return voter != self_ && contact != contacts_.end() &&
           shard_.clock.now() - contact->second.last < options_.election_timeout;
  };
  const auto decide = [&](const std::vector<MemberId>& voters) {
    return 2 * std::size_t(std::ranges::count_if(voters, heard)) > voters.size();
  };
  if (!decide(membership_.voters) || (membership_.is_joint() && !decide(membership_.outgoing))) return std::nullopt;
  std::optional<MemberId> heir;
  for (const MemberId voter : membership_.voters)
    if (heard(voter) && (!heir || rr_match(node_.get(), voter) > rr_match(node_.get(), *heir))) heir = voter;
  return heir;
}

// A leader applies nothing that is not on its own disk, and its heartbeats need none: while a device does not answer,
// or has no room, nothing at all would be decided, and nobody else would lead. (Apache Kafka's followers miss their
// fetches then, since its leader writes in the thread that answers them.)
void Quorum::leave_a_disk_that_stands_still() {
  if (!disk_stands_still() || status_of(node_.get()).role != RR_LEADER) return;
  const auto heir = heir_that_decides_without_us();
  if (!heir) return;
  if (!std::exchange(said_standing_still_, true))
    log::warn("metadata log: nothing comes to disk, so another node is to lead; look at the disk",
              field("directory", options_.metadata_log_dir), field("heir", name_of(*heir)),
              field("milliseconds", std::chrono::duration_cast<Millis>(shard_.clock.now() - *writing_since_).count()));
  rr_transfer(node_.get(), *heir);
}

void Quorum::snapshot_if_due() {
  const bool wanted = status_of(node_.get()).snapshot_wanted_by != 0;
  const bool due = bytes_since_snapshot_ >= options_.snapshot_after_bytes || wanted;
  if (!due || taking_snapshot_ || stopping_ || membership_.voters.empty() || applied_index_ <= snapshot_index_) return;
  taking_snapshot_ = true;
  bytes_since_snapshot_ = 0;
  ++running_;
  spawn(shard_, take_snapshot());
}

Task<> Quorum::take_snapshot() {
  const Result<> result = co_await write_snapshot(Base{applied_index_, applied_term_, membership_, members_});
  // The log is whole without it; it only goes on growing until the next attempt.
  if (!result && !stopping_) log::warn("metadata snapshot failed", field("error", result.error()));
  taking_snapshot_ = false;
  ended();
}

Task<Result<>> Quorum::write_snapshot(Base at) {
  CO_TRY(SharedBytes image, co_await machine_.snapshot());
  const SharedBytes token = token_of(at.members, image);
  CO_TRY_VOID(co_await log_.write_checkpoint(at, std::move(image)));
  // The leader's snapshot may have overtaken ours.
  if (stopping_ || at.index <= snapshot_index_) co_return Result<>{};
  const rr_snapshot view{at.index, at.term, view_of(at.membership), view_of(token)};
  if (const int rc = rr_set_snapshot(node_.get(), &view); rc != RR_OK) co_return std::unexpected(refused(rc));
  // Members that lag a little are still sent entries: those since the snapshot before.
  const bool alone = membership_.is_sole_voter(self_) && membership_.learners.empty();
  const std::uint64_t superfluous = alone ? at.index : snapshot_index_;
  snapshot_index_ = at.index;
  if (const int rc = rr_compact(node_.get(), superfluous); rc != RR_OK) co_return std::unexpected(refused(rc));
  co_return co_await log_.release(superfluous);
}

}  // namespace thalweg::raft
