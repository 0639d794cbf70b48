#include "broker/founding_round.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"
#include "config/quorum_options.h"
#include "network/channel.h"
#include "runtime/gather.h"

namespace thalweg::broker {
namespace {

using Step = Decision::Step;

Seen seen_in(const protocol::ThalwegQuorumResponse& response) {
  Seen seen;
  seen.node = response.node;
  seen.own = response.own >= 0 && response.own <= std::int8_t(Own::kCopied) ? Own(response.own) : Own::kEmpty;
  seen.by_hand = response.by_hand;
  seen.cluster_id = response.cluster_id.value_or("");
  seen.voters = response.voters;
  return seen;
}

// In the operator's log: an address may lead to another node, to a port of something else, or nowhere.
std::string why_silent(const Result<protocol::ThalwegQuorumResponse>& answer) {
  if (!answer) return answer.error().message;
  return answer->error_message.value_or("it answers nothing that makes sense here");
}

// Of another release, or nobody of ours: as good as no answer.
bool makes_sense(const Seen& seen) {
  return seen.node.value >= 0 && (seen.own == Own::kEmpty) == seen.cluster_id.empty();
}

}  // namespace

std::string new_cluster_id(const Shard& shard, const config::BrokerConfig& config) {
  return config.cluster_id.value_or(to_string(Uuid::from_random(shard.random.next(), shard.random.next())));
}

FoundingRound::FoundingRound(const Shard& shard, const config::BrokerConfig& config, QuorumSelf& self, QuorumNote& note,
                             WriteClusterId write_cluster_id)
    : shard_(shard),
      config_(config),
      self_(self),
      note_(note),
      write_cluster_id_(std::move(write_cluster_id)),
      another_(self.seen.own == Own::kCopied ? Uuid::from_random(shard.random.next(), shard.random.next()) : Uuid()) {
  for (const auto& voter : config.quorum_voters)
    if (voter.id != config.node_id) peers_.push_back({voter.id, {voter.host, voter.port}});
  const auto ask_at = [this](const std::vector<config::HostPort>& addresses) {
    for (const auto& address : addresses) peers_.push_back({kNoBroker, {address.host, address.port}});
  };
  ask_at(config::join_servers(config));
  if (config.quorum_voters.empty()) ask_at(config::quorum_bootstrap_servers(config));
}

Task<Result<FoundingRound::Outcome>> FoundingRound::run() {
  const Instant begun = shard_.clock.now();
  for (;;) {
    Round round;
    if (self_.seen.own != Own::kMember || !config::join_servers(config_).empty()) round = co_await ask_all();
    if (stopping_) co_return fail(ErrorCode::kRequestTimedOut, "stopped before the cluster was there");
    Seen self = self_.seen;
    self.founds = self.founds && is_listed(round);
    const auto decision = decide(self, round.asked, shard_.clock.now() - begun >= kWaitedLong);
    if (decision.step == Step::kRefuse) co_return fail(ErrorCode::kInconsistentClusterId, decision.why);
    say(decision, round);
    CO_TRY(const bool done, co_await carry_out(decision, round));
    if (done) break;
    if (decision.step == Step::kAskAgain || decision.step == Step::kJoin) co_await shard_.clock.sleep_for(kAskEach);
  }
  Outcome outcome{.voters = {}, .member = note_.member, .addresses = addresses_};
  if (note_.member == raft::kNoMember) outcome.voters = founders();
  co_return outcome;
}

// Where addresses say who founds, and none is this node's, the others do without it: they do not know that it is there.
bool FoundingRound::is_listed(const Round& round) const {
  return !config_.quorum_voters.empty() || peers_.empty() || config::is_surely_bootstrap_server(config_) ||
         round.heard_itself;
}

std::vector<BrokerId> FoundingRound::founders() const {
  std::set<BrokerId> ids{config_.node_id};
  for (const auto& voter : config_.quorum_voters) ids.insert(voter.id);
  if (config_.quorum_voters.empty())
    for (const auto& [node, endpoint] : addresses_) ids.insert(node);
  return {ids.begin(), ids.end()};
}

Task<Result<FoundingRound::Response>> FoundingRound::ask(Peer peer, bool join) {
  const Instant deadline = later(shard_.clock.now(), join ? std::chrono::seconds(10) : kAnsweredWithin);
  CO_TRY(const auto channel,
         co_await network::Channel::connect(shard_, peer.endpoint, deadline, {.client_id = "founding"}));
  auto request = introduction(self_);
  request.to_node = peer.node;
  request.join = join;
  auto response = co_await channel->send<Response>(std::move(request), 0, deadline);
  channel->close();
  co_return response;
}

Task<FoundingRound::Round> FoundingRound::ask_all() {
  std::vector<Task<Result<Response>>> asking;
  for (const auto& peer : peers_) asking.push_back(ask(peer, false));
  const auto answers = co_await gather(std::move(asking));
  Round round;
  std::set<BrokerId> heard{config_.node_id};
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto& peer = peers_[i];
    const auto seen = answers[i] ? seen_in(*answers[i]) : Seen();
    const bool good = answers[i] && makes_sense(seen) && (peer.node == kNoBroker || peer.node == seen.node);
    if (!good) {
      if (answers[i] && answers[i]->error_message)
        log::debug("a founder refuses", field("at", to_string(peer.endpoint)),
                   field("why", *answers[i]->error_message));
      round.asked.push_back(std::nullopt);
      round.silent.push_back(peer.endpoint);
      round.silent_nodes += fmt::format("{}{} at {} ({})", round.silent_nodes.empty() ? "" : ", ",
                                        peer.node == kNoBroker ? "the node" : fmt::format("node {}", peer.node.value),
                                        to_string(peer.endpoint), why_silent(answers[i]));
      continue;
    }
    const auto& answer = *answers[i];
    // A member of some cluster that has our id, and is another one: both were started without one, perhaps.
    const bool has_our_id =
        seen.node == config_.node_id && seen.own == Own::kMember && answer.directory != self_.directory;
    round.heard_itself = round.heard_itself || (seen.node == config_.node_id && answer.directory == self_.directory);
    // Two addresses of one node, or our own.
    if (!heard.insert(seen.node).second && !has_our_id) continue;
    if (!has_our_id) addresses_[seen.node] = peer.endpoint;
    round.asked.push_back(seen);
    if (seen.own != Own::kMember || answer.leader == kNoBroker) continue;
    if (!answer.leader_host.empty())
      round.leader = Endpoint{answer.leader_host, answer.leader_port};
    else if (answer.leader == seen.node)
      round.leader = peer.endpoint;
  }
  co_return round;
}

