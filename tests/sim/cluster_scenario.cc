#include "cluster_scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "bit_flip.h"
#include "broker/metadata_publisher.h"
#include "cluster_node.h"
#include "cluster_trouble.h"
#include "committed_reader.h"
#include "leader_route.h"
#include "raft/quorum.h"
#include "record_deleter.h"
#include "replica_mover.h"
#include "replica_watch.h"
#include "topic_creator.h"
#include "transactional_writer.h"
#include "vote_operator.h"

namespace thalweg::simulation {
namespace {
using namespace std::chrono_literals;

// Everybody who must come to an end, and those who only follow.
struct ClusterClients {
  static constexpr int kProducers = 3, kBatches = 150, kDeletions = 10, kVoteChanges = 8, kMoves = 12;
  static constexpr int kTransactionalWriters = 2, kTransactions = 30;

  std::unique_ptr<TopicCreator> creator;
  std::deque<Producer> producers;
  std::deque<TransactionalWriter> transactional;
  std::unique_ptr<RecordDeleter> deleter;
  std::unique_ptr<VoteOperator> votes;  // where votes can be given by request
  std::unique_ptr<ReplicaMover> mover;  // beside that
  bool topic_created = false, transfers_created = false;

  bool done() const {
    return creator->done() && deleter->done() && std::ranges::all_of(producers, &Producer::done) &&
           std::ranges::all_of(transactional, &TransactionalWriter::done) && (!votes || votes->done()) &&
           (!mover || mover->done());
  }
  std::string complaints() const {
    std::string all;
    for (const auto& producer : producers)
      if (!producer.done()) all += "; a producer still gets " + producer.last_error();
    for (const auto& writer : transactional)
      if (!writer.done()) all += "; a transactional writer still gets " + writer.last_error();
    if (!creator->done()) all += "; the administrator still gets " + creator->last_error();
    if (!deleter->done()) all += "; who deletes records still gets " + deleter->last_error();
    if (votes && !votes->done()) all += "; who changes voters has no end";
    if (mover && !mover->done()) all += "; who moves replicas still gets " + mover->last_error();
    return all;
  }
};

// What is special of a run.
enum class ClusterKind { kVotesOfTheFile, kVotesChange, kADiskIsReplaced, kABitFlips, kACopyIsPutBack };
ClusterKind kind_of(std::uint64_t seed) {
  if (seed % 12 == 8) return ClusterKind::kACopyIsPutBack;
  return seed % 6 == 5 ? ClusterKind::kABitFlips : ClusterKind(seed % 3);
}

constexpr Instant kTopicComesLate = 6s;

class ClusterScenario {
 public:
  explicit ClusterScenario(std::uint64_t seed)
      : kind_(kind_of(seed)), transactions_(history_), world_(seed), replicas_(world_, history_) {
    const auto quorum = kind_ == ClusterKind::kVotesOfTheFile ? Quorum::kOfTheFile : Quorum::kByRequest;
    for (int node = 1; node <= kClusterNodes; ++node) nodes_.push_back(&add_cluster_node(world_, node, quorum));
    trouble_.emplace(world_, nodes_);
  }

  ClusterOutcome run() {
    auto& simulation = world_.simulation;
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      simulation.at(simulation.between(Instant{0}, Instant(3s)), [this, i] { nodes_[i]->start(); });
    look();
    watch();
    start_clients();
    if (!world_.run_until([this] { return serving() == kClusterNodes; }, 1min)) return hung("at the beginning");
    const auto founded = world_.now();
    if (kind_ == ClusterKind::kABitFlips) {
      flip_a_bit();
      spawn(client_node_->shard(0), clients_->creator->run());
    }
    suffer();
    if (kind_ == ClusterKind::kADiskIsReplaced && replace_a_disk()) suffer();
    if (kind_ == ClusterKind::kABitFlips && flip_a_bit()) suffer();
    if (kind_ == ClusterKind::kACopyIsPutBack && put_a_copy_back()) suffer();
    if (!world_.run_until([this] { return clients_->done(); }, 4min))
      history_.violation("no progress after healing" + clients_->complaints());
    check("after healing");
    for (auto* node : nodes_) node->crash(sim::Crash::kPowerLoss);
    for (auto* node : nodes_) node->start();
    check("after a last power loss");
    return outcome(founded);
  }

