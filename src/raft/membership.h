// Who belongs to the quorum, and who is who. Owner: the quorum; plain values.
//
// A member is a node with one metadata disk. Its id must never stand for another memory: a voter whose disk was
// replaced has forgotten its vote and the entries it had acknowledged, so it comes back under a new id, as a learner.
// Ids are the core's: node.id + 1 (the core has no id 0) in the lower half, the disk's incarnation in the upper half.
// Incarnation 0 is what every node begins with.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/types.h"
#include "base/uuid.h"
#include "runtime/network.h"

namespace thalweg::raft {

using MemberId = std::uint64_t;
inline constexpr MemberId kNoMember = 0;

constexpr MemberId member_of(BrokerId node, std::uint32_t incarnation = 0) {
  return (static_cast<MemberId>(node.value) + 1) | static_cast<MemberId>(incarnation) << 32;
}
constexpr BrokerId broker_of(MemberId member) {
  return member == kNoMember ? kNoBroker : BrokerId{static_cast<std::int32_t>((member & 0xffffffff) - 1)};
}
constexpr std::uint32_t incarnation_of(MemberId member) { return static_cast<std::uint32_t>(member >> 32); }
// "3", or "3 (disk 1)" for the first replaced disk of node 3.
std::string name_of(MemberId member);

// Sorted lists. While a change of several members is under way (`outgoing` not empty), decisions need a majority of
// both `voters` and `outgoing`.
struct Membership {
  std::vector<MemberId> voters;
  std::vector<MemberId> learners;
  std::vector<MemberId> outgoing;
  std::vector<MemberId> learners_next;
  bool auto_leave = false;

  bool is_joint() const { return !outgoing.empty(); }
  bool is_sole_voter(MemberId member) const { return !is_joint() && voters.size() == 1 && voters.front() == member; }
  bool is_voter(MemberId member) const { return std::ranges::find(voters, member) != voters.end(); }
  bool is_learner(MemberId member) const { return std::ranges::find(learners, member) != learners.end(); }
  bool has(MemberId member) const {
    return is_voter(member) || is_learner(member) || std::ranges::find(outgoing, member) != outgoing.end();
  }
  friend bool operator==(const Membership&, const Membership&) = default;
};

// Listener name -> where it is. Hosts are names, to be resolved at each connect.
using Endpoints = std::map<std::string, Endpoint>;

struct Member {
  MemberId id = kNoMember;
  BrokerId node = kNoBroker;
  Uuid directory;  // directory.id of its metadata directory; zero: a founder that has not said yet (update_member)
  Endpoints endpoints;
  bool may_vote = true;  // process.roles has "controller"
  bool dismissed =
      false;  // its vote was taken because somebody asked (remove_voter): only a request gives it one again
  friend bool operator==(const Member&, const Member&) = default;
};

// Travels in the contexts of membership changes and in snapshots, so that all who have applied the same index have the
// same table. Invariant: holds exactly the members of the Membership of the same index.
class MemberTable {
 public:
  enum class Standing : std::uint8_t {
    kMember,    // in the table, and nothing contradicts the directory
    kReplaced,  // it was removed, its node has a newer disk, or the id belongs to another disk: to be told so
    kUnknown,   // this table has never heard of it; it may be older than the sender
  };

  const std::map<MemberId, Member>& members() const { return members_; }
  bool empty() const { return members_.empty() && retired_.empty(); }
  const Member* find(MemberId id) const;
  // The member that this disk of this node is.
  const Member* find(BrokerId node, Uuid directory) const;
  // The node's newest disk.
  const Member* newest(BrokerId node) const;
  // Who says that it is `id` on `directory`. Raft messages of a kReplaced one are to be dropped. Those of a kUnknown
  // one are not, or a member that lags could never hear of a leader that joined meanwhile; the leader knows everybody.
  Standing standing(MemberId id, Uuid directory) const;
  // The lowest node id from 1 on that no member has or had, and for which `taken` is false.
  BrokerId free_node(const std::function<bool(BrokerId)>& taken) const;
  // For a disk that was not seen before. Never an id that a member has or had.
  MemberId next_id(BrokerId node) const;

  void put(Member member);
  // Forgets who is not in `membership`, and knows at least the ids of who is.
  void settle(const Membership& membership);

  friend bool operator==(const MemberTable&, const MemberTable&) = default;

 private:
  friend void put_members(std::vector<std::byte>& to, const MemberTable& table);
  friend std::optional<MemberTable> take_members(BytesView& from);
  void retire(MemberId id);

  std::map<MemberId, Member> members_;
  std::map<BrokerId, std::uint32_t> retired_;  // highest incarnation that was a member and is none any more
};

// Big-endian, first a version. What is taken is gone from the front of `from`; nothing if it is not all there, or of a
// later version.
void put_members(std::vector<std::byte>& to, const MemberTable& table);
std::optional<MemberTable> take_members(BytesView& from);
// The context of a membership change: who is added or has moved.
std::vector<std::byte> encode_members(const std::vector<Member>& members);
std::optional<std::vector<Member>> decode_members(BytesView from);

}  // namespace thalweg::raft
