// Between the core's C views and our types. Views point into the arguments: keep those alive while a view is used.
#pragma once

#include "raft/quorum_record.h"
#include "rsraft.h"

namespace thalweg::raft {

inline rr_bytes view_of(BytesView bytes) { return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}; }
inline BytesView bytes_of(const rr_bytes& view) { return {reinterpret_cast<const std::byte*>(view.data), view.size}; }

inline rr_conf view_of(const Membership& m) {
  return {m.voters.data(),   m.voters.size(),        m.learners.data(),      m.learners.size(), m.outgoing.data(),
          m.outgoing.size(), m.learners_next.data(), m.learners_next.size(), m.auto_leave};
}
inline Membership membership_of(const rr_conf& conf) {
  const auto list = [](const std::uint64_t* ids, std::size_t count) { return std::vector<MemberId>(ids, ids + count); };
  return {list(conf.voters, conf.n_voters), list(conf.learners, conf.n_learners), list(conf.outgoing, conf.n_outgoing),
          list(conf.learners_next, conf.n_learners_next), conf.auto_leave != 0};
}

inline rr_entry view_of(const Entry& entry) { return {entry.index, entry.term, entry.type, 0, view_of(entry.data)}; }
inline Entry entry_of(const rr_entry& view) {
  return {view.index, view.term, view.type, SharedBytes::copy_of(bytes_of(view.data))};
}

inline LeaderEpoch epoch_of(std::uint64_t term) { return LeaderEpoch{static_cast<std::int32_t>(term)}; }
inline Offset offset_of(std::uint64_t index) { return Offset{static_cast<std::int64_t>(index)}; }

inline rr_status_t status_of(const rr_node* node) {
  rr_status_t status{};
  rr_status(node, &status);
  return status;
}

// What a snapshot message carries instead of the image: enough to know that the right image came beside it, and the
// members as of its index.
SharedBytes token_of(const MemberTable& members, BytesView image);
// The members in a token; nothing unless it was made for `image`.
std::optional<MemberTable> members_in(BytesView token, BytesView image);

}  // namespace thalweg::raft