 private:
  void suffer() {
    trouble_->begin();
    world_.run_for(20s);
    trouble_->end();
  }

  // What was acknowledged is on two disks, so that one may be lost when all have everything.
  bool replace_a_disk() {
    if (!is_settled("before a disk is replaced", true)) return false;
    auto& node = *nodes_[world_.simulation.below(nodes_.size())];
    node.crash(sim::Crash::kKill);
    world_.run_for(world_.simulation.between(0ms, 3s));
    if (node.is_up()) node.crash(sim::Crash::kKill);
    empty_disk(node);
    node.start();
    ++replaced_disks_;
    return is_settled("after a disk was replaced", true);
  }

  // Of two that decide while the third is away, one forgets it and comes back first, together with the third.
  bool put_a_copy_back() {
    if (!is_settled("before a disk is copied", true)) return false;
    auto& simulation = world_.simulation;
    const std::size_t forgetful = simulation.below(nodes_.size());
    auto& away = *nodes_[(forgetful + 1 + simulation.below(2)) % nodes_.size()];
    copy_disk(*nodes_[forgetful]);
    world_.run_for(simulation.between(0ms, 1s));
    away.crash(sim::Crash::kKill);
    world_.run_for(simulation.between(0ms, 5s));
    for (auto* node : nodes_)
      if (node->is_up()) node->crash(sim::Crash::kKill);
    put_copy_back(*nodes_[forgetful]);
    ++copies_put_back_;
    for (auto* node : nodes_) {
      const bool first = node == &away || node == nodes_[forgetful];
      simulation.at(world_.now() + simulation.between(0ms, first ? 500ms : 8s), [node] {
        if (!node->is_up()) node->start();
      });
    }
    return is_settled("after a copy of a disk was put back", true);
  }

  // On one disk while all are down: whoever led a partition may be the one that lacks some of it now.
  bool flip_a_bit() {
    if (!is_settled("before a bit flips", true)) return false;
    auto& simulation = world_.simulation;
    world_.run_for(simulation.between(0ms, 500ms));
    const std::size_t rotten = simulation.below(nodes_.size());
    const PartitionId partition{std::int32_t(simulation.below(kPartitions))};
    auto& broker = *program(rotten)->broker;
    const Offset from = ReplicaWatch::recovery_point(broker, *broker.publisher().published_image(), partition);
    for (auto* node : nodes_) node->crash(sim::Crash::kKill);
    flipped_bits_ += simulation::flip_a_bit(world_, *nodes_[rotten], folder_of(kTopic, partition), from);
    for (auto* node : nodes_)
      simulation.at(world_.now() + simulation.between(0ms, 1s), [node] {
        if (!node->is_up()) node->start();
      });
    return is_settled("after a bit flipped", true);
  }

  void check(const char* when) {
    if (!is_settled(when, false)) return;
    const auto image = program(0)->broker->publisher().published_image();
    std::vector<std::pair<sim::Node*, broker::Broker*>> nodes;
    for (std::size_t i = 0; i < nodes_.size(); ++i) nodes.emplace_back(nodes_[i], program(i)->broker.get());
    replicas_.compare(*image, nodes);
    for (std::int32_t p = 0; p < kPartitions; ++p) {
      const auto records = read(PartitionId{p});
      if (records)
        history_.check({p}, *records);
      else
        history_.violation(fmt::format("partition {} cannot be read {}: {}", p, when, records.error().message));
    }
    check_transactions(when);
  }

  void check_transactions(const char* when) {
    std::map<PartitionId, Records> committed;
    const auto& shard = client_node_->shard(0);
    for (std::int32_t p = 0; p < kPartitions; ++p) {
      auto records = tried([&] { return read_committed(&shard, transfers_route(shard), PartitionId{p}); });
      if (!records)
        return history_.violation(
            fmt::format("{} {} cannot be read to its end {}: {}", kTransfers, p, when, records.error().message));
      committed[PartitionId{p}] = *std::move(records);
    }
    transactions_.check(committed);
  }

  static std::shared_ptr<Route> transfers_route(const Shard& shard) {
    return std::make_shared<ToTheLeader>(shard, kTransfers);
  }

