#include "broker/founding.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace thalweg::broker {
namespace {

using Step = Decision::Step;
using Answers = std::span<const std::optional<Seen>>;

template <class Is>
const Seen* any(Answers asked, Is is) {
  const auto at = std::ranges::find_if(asked, [&](const auto& one) { return one && is(*one); });
  return at == asked.end() ? nullptr : &**at;
}

bool all_answer(Answers asked) {
  return std::ranges::all_of(asked, [](const auto& one) { return one.has_value(); });
}

// What of `x` the others are, those that answer.
template <class Is>
std::size_t count(Answers asked, Is is) {
  return std::size_t(std::ranges::count_if(asked, [&](const auto& one) { return one && is(*one); }));
}

// A cluster was there, and this node is none of those who can say what it decided.
bool is_remnant(const Seen& node) { return node.own == Own::kLost || node.own == Own::kCopied; }

std::vector<BrokerId> sorted(std::vector<BrokerId> ids) {
  std::ranges::sort(ids);
  return ids;
}

std::string text_of(const Seen& node) {
  std::vector<std::int32_t> ids;
  for (const BrokerId id : sorted(node.voters)) ids.push_back(id.value);
  return fmt::format("node {} has [{}]", node.node.value, fmt::join(ids, ", "));
}

Decision ask_again(std::string why) { return {Step::kAskAgain, {}, std::move(why)}; }

Decision refuse_other_cluster(const Seen& self, const Seen& other) {
  return {Step::kRefuse,
          {},
          fmt::format("this node belongs to cluster {}, and node {} to {}: give them addresses of their own, or empty "
                      "the directories of the one that is to change over",
                      self.cluster_id, other.node.value, other.cluster_id)};
}

// The only one that may make a cluster id. Everybody has answered that it is empty.
Decision found_or_wait(const Seen& self, Answers asked) {
  for (const auto& one : asked)
    if (sorted(one->voters) != sorted(self.voters))
      return {Step::kRefuse,
              {},
              fmt::format("the nodes do not agree on who founds the cluster: {}, {}; make controller.quorum.voters (or "
                          "controller.quorum.bootstrap.servers) the same everywhere",
                          text_of(self), text_of(*one))};
  const auto* lower = any(asked, [&](const Seen& one) { return one.node < self.node; });
  if (lower) return ask_again(fmt::format("waits for node {} to found the cluster", lower->node.value));
  return {Step::kFound, {}, "all nodes are empty, and this one has the lowest id"};
}

Decision decide_empty(const Seen& self, Answers asked) {
  if (const auto* member = any(asked, [](const Seen& one) { return one.own == Own::kMember; }))
    return {Step::kJoin, member->cluster_id, fmt::format("node {} is a member", member->node.value)};
  if (!self.founds) return ask_again("there is no member of the cluster to join yet");
  if (!all_answer(asked)) return ask_again("not all nodes answer");
  if (const auto* lost = any(asked, is_remnant))
    return ask_again(fmt::format("cluster {} was there already, as node {} says", lost->cluster_id, lost->node.value));
  // Who is ready may have begun without saying so yet, and this disk may have been among those that were counted.
  if (const auto* ready = any(asked, [](const Seen& one) { return one.own == Own::kReady; }))
    return ask_again(
        fmt::format("cluster {} is being founded, as node {} says, and this disk is not one of its; it joins once the "
                    "cluster is there",
                    ready->cluster_id, ready->node.value));
  const auto* formatted = any(asked, [](const Seen& one) { return one.own == Own::kFormatted; });
  if (!formatted) return found_or_wait(self, asked);
  const auto* other = any(
      asked, [&](const Seen& one) { return one.own == Own::kFormatted && one.cluster_id != formatted->cluster_id; });
  if (other)
    return {Step::kRefuse,
            {},
            fmt::format("node {} belongs to cluster {}, and node {} to {}; this node belongs to none and cannot tell "
                        "which is meant",
                        formatted->node.value, formatted->cluster_id, other->node.value, other->cluster_id)};
  return {Step::kAdopt, formatted->cluster_id, fmt::format("as node {} has it", formatted->node.value)};
}

Decision decide_formatted(const Seen& self, Answers asked, bool waited_long) {
  if (const auto* member = any(asked, [](const Seen& one) { return one.own == Own::kMember; }))
    return {Step::kJoin, self.cluster_id, fmt::format("node {} is a member", member->node.value)};
  if (!self.founds) return ask_again("there is no member of the cluster to join yet");
  const auto is_ours = [](const Seen& one) { return one.own == Own::kFormatted || one.own == Own::kReady; };
  const std::size_t ours = 1 + count(asked, is_ours), voters = 1 + asked.size();
  if (ours == voters) return {Step::kReady, self.cluster_id, "all founders are formatted"};
  if (self.by_hand && waited_long && 2 * ours > voters)
    return {Step::kStart, self.cluster_id, "formatted by hand, and a majority is here"};
  return ask_again(fmt::format("{} of {} founders belong to cluster {}", ours, voters, self.cluster_id));
}

// Who finds a member is one of those that it has counted. Nobody begins before all are ready: otherwise the disks of
// those who began could be lost and the last one, which knows of nothing, would found with their successors once more.
Decision decide_ready(const Seen& self, Answers asked) {
  if (any(asked, [](const Seen& one) { return one.own == Own::kMember; }))
    return {Step::kStart, self.cluster_id, "a founder among others that have begun"};
  const auto is_ready = [](const Seen& one) { return one.own == Own::kReady; };
  const std::size_t ready = 1 + count(asked, is_ready), voters = 1 + asked.size();
  if (ready == voters) return {Step::kStart, self.cluster_id, "all founders are ready"};
  return ask_again(fmt::format("{} of {} founders of cluster {} are ready", ready, voters, self.cluster_id));
}

// What it had acknowledged is gone, so its voice does not count before somebody tells it what there is.
Decision decide_lost(const Seen& self, Answers asked) {
  if (const auto* member = any(asked, [](const Seen& one) { return one.own == Own::kMember; }))
    return {Step::kJoin, self.cluster_id, fmt::format("node {} is a member", member->node.value)};
  if (asked.empty())
    return {Step::kRefuse,
            {},
            fmt::format("the metadata log of cluster {} is gone, and there is no other node that has it; bring "
                        "metadata.log.dir back, or begin anew with empty log.dirs",
                        self.cluster_id)};
  return ask_again(
      fmt::format("this node was part of cluster {}, and its metadata log is gone; it joins again as soon "
                  "as a member that has its own answers",
                  self.cluster_id));
}

// It may have voted, and taken what was committed, since the copy was made.
Decision decide_copied(const Seen& self, Answers asked) {
  if (const auto* member = any(asked, [](const Seen& one) { return one.own == Own::kMember; }))
    return {Step::kJoin, self.cluster_id, fmt::format("node {} has its own metadata log", member->node.value)};
  if (all_answer(asked)) return {Step::kStart, self.cluster_id, "nobody has a metadata log that is no copy"};
  return ask_again(
      "the metadata log of this node was put back from a copy; it waits for a member that has its own, or for all "
      "others to say that they have none (it is no copy, but the original? then delete the line 'born' in the file "
      "thalweg-quorum beside it)");
}

// A member knows where it belongs; the transport refuses those of another cluster, one by one.
Decision decide_member(const Seen& self, Answers asked) {
  const auto* other =
      any(asked, [&](const Seen& one) { return one.own == Own::kMember && one.cluster_id != self.cluster_id; });
  if (!self.founds && other) return refuse_other_cluster(self, *other);
  return {Step::kStart, self.cluster_id, "a member"};
}

}  // namespace

