#include "raft/membership.h"

#include <fmt/format.h>

#include <optional>

#include "raft/wire.h"

namespace thalweg::raft {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kMayVote = 1, kDismissed = 2;

// There is always a next incarnation.
bool is_id(MemberId id) { return broker_of(id).value >= 0 && incarnation_of(id) < ~std::uint32_t{0}; }

void put_text(std::vector<std::byte>& to, std::string_view text) {
  put(to, static_cast<std::uint16_t>(text.size()));
  put(to, as_bytes(text));
}
bool take_text(BytesView& from, std::string& text) {
  std::uint16_t size = 0;
  if (!take(from, size) || size > from.size()) return false;
  text = as_text(from.first(size));
  from = from.subspan(size);
  return true;
}

void put_member(std::vector<std::byte>& to, const Member& member) {
  put(to, member.id);
  put(to, member.directory.high);
  put(to, member.directory.low);
  put(to, static_cast<std::uint8_t>((member.may_vote ? kMayVote : 0) | (member.dismissed ? kDismissed : 0)));
  put(to, static_cast<std::uint16_t>(member.endpoints.size()));
  for (const auto& [listener, endpoint] : member.endpoints) {
    put_text(to, listener);
    put_text(to, endpoint.host);
    put(to, endpoint.port);
  }
}
std::optional<Member> take_member(BytesView& from) {
  Member member;
  std::uint8_t flags = 0;
  std::uint16_t endpoints = 0;
  if (!take(from, member.id) || !is_id(member.id)) return std::nullopt;
  if (!take(from, member.directory.high) || !take(from, member.directory.low)) return std::nullopt;
  if (!take(from, flags) || flags > (kMayVote | kDismissed) || !take(from, endpoints)) return std::nullopt;
  member.node = broker_of(member.id);
  member.may_vote = flags & kMayVote;
  member.dismissed = flags & kDismissed;
  for (; endpoints > 0; --endpoints) {
    std::string listener;
    Endpoint endpoint;
    if (!take_text(from, listener) || !take_text(from, endpoint.host) || !take(from, endpoint.port))
      return std::nullopt;
    member.endpoints[listener] = std::move(endpoint);
  }
  return member;
}

void put_list(std::vector<std::byte>& to, const auto& members) {
  put(to, kVersion);
  put(to, static_cast<std::uint32_t>(members.size()));
  for (const Member& member : members) put_member(to, member);
}
// A count is not believed: memory follows the bytes that are there.
std::optional<std::vector<Member>> take_list(BytesView& from) {
  std::uint8_t version = 0;
  std::uint32_t count = 0;
  if (!take(from, version) || version != kVersion || !take(from, count)) return std::nullopt;
  std::vector<Member> members;
  for (; count > 0; --count) {
    auto member = take_member(from);
    if (!member) return std::nullopt;
    members.push_back(*std::move(member));
  }
  return members;
}

}  // namespace

std::string name_of(MemberId member) {
  const std::int32_t node = broker_of(member).value;
  return incarnation_of(member) == 0 ? std::to_string(node) : fmt::format("{} (disk {})", node, incarnation_of(member));
}

const Member* MemberTable::find(MemberId id) const {
  const auto at = members_.find(id);
  return at == members_.end() ? nullptr : &at->second;
}

const Member* MemberTable::find(BrokerId node, Uuid directory) const {
  for (const auto& [id, member] : members_)
    if (member.node == node && member.directory == directory) return &member;
  return nullptr;
}

const Member* MemberTable::newest(BrokerId node) const {
  const Member* found = nullptr;
  for (const auto& [id, member] : members_)
    if (member.node == node) found = &member;  // the ids of a node sort by incarnation
  return found;
}

MemberTable::Standing MemberTable::standing(MemberId id, Uuid directory) const {
  const BrokerId node = broker_of(id);
  if (const Member* member = find(id)) {
    const bool known = !member->directory.is_zero() && !directory.is_zero();
    return known && member->directory != directory ? Standing::kReplaced : Standing::kMember;
  }
  const auto retired = retired_.find(node);
  if (retired != retired_.end() && incarnation_of(id) <= retired->second) return Standing::kReplaced;
  const Member* other = newest(node);
  return other && other->id > id ? Standing::kReplaced : Standing::kUnknown;
}

BrokerId MemberTable::free_node(const std::function<bool(BrokerId)>& taken) const {
  for (BrokerId node{1};; ++node.value)
    if (!newest(node) && !retired_.contains(node) && !taken(node)) return node;
}

MemberId MemberTable::next_id(BrokerId node) const {
  const Member* const member = newest(node);
  const auto retired = retired_.find(node);
  if (!member && retired == retired_.end()) return member_of(node);
  std::uint32_t highest = member ? incarnation_of(member->id) : 0;
  if (retired != retired_.end()) highest = std::max(highest, retired->second);
  return member_of(node, highest + 1);
}

void MemberTable::put(Member member) {
  const MemberId id = member.id;
  member.node = broker_of(id);
  members_[id] = std::move(member);
}

void MemberTable::retire(MemberId id) {
  auto& highest = retired_[broker_of(id)];
  highest = std::max(highest, incarnation_of(id));
}

void MemberTable::settle(const Membership& membership) {
  for (auto at = members_.begin(); at != members_.end();) {
    if (membership.has(at->first)) {
      ++at;
      continue;
    }
    retire(at->first);
    at = members_.erase(at);
  }
  for (const auto* list : {&membership.voters, &membership.learners, &membership.outgoing})
    for (const MemberId id : *list) members_.try_emplace(id, Member{id, broker_of(id), {}, {}, true});
}

void put_members(std::vector<std::byte>& to, const MemberTable& table) {
  std::vector<Member> members;
  for (const auto& [id, member] : table.members_) members.push_back(member);
  put_list(to, members);
  put(to, static_cast<std::uint32_t>(table.retired_.size()));
  for (const auto& [node, incarnation] : table.retired_) put(to, member_of(node, incarnation));
}

std::optional<MemberTable> take_members(BytesView& from) {
  auto members = take_list(from);
  std::uint32_t retired = 0;
  if (!members || !take(from, retired)) return std::nullopt;
  MemberTable table;
  for (Member& member : *members) table.put(std::move(member));
  for (; retired > 0; --retired) {
    MemberId id = kNoMember;
    if (!take(from, id) || !is_id(id)) return std::nullopt;
    table.retire(id);
  }
  return table;
}

std::vector<std::byte> encode_members(const std::vector<Member>& members) {
  std::vector<std::byte> bytes;
  put_list(bytes, members);
  return bytes;
}

std::optional<std::vector<Member>> decode_members(BytesView from) {
  auto members = take_list(from);
  if (!members || !from.empty()) return std::nullopt;
  return members;
}

}  // namespace thalweg::raft