  // `busy`: clients go on, so that replicas need not end at the same offset.
  bool is_settled(const char* when, bool busy) {
    if (world_.run_until([&] { return unsettled(busy).empty(); }, 2min)) return true;
    history_.violation(fmt::format("{} {}", unsettled(busy), when));
    return false;
  }

  Result<Records> read(PartitionId partition) {
    const auto& shard = client_node_->shard(0);
    return tried([&] { return read_partition(&shard, std::make_shared<ToTheLeader>(shard), partition); });
  }
  Result<Records> tried(const std::function<Task<Result<Records>>()>& reading) {
    Result<Records> records = fail(ErrorCode::kRequestTimedOut, "no answer");
    for (int attempt = 0; attempt < 30 && !records; ++attempt) {
      auto answer = world_.run(*client_node_, reading(), 30s);
      if (answer) records = std::move(*answer);
      if (!records) world_.run_for(500ms);
    }
    return records;
  }

  ClusterOutcome outcome(Instant founded) {
    ClusterCounts counts{.topics = clients_->creator->created().size(),
                         .crashes = trouble_->counts().crashes,
                         .cuts = trouble_->counts().cuts,
                         .stalls = trouble_->counts().stalls,
                         .failed_syncs = trouble_->counts().failed_syncs,
                         .elections = epochs_.size(),
                         .leaderships = replicas_.leaderships(),
                         .acknowledged = history_.acknowledged_count(),
                         .committed_transactions = transactions_.committed_count(),
                         .aborted_transactions = transactions_.aborted_count(),
                         .deletions = std::uint64_t(clients_->deleter->answered()),
                         .vote_changes = std::uint64_t(clients_->votes ? clients_->votes->answered() : 0),
                         .moves = std::uint64_t(clients_->mover ? clients_->mover->answered() : 0),
                         .replaced_disks = replaced_disks_,
                         .flipped_bits = flipped_bits_,
                         .copies_put_back = copies_put_back_,
                         .steps = world_.simulation.steps(),
                         .founded_after = std::chrono::duration<double>(founded).count(),
                         .virtual_seconds = std::chrono::duration<double>(world_.now()).count()};
    return {.violations = history_.violations(), .counts = counts, .trace = world_.simulation.trace()};
  }

  ClusterProgram* program(std::size_t i) {
    return nodes_[i]->is_up() ? &nodes_[i]->program<ClusterProgram>() : nullptr;
  }
  int serving() {
    int count = 0;
    for (std::size_t i = 0; i < nodes_.size(); ++i) count += program(i) && program(i)->serving;
    return count;
  }
  ClusterOutcome hung(const char* when) {
    std::string why;
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      why += fmt::format("; broker {}: {}", i + 1,
                         !program(i)               ? "down"
                         : program(i)->start_error ? program(i)->start_error->message
                         : program(i)->serving     ? "serves"
                                                   : "starts");
    history_.violation(fmt::format("no cluster {}{}", when, why));
    return {.violations = history_.violations(), .counts = {}, .trace = world_.simulation.trace()};
  }

  // What every broker shows, all the time.
  void look() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      auto* here = program(i);
      if (!here || !here->serving) continue;
      const auto& image = here->broker->publisher().published_image();
      if (cluster_id_.empty()) cluster_id_ = image->cluster_id();
      if (image->cluster_id() != cluster_id_)
        history_.violation(
            fmt::format("broker {} is of cluster {}, another of {}", i + 1, image->cluster_id(), cluster_id_));
      const auto [at, fresh] = images_.emplace(image->index(), image);
      if (!fresh && !(*at->second == *image))
        history_.violation(
            fmt::format("broker {} shows another cluster at index {} than was shown before", i + 1, image->index()));
      replicas_.note_leaders(BrokerId{int(i) + 1}, *here->broker, *image);
      if (here->broker->quorum().is_leader()) epochs_.insert(here->broker->quorum().leader().epoch.value);
    }
    world_.simulation.at(world_.now() + 50ms, [this] { look(); });
  }