// Whether the metadata log may be opened now.
Task<Result<bool>> FoundingRound::carry_out(Decision decision, const Round& round) {
  switch (decision.step) {
    case Step::kStart:
      co_return true;
    case Step::kFound: {
      std::string id = new_cluster_id(shard_, config_);
      // Who founds alone has with this seen all founders formatted.
      CO_TRY_VOID(co_await belong_to(std::move(id), round.asked.empty() ? Own::kReady : Own::kFormatted));
      co_return false;
    }
    case Step::kAdopt:
      CO_TRY_VOID(co_await belong_to(decision.cluster_id, Own::kFormatted));
      co_return false;
    case Step::kReady:
      CO_TRY_VOID(co_await belong_to(decision.cluster_id, Own::kReady));
      co_return false;
    case Step::kJoin:
      co_return co_await join(decision.cluster_id, round);
    case Step::kAskAgain:
    case Step::kRefuse:
      break;
  }
  co_return false;
}

// The note first: a cluster id without it looks like one that was written by hand.
Task<Result<>> FoundingRound::belong_to(std::string cluster_id, Own founding) {
  QuorumNote note = note_;
  note.cluster_id = cluster_id;
  note.founding = founding;
  CO_TRY_VOID(co_await write_quorum_note(shard_.disk, config_.metadata_log_dir, note));
  note_ = note;
  CO_TRY_VOID(co_await write_cluster_id_(cluster_id));
  self_.seen.cluster_id = std::move(cluster_id);
  self_.seen.own = founding;
  self_.seen.by_hand = false;
  co_return Result<>();
}

Task<Result<bool>> FoundingRound::join(std::string cluster_id, const Round& round) {
  if (!round.leader) co_return false;
  // Of what it has promised as the disk that it is a copy of, it may not know.
  const bool is_copy = self_.seen.own == Own::kCopied;
  const Uuid original = std::exchange(self_.directory, is_copy ? another_ : self_.directory);
  const auto answer = co_await ask({kNoBroker, *round.leader}, true);
  self_.directory = original;
  if (!answer || answer->error_code != ErrorCode::kNone) {
    const auto error = answer ? Error{answer->error_code, answer->error_message.value_or("")} : answer.error();
    if (error.code == ErrorCode::kDuplicateBrokerRegistration && self_.new_node) co_return std::unexpected(error);
    if (std::exchange(refused_with_, error.message) != error.message)
      log::info("the cluster's leader does not take this node in yet", field("leader", to_string(*round.leader)),
                field("error", error));
    co_return false;
  }
  if (answer->cluster_id != cluster_id || answer->member == 0) co_return false;
  if (is_copy) CO_TRY_VOID(co_await set_copy_aside());
  note_.member = raft::MemberId(answer->member);
  self_.member = note_.member;
  self_.new_node = false;
  const Own before = self_.seen.own == Own::kLost ? Own::kLost : Own::kFormatted;
  CO_TRY_VOID(co_await belong_to(std::move(cluster_id), before));
  log::info("this node joins the cluster", field("cluster", self_.seen.cluster_id),
            field("member", raft::name_of(note_.member)));
  co_return true;
}

// Its log stays until the leader has taken this node in: then the others decide without what it had.
Task<Result<>> FoundingRound::set_copy_aside() {
  log::warn("the copy of a metadata log is set aside; this node joins the cluster as another member of its quorum",
            field("directory", config_.metadata_log_dir), field("cluster", self_.seen.cluster_id));
  CO_TRY_VOID(co_await set_metadata_log_aside(shard_.disk, config_.metadata_log_dir));
  note_.directory = self_.directory = another_;
  self_.seen.own = Own::kLost;
  co_return Result<>();
}

void FoundingRound::say(const Decision& decision, const Round& round) {
  const Instant now = shard_.clock.now();
  if (decision.step != Step::kAskAgain) {
    if (std::exchange(decided_, decision) == decision) return;  // and tries again
    log::info("founding", field("step", name(decision.step)), field("why", decision.why),
              field("cluster", decision.cluster_id));
    return;
  }
  if (!said_) said_ = now;  // what takes a moment needs no word
  if (now - *said_ < kSayEach) return;
  said_ = now;
  if (!round.silent_nodes.empty() && !self_.seen.founds)
    log::info(fmt::format("waiting for {} to answer, to join its cluster", round.silent_nodes));
  else if (!round.silent_nodes.empty() && self_.seen.own != Own::kLost && self_.seen.own != Own::kCopied)
    log::info(fmt::format("waiting for {} to found the cluster (or: kafka-storage format)", round.silent_nodes));
  else
    log::info("waiting for the cluster", field("why", decision.why));
}

}  // namespace thalweg::broker
