#include "broker/quorum_view.h"

namespace thalweg::broker {
namespace {

// The moment by this node's date. A clock that was set meanwhile makes it wrong by as much, as in Kafka.
std::int64_t date_of(std::optional<Instant> moment, const Clock& clock) {
  if (!moment) return -1;
  return clock.wall() - std::chrono::duration_cast<Millis>(clock.now() - *moment).count();
}

}  // namespace

QuorumView view_of(raft::Quorum& quorum, BrokerId self, const Clock& clock) {
  const auto position = quorum.position();
  QuorumView view{.leader = self, .epoch = quorum.leader().epoch, .high_watermark = position.committed + 1};
  for (const auto& progress : quorum.progress()) {
    auto& member = view.members.emplace_back();
    member.node = progress.member.node;
    member.directory = progress.member.directory;
    member.voter = progress.voter;
    member.log_end = progress.match == Offset{0} ? Offset{-1} : progress.match + 1;
    for (const auto& [name, endpoint] : progress.member.endpoints) member.listeners[name] = endpoint;
    if (member.node == self) {
      member.log_end = position.last + 1;
      member.last_fetch = member.last_caught_up = clock.wall();
      continue;
    }
    member.last_fetch = date_of(progress.last_contact, clock);
    member.last_caught_up = date_of(progress.last_caught_up, clock);
  }
  return view;
}

ControllersView controllers_of(const raft::Quorum& quorum, const std::vector<config::Voter>& voters,
                               const std::string& listener) {
  std::map<BrokerId, Endpoint> known;
  for (const auto& voter : voters) known[voter.id] = {voter.host, voter.port};
  for (const auto& [id, member] : quorum.members().members()) {
    const auto at = member.endpoints.find(listener);
    if (!member.may_vote)
      known.erase(member.node);
    else if (at != member.endpoints.end())
      known[member.node] = at->second;
  }
  ControllersView view{.leader = quorum.leader().leader};
  for (const auto& [node, endpoint] : known) view.controllers.push_back({node, endpoint});
  return view;
}

}  // namespace thalweg::broker