  // The operator: what could not start is started again; a machine whose disk failed is rebooted.
  void watch() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      auto* here = program(i);
      if (!here || !here->start_error) continue;
      nodes_[i]->crash(nodes_[i]->disk().failed_syncs() > 0 ? sim::Crash::kPowerLoss : sim::Crash::kKill);
      nodes_[i]->start();
    }
    world_.simulation.at(world_.now() + 1s, [this] { watch(); });
  }

  void start_clients() {
    client_node_ = &world_.add_node("clients", 1, [this](sim::Node& node) {
      const Shard& shard = node.shard(0);
      clients_ = std::make_shared<ClusterClients>();
      clients_->creator = std::make_unique<TopicCreator>(shard);
      if (kind_ != ClusterKind::kABitFlips) spawn(shard, clients_->creator->run());
      // Late, so that it is the last that the metadata log says: then a broker that starts has to hear of the topic.
      const Instant after = kind_ == ClusterKind::kABitFlips ? kTopicComesLate : Instant{0};
      spawn(shard, create_replicated_topic(&shard, kTopic, &clients_->topic_created, after));
      spawn(shard, create_replicated_topic(&shard, kTransfers, &clients_->transfers_created, Instant{0}));
      for (int i = 0; i < ClusterClients::kTransactionalWriters; ++i)
        spawn(shard,
              clients_->transactional.emplace_back(shard, history_, transactions_, i, ClusterClients::kTransactions)
                  .run());
      for (int i = 0; i < ClusterClients::kProducers; ++i)
        spawn(shard,
              clients_->producers
                  .emplace_back(shard, history_, std::make_unique<ToTheLeader>(shard), i, ClusterClients::kBatches)
                  .run());
      for (std::int32_t p = 0; p < kPartitions; ++p)
        spawn(shard, follow(&shard, &history_, std::make_unique<ToTheLeader>(shard), {p}));
      for (std::int32_t p = 0; p < kPartitions; ++p)
        spawn(shard, follow_committed(&shard, &transactions_, std::make_unique<ToTheLeader>(shard, kTransfers), {p}));
      clients_->deleter = std::make_unique<RecordDeleter>(shard, history_, ClusterClients::kDeletions);
      spawn(shard, clients_->deleter->run());
      if (kind_ == ClusterKind::kVotesChange) {
        clients_->votes = std::make_unique<VoteOperator>(shard, history_, ClusterClients::kVoteChanges);
        spawn(shard, clients_->votes->run());
        clients_->mover = std::make_unique<ReplicaMover>(shard, history_, ClusterClients::kMoves);
        spawn(shard, clients_->mover->run());
      }
      return clients_;
    });
    client_node_->start();
  }

  std::string unsettled(bool busy) {
    metadata::ImagePtr first;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      auto* here = program(i);
      if (!here || !here->serving) return fmt::format("broker {} does not serve", i + 1);
      const auto& image = here->broker->publisher().published_image();
      if (!first) first = image;
      if (!(*image == *first)) return fmt::format("broker {} shows another cluster than broker 1", i + 1);
    }
    for (int node = 1; node <= kClusterNodes; ++node) {
      const auto* broker = first->broker(BrokerId{node});
      if (!broker || !broker->active()) return fmt::format("broker {} is not unfenced", node);
    }
    if (const auto why = wrong_voters(); !why.empty()) return why;
    return busy ? replicas_not_in_sync(*first) : wrong_topics(*first);
  }

  std::string replicas_not_in_sync(const metadata::Image& image) const {
    if (!image.topic(std::string_view(kTopic))) return "the topic is not there";
    for (const auto& [name, topic] : image.topics())
      for (const auto& partition : topic->partitions)
        if (partition.replicas.size() == nodes_.size() && partition.isr.size() != nodes_.size())
          return "not all replicas are in sync of " + name;
    return {};
  }

  std::string wrong_topics(const metadata::Image& image) {
    std::set<BrokerId> leaders;
    for (const auto& name : clients_->creator->created()) {
      const auto topic = image.topic(name);
      if (!topic) return fmt::format("{} was answered and is not there", name);
      for (const auto& partition : topic->partitions) leaders.insert(partition.leader);
    }
    // Which brokers were up when topics were made is drawn; more than one was.
    if (leaders.size() < 2) return "all partitions lie on one broker";
    std::vector<broker::Broker*> brokers;
    for (std::size_t i = 0; i < nodes_.size(); ++i) brokers.push_back(program(i)->broker.get());
    return replicas_.unsettled(image, brokers);
  }

  // All who founded the cluster vote, unless somebody was told otherwise.
  std::string wrong_voters() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      auto& quorum = program(i)->broker->quorum();
      if (!quorum.is_leader()) continue;
      std::set<BrokerId> voters;
      for (const auto member : quorum.membership().voters) voters.insert(raft::broker_of(member));
      for (int node = 1; node <= kClusterNodes; ++node) {
        const auto wanted = clients_->votes ? clients_->votes->has_vote(BrokerId{node}) : std::optional(true);
        if (wanted && *wanted != voters.contains(BrokerId{node}))
          return fmt::format("node {} {} a vote, and the operator was told otherwise", node,
                             *wanted ? "has not" : "has");
      }
      return {};
    }
    return "nobody leads the quorum";
  }

  const ClusterKind kind_;
  History history_;
  Transactions transactions_;
  sim::World world_;  // after what its coroutines refer to
  ReplicaWatch replicas_;
  std::vector<sim::Node*> nodes_;
  std::optional<ClusterTrouble> trouble_;
  sim::Node* client_node_ = nullptr;
  std::shared_ptr<ClusterClients> clients_;
  std::string cluster_id_;
  std::map<std::int64_t, metadata::ImagePtr> images_;
  std::set<std::int32_t> epochs_;
  std::uint64_t replaced_disks_ = 0, flipped_bits_ = 0, copies_put_back_ = 0;
};

}  // namespace

