// What is wrong with the cluster, as any of its nodes knows it, each trouble with what to do about it. Pure: made of an
// image and of what this node sees of the metadata quorum, topic by topic, since there may be many.
//
//   ClusterLook look(image, quorum);
//   for (const auto& [name, topic] : image.topics()) look.add(*topic, min_isr);
//   look.troubles();
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/image.h"

namespace thalweg::monitoring {

struct Trouble {
  std::string_view kind;  // as docs/monitoring.md lists them
  std::string what;       // "broker 3 is down…"
  std::string next;       // what to do
};

// The metadata quorum as this node sees it.
struct QuorumLook {
  bool has_leader = true;
  std::vector<BrokerId> voters;
  std::vector<BrokerId> silent;  // voters that its leader does not hear; other nodes cannot tell
};

class ClusterLook {
 public:
  ClusterLook(metadata::ImagePtr image, QuorumLook quorum) : image_(std::move(image)), quorum_(std::move(quorum)) {}

  // Each topic once. `min_isr` is asked of those that have replicas out of sync: min.insync.replicas in force.
  void add(const metadata::Topic& topic, const std::function<std::size_t(const std::string&)>& min_isr);

  // The worst first; none: all is well.
  std::vector<Trouble> troubles() const;

  std::size_t partitions() const { return partitions_; }
  std::size_t leaderless() const { return leaderless_.count; }
  std::size_t under_replicated() const { return under_replicated_.count; }

 private:
  // Some partitions, of which the first are named, and the brokers that it is about.
  struct Some {
    std::size_t count = 0;
    std::vector<std::string> first;
    std::set<BrokerId> brokers;
    void note(const metadata::Topic& topic, std::size_t partition);
    std::string text(std::string_view what) const;
  };
  bool is_up(BrokerId id) const;
  void look_at_move(const metadata::Topic& topic, std::size_t id);

  const metadata::ImagePtr image_;
  const QuorumLook quorum_;
  std::size_t partitions_ = 0;
  Some leaderless_, under_min_isr_, under_replicated_, stuck_;
};

}  // namespace thalweg::monitoring
