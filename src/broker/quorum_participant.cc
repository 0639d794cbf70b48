#include "broker/quorum_participant.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "broker/listener_role.h"
#include "broker/peer_watch.h"
#include "broker/quorum_listener.h"
#include "config/quorum_options.h"

namespace thalweg::broker {
namespace {

// Where others reach this node's part of the quorum.
std::optional<Endpoint> own_endpoint(const config::BrokerConfig& config, const std::string& listener) {
  const auto voter = std::ranges::find(config.quorum_voters, config.node_id, &config::Voter::id);
  if (voter != config.quorum_voters.end()) return Endpoint{voter->host, voter->port};
  for (const auto* all : {&config.advertised_listeners, &config.advertised_controllers}) {
    const auto told = std::ranges::find(*all, listener, &config::Listener::name);
    if (told != all->end() && !told->host.empty()) return Endpoint{told->host, told->port};
  }
  return std::nullopt;
}

Own own_of(Disk& disk, const config::BrokerConfig& config, const QuorumNote& note, const std::string& cluster_id,
           bool was_broker) {
  if (cluster_id.empty()) return Own::kEmpty;
  if (has_metadata_log(disk, config.metadata_log_dir))
    return is_copy(disk, config.metadata_log_dir, note) ? Own::kCopied : Own::kMember;
  const bool was_member =
      note.cluster_id == cluster_id && (note.founding == Own::kMember || note.founding == Own::kLost);
  if (was_broker || was_member) return Own::kLost;
  if (config::founds_alone(config)) return Own::kReady;  // all founders are formatted
  return note.cluster_id == cluster_id && note.founding == Own::kReady ? Own::kReady : Own::kFormatted;
}

// log.dirs begin with another directory than before, and nobody said where the metadata log is. This node would pass
// for one that has lost it, and all of them would if all were told so at once.
Result<> check_order(Disk& disk, const config::BrokerConfig& config) {
  if (config.properties.contains("metadata.log.dir") || has_metadata_log(disk, config.metadata_log_dir)) return {};
  const auto at = std::ranges::find_if(config.log_dirs, [&](const auto& one) { return has_metadata_log(disk, one); });
  if (at == config.log_dirs.end()) return {};
  return fail(
      ErrorCode::kInvalidConfig,
      fmt::format("the metadata log lies in {}, and it is looked for in {}, the first of log.dirs: name them in "
                  "the order that they had before, or set metadata.log.dir={}",
                  *at, config.metadata_log_dir, *at));
}

Task<> write_note(const Shard* shard, std::string directory, QuorumNote note) {
  const auto written = co_await write_quorum_note(shard->disk, std::move(directory), std::move(note));
  if (!written) log::warn("the note of the metadata quorum cannot be written", field("error", written.error()));
}

}  // namespace

std::string quorum_listener(const config::BrokerConfig& config) {
  const bool has_own = config.is_controller && !config.controller_listeners.empty();
  return has_own ? config.controller_listeners.front() : inter_broker_listener(config);
}

QuorumParticipant::QuorumParticipant(const Shard& shard, const config::BrokerConfig& config, Budget& memory)
    : shard_(shard),
      config_(config),
      transport_(shard, self_, [this](raft::MemberId member) { return address_of(member); }),
      receiver_(shard, self_, memory, [this](raft::MemberId member) { return address_of(member); }) {}

QuorumParticipant::~QuorumParticipant() { stop(); }

Task<Result<>> QuorumParticipant::begin(Found found) {
  CO_TRY_VOID(check_order(shard_.disk, config_));
  if (!found.directory)  // else it is one of log.dirs, which the logs have made durable
    CO_TRY_VOID(co_await shard_.disk.make_durable_directory(config_.metadata_log_dir));
  CO_TRY(note_, read_quorum_note(shard_.disk, config_.metadata_log_dir));
  const Own own = own_of(shard_.disk, config_, note_, found.cluster_id, found.was_broker);
  const bool by_hand = own == Own::kFormatted && note_.cluster_id != found.cluster_id;
  ++note_.incarnation;
  // A process that was killed may have begun the log a moment ago. Noted as a member while the log can still be lost
  // with the power, this disk would count as one that forgot what it had promised.
  if (own == Own::kMember && !is_noted(own, found.cluster_id))
    CO_TRY_VOID(co_await make_metadata_log_durable(shard_.disk, config_.metadata_log_dir));
  note_membership(own, found.cluster_id);
  if (!found.directory && note_.directory.is_zero())
    note_.directory = Uuid::from_random(shard_.random.next(), shard_.random.next());
  self_.seen.own = own;
  if (own == Own::kCopied && config::starts_among_others(config_))
    log::warn(
        "the metadata log of this node was put back from a copy: where others have theirs, it has no vote before "
        "it has joined them again",
        field("directory", config_.metadata_log_dir));
  // Who is asked by nobody before it serves may write it beside the opening of its log.
  if (config::starts_among_others(config_)) CO_TRY_VOID(co_await keep_note());
  self_.seen.by_hand = by_hand;
  introduce(found);
  co_return Result<>();
}

// What the others are told of this process.
void QuorumParticipant::introduce(const Found& found) {
  self_.seen.node = config_.node_id;
  self_.seen.cluster_id = found.cluster_id;
  for (const auto& voter : config_.quorum_voters) self_.seen.voters.push_back(voter.id);
  self_.directory = note_.directory.is_zero() ? *found.directory : note_.directory;
  self_.member = note_.member == raft::kNoMember ? raft::member_of(config_.node_id) : note_.member;
  self_.incarnation = note_.incarnation;
  self_.may_vote = config_.is_controller;
  self_.seen.founds = config_.is_controller && config::join_servers(config_).empty();
  self_.new_node = config_.node_id_is_new && self_.seen.own == Own::kEmpty;
  const auto listener = quorum_listener(config_);
  if (const auto endpoint = own_endpoint(config_, listener)) self_.endpoints[listener] = *endpoint;
}

bool QuorumParticipant::is_noted(Own own, const std::string& cluster_id) const {
  return note_.cluster_id == cluster_id && note_.founding == own;
}

void QuorumParticipant::note_membership(Own own, const std::string& cluster_id) {
  if ((own != Own::kMember && own != Own::kLost) || is_noted(own, cluster_id)) return;
  note_.cluster_id = cluster_id;
  note_.founding = own;
  if (own == Own::kMember) return;
  log::warn("the metadata log of this node is gone; it joins the cluster again, as another member of its quorum",
            field("directory", config_.metadata_log_dir), field("cluster", cluster_id));
  note_.member = raft::kNoMember;
  note_.directory = Uuid::from_random(shard_.random.next(), shard_.random.next());
}

Task<Result<>> QuorumParticipant::remember_membership() {
  note_membership(Own::kMember, self_.seen.cluster_id);
  co_return co_await keep_note();
}

Task<Result<>> QuorumParticipant::keep_note() {
  // The note is what tells that the log is a copy, until that is decided.
  if (kept_ == note_ || self_.seen.own == Own::kCopied) co_return Result<>();
  CO_TRY_VOID(co_await write_quorum_note(shard_.disk, config_.metadata_log_dir, note_));
  kept_ = note_;
  co_return Result<>();
}

Task<Result<>> QuorumParticipant::take_part(FoundingRound::WriteClusterId write_cluster_id) {
  round_ = std::make_unique<FoundingRound>(shard_, config_, self_, note_, std::move(write_cluster_id));
  CO_TRY(outcome_, co_await round_->run());
  asked_at_ = outcome_.addresses;
  if (self_.seen.own != Own::kCopied) self_.seen.own = Own::kMember;
  co_return Result<>();
}

raft::QuorumOptions QuorumParticipant::options() const {
  raft::QuorumOptions options;
  options.metadata_log_dir = config_.metadata_log_dir;
  options.self = config_.node_id;
  options.voters = outcome_.voters;
  options.member = outcome_.member;
  options.election_timeout = config_.quorum_election_timeout;
  return options;
}

// What the operator has written goes before what members said of themselves, unless nobody was there the last time:
// the node may have come back elsewhere, and then only its own file says so.
std::optional<Endpoint> QuorumParticipant::address_of(raft::MemberId member) const {
  const BrokerId node = raft::broker_of(member);
  const auto said = said_address_of(member);
  const auto voter = std::ranges::find(config_.quorum_voters, node, &config::Voter::id);
  if (voter != config_.quorum_voters.end()) {
    const Endpoint written{voter->host, voter->port};
    const auto lost = lost_at_.find(member);
    return said && lost != lost_at_.end() && lost->second == written ? said : written;
  }
  if (said) return said;
  const auto asked = asked_at_.find(node);
  return asked == asked_at_.end() ? std::nullopt : std::optional(asked->second);
}

std::optional<Endpoint> QuorumParticipant::said_address_of(raft::MemberId member) const {
  const auto* known = quorum_ ? quorum_->members().find(member) : nullptr;
  if (!known || known->endpoints.empty()) return std::nullopt;
  const auto at = known->endpoints.find(quorum_listener(config_));
  return at == known->endpoints.end() ? known->endpoints.begin()->second : at->second;
}

// All were put back. Who says so too early would pass for one that remembers, to others that still ask around.
void QuorumParticipant::is_no_copy_any_more(raft::Leadership leadership) {
  if (self_.seen.own != Own::kCopied || leadership.leader == kNoBroker) return;
  self_.seen.own = Own::kMember;
  spawn(shard_, write_note(&shard_, config_.metadata_log_dir, note_));
}

void QuorumParticipant::attach(raft::Quorum& quorum, std::function<bool(BrokerId)> is_broker) {
  quorum_ = &quorum;
  self_.member = quorum.self();
  transport_.tell(
      {.unreachable = [&quorum](raft::MemberId peer) { quorum.peer_unreachable(peer); },
       .snapshot_sent = [&quorum](raft::MemberId peer, bool arrived) { quorum.snapshot_sent(peer, arrived); },
       .lost =
           [this](raft::MemberId peer, Endpoint at) {
             if (quorum_ && quorum_->members().find(peer)) lost_at_[peer] = at;
             if (watch_) watch_->lost(peer, std::move(at));
           },
       .connected =
           [this](raft::MemberId peer) {
             if (watch_) watch_->connected(peer);
           }});
  receiver_.attach(&quorum);
  raft::VoterKeeperOptions options;
  options.voters = config::wanted_voters(config_);
  options.own.directory = self_.directory;
  options.own.endpoints = self_.endpoints;
  options.own.may_vote = self_.may_vote;
  options.is_broker = std::move(is_broker);
  keeper_ = std::make_unique<raft::VoterKeeper>(shard_, quorum, options);
  keeper_->start();
  quorum.on_leader_change([this](raft::Leadership leadership) { is_no_copy_any_more(leadership); });
  is_no_copy_any_more(quorum.leader());
}

void QuorumParticipant::stop() {
  if (round_) round_->stop();
  if (keeper_) keeper_->stop();
  receiver_.attach(nullptr);
  transport_.stop();
  quorum_ = nullptr;
}

}  // namespace thalweg::broker
