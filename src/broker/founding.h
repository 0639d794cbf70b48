// Who founds a cluster, and when a node may take part in one: pure, a table of what this node and the others are.
//
// No node takes part in the quorum before this table says so, and a node that has done so says kMember from then on,
// whatever was committed. Two things rest on that:
//   1. No cluster is founded twice: a cluster id is made by one node only, when all nodes of the same list have said
//      that they are empty.
//   2. No voter comes back without its memory: an emptied disk never starts as a founder beside somebody who has
//      begun; it joins, under a new member id. So does one that still knows its cluster, from another of its disks, and
//      whose metadata log is gone: it never founds, not even with others that lost theirs. One whose metadata log is a
//      copy joins just so where anybody has his own. Where nobody has, all were put back, and go on with what there is.
// Founding by itself (nobody ran `kafka-storage format`) has two steps that are on disk before the next one begins: to
// belong to the cluster (kFormatted), and to have seen that all the others belong to it too (kReady). Nobody begins
// before all are ready. Without the second step, who looks last would find members already and could not tell whether
// it was counted among them; and a last one that knows of nothing could found once more with the emptied disks of those
// who had begun.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"

namespace thalweg::broker {

enum class Own : std::int8_t {
  kEmpty,      // no cluster id
  kFormatted,  // a cluster id, and never part of its quorum
  kReady,      // the same, and has seen all founders formatted
  kMember,     // its metadata log was begun
  kLost,       // it has been a member, and has no metadata log any more
  kCopied,     // it has a metadata log that was put back from a copy, and may have promised more than that says
};
std::string_view name(Own own);

// What a node says of itself.
struct Seen {
  BrokerId node = kNoBroker;
  Own own = Own::kEmpty;
  bool by_hand = false;  // formatted with kafka-storage, by somebody who knows that the cluster is new
  std::string cluster_id;
  std::vector<BrokerId> voters;  // as its configuration lists them
  // A controller that was not told to join; who is only a broker joins, and is never counted among founders.
  bool founds = true;
  friend bool operator==(const Seen&, const Seen&) = default;
};

struct Decision {
  enum class Step : std::uint8_t {
    kStart,     // as a member, or as a founding voter where the metadata log is empty
    kFound,     // make a cluster id and write it down
    kAdopt,     // write `cluster_id` down
    kReady,     // write down that all founders are formatted
    kJoin,      // ask the leader of `cluster_id` to be a learner
    kAskAgain,  // `why` says what is waited for
    kRefuse,    // nobody but an operator can decide this; `why` is for him
  } step;
  std::string cluster_id, why;
  friend bool operator==(const Decision&, const Decision&) = default;
};
std::string_view name(Decision::Step step);

// `asked`: everybody else on the list, one answer each; nothing: it has not answered. A member asks nobody, unless it
// was told to join (founds is false): then it must not go on in a cluster of its own. `waited_long`: those who do not
// answer have been asked long enough for a founding by hand to go on without them.
// Those asked are all controllers, as they are who is listed.
// REQUIRES: self.voters is what those asked were found by, or empty where addresses were given instead of ids
Decision decide(const Seen& self, std::span<const std::optional<Seen>> asked, bool waited_long);

}  // namespace thalweg::broker