std::string_view name(Own own) {
  switch (own) {
    case Own::kEmpty:
      return "empty";
    case Own::kFormatted:
      return "formatted";
    case Own::kReady:
      return "ready";
    case Own::kMember:
      return "member";
    case Own::kLost:
      return "lost";
    case Own::kCopied:
      return "copied";
  }
  return "?";
}

std::string_view name(Step step) {
  switch (step) {
    case Step::kStart:
      return "start";
    case Step::kFound:
      return "found";
    case Step::kAdopt:
      return "adopt";
    case Step::kReady:
      return "ready";
    case Step::kJoin:
      return "join";
    case Step::kAskAgain:
      return "ask again";
    case Step::kRefuse:
      return "refuse";
  }
  return "?";
}

Decision decide(const Seen& self, Answers asked, bool waited_long) {
  if (self.own == Own::kMember) return decide_member(self, asked);
  CHECK((self.own == Own::kEmpty) == self.cluster_id.empty());
  if (self.own == Own::kEmpty) return decide_empty(self, asked);
  const auto* other =
      any(asked, [&](const Seen& one) { return one.own != Own::kEmpty && one.cluster_id != self.cluster_id; });
  if (other) return refuse_other_cluster(self, *other);
  if (self.own == Own::kLost) return decide_lost(self, asked);
  if (self.own == Own::kCopied) return decide_copied(self, asked);
  return self.own == Own::kFormatted ? decide_formatted(self, asked, waited_long) : decide_ready(self, asked);
}

}  // namespace thalweg::broker
