#include "raft/voter_requests.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "raft/membership_plan.h"

namespace thalweg::raft {
namespace {

// As Kafka's ReplicaKey prints itself.
std::string text_of(BrokerId node, Uuid directory) {
  return fmt::format("ReplicaKey(id={}, directoryId={})", node.value, to_string(directory));
}
std::string text_of(const VoterKey& key) { return text_of(key.node, key.directory); }

std::string voters_text(const VotersSeen& seen) {
  std::vector<std::string> keys;
  for (const auto& one : seen.members)
    if (one.voter) keys.push_back(text_of(one.member.node, one.member.directory));
  return fmt::format("[{}]", fmt::join(keys, ", "));
}

const MemberProgress* on_disk(const VoterKey& key, const VotersSeen& seen) {
  const auto at = std::ranges::find_if(seen.members, [&](const MemberProgress& one) {
    return one.member.node == key.node && one.member.directory == key.directory;
  });
  return at == seen.members.end() ? nullptr : &*at;
}

bool is_heard(const MemberProgress& one, const VotersSeen& seen) {
  return one.member.id == seen.leader || (one.last_contact && *one.last_contact >= seen.heard_since);
}

std::unexpected<Error> behind(const VoterKey& wanted, const std::string& why) {
  return fail(ErrorCode::kRequestTimedOut,
              fmt::format("Aborted add voter operation for {} since it is lagging behind: {}", text_of(wanted), why));
}

}  // namespace

Result<MemberId> new_voter(const VoterKey& wanted, const VotersSeen& seen) {
  const bool has_vote = std::ranges::any_of(
      seen.members, [&](const MemberProgress& one) { return one.voter && one.member.node == wanted.node; });
  if (has_vote)
    return fail(ErrorCode::kDuplicateVoter, fmt::format("The voter id for {} is already part of the set of voters {}.",
                                                        text_of(wanted), voters_text(seen)));
  const MemberProgress* const found = on_disk(wanted, seen);
  if (!found)
    return behind(wanted,
                  "no such node follows the metadata quorum; start it first, with the addresses of controllers "
                  "in controller.quorum.bootstrap.servers, until it is among the observers");
  if (!found->member.may_vote)
    return fail(ErrorCode::kInvalidRequest,
                fmt::format("{} is only a broker; a voter has \"controller\" in process.roles", text_of(wanted)));
  if (!is_heard(*found, seen))
    return fail(ErrorCode::kRequestTimedOut,
                fmt::format("New voter {} is not ready to receive requests", text_of(wanted)));
  if (const std::int64_t lag = seen.last - found->match; lag >= kLagMax)
    return behind(wanted, fmt::format("{} entries are missing", lag));
  return found->member.id;
}

Result<MemberId> voter_to_dismiss(const VoterKey& wanted, const VotersSeen& seen) {
  const MemberProgress* const found = on_disk(wanted, seen);
  if (!found || !found->voter)
    return fail(ErrorCode::kVoterNotFound,
                fmt::format("Cannot remove voter {} from the set of voters {}", text_of(wanted), voters_text(seen)));
  std::size_t left = 0, heard = 0;
  for (const auto& one : seen.members) {
    if (!one.voter || &one == found) continue;
    ++left;
    heard += is_heard(one, seen);
  }
  if (left == 0)
    return fail(ErrorCode::kInvalidRequest,
                fmt::format("{} is the only voter, and without one nothing can be decided; add another one first",
                            text_of(wanted)));
  if (2 * heard <= left)
    return fail(ErrorCode::kInvalidRequest,
                fmt::format("of the {} voters that would be left only {} can be heard, which is no majority; start the "
                            "others, or remove those first that are gone",
                            left, heard));
  return found->member.id;
}

}  // namespace thalweg::raft