void ClusterCounts::add(const ClusterCounts& other) {
  topics += other.topics, crashes += other.crashes, cuts += other.cuts, stalls += other.stalls;
  failed_syncs += other.failed_syncs, elections += other.elections, leaderships += other.leaderships;
  committed_transactions += other.committed_transactions, aborted_transactions += other.aborted_transactions;
  acknowledged += other.acknowledged, deletions += other.deletions, vote_changes += other.vote_changes;
  moves += other.moves, replaced_disks += other.replaced_disks, flipped_bits += other.flipped_bits;
  copies_put_back += other.copies_put_back;
  steps += other.steps;
  founded_after = std::max(founded_after, other.founded_after);
  virtual_seconds += other.virtual_seconds;
}

std::string to_string(const ClusterCounts& counts) {
  return fmt::format(
      "{} records acknowledged, {} transactions committed, {} aborted, {} topics, {} deletions, {} changes of voters, "
      "{} moves, {} disks replaced, "
      "{} bits flipped, {} copies put back; {} crashes, {} cuts, {} stalls, {} bad disks; {} elections, {} "
      "leaderships, founded within "
      "{:.1f} s, {} steps, {:.0f} s",
      counts.acknowledged, counts.committed_transactions, counts.aborted_transactions, counts.topics, counts.deletions,
      counts.vote_changes, counts.moves, counts.replaced_disks, counts.flipped_bits, counts.copies_put_back,
      counts.crashes, counts.cuts, counts.stalls, counts.failed_syncs, counts.elections, counts.leaderships,
      counts.founded_after, counts.steps, counts.virtual_seconds);
}

std::vector<std::string> what_is_missing(const ClusterCounts& counts) {
  const std::pair<const char*, std::uint64_t> kinds[] = {{"acknowledged record", counts.acknowledged},
                                                         {"committed transaction", counts.committed_transactions},
                                                         {"aborted transaction", counts.aborted_transactions},
                                                         {"deletion of records", counts.deletions},
                                                         {"change of voters", counts.vote_changes},
                                                         {"move of replicas", counts.moves},
                                                         {"replaced disk", counts.replaced_disks},
                                                         {"flipped bit", counts.flipped_bits},
                                                         {"copy put back", counts.copies_put_back},
                                                         {"crash", counts.crashes},
                                                         {"cut", counts.cuts},
                                                         {"stall", counts.stalls},
                                                         {"bad disk", counts.failed_syncs},
                                                         {"election", counts.elections}};
  std::vector<std::string> missing;
  for (const auto& [what, count] : kinds)
    if (count == 0) missing.emplace_back(what);
  return missing;
}

ClusterOutcome run_cluster(std::uint64_t seed) { return ClusterScenario(seed).run(); }

}  // namespace thalweg::simulation
