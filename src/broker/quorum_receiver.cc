#include "broker/quorum_receiver.h"

#include <fmt/format.h>

#include "base/log.h"

namespace thalweg::broker {
namespace {

using raft::MemberId;

constexpr Instant kNoteAgain = std::chrono::minutes(1);
constexpr std::size_t kNodesMax = 4096;  // remembered of who has asked: anybody may say any id
constexpr Instant kUpdateWithin = std::chrono::seconds(5);

raft::Member member_of(const QuorumReceiver::Request& request) {
  raft::Member member;
  member.id = MemberId(request.member);
  member.node = request.node;
  member.directory = request.directory;
  member.may_vote = request.may_vote;
  for (const auto& endpoint : request.endpoints) member.endpoints[endpoint.name] = {endpoint.host, endpoint.port};
  return member;
}

}  // namespace

QuorumReceiver::QuorumReceiver(const Shard& shard, const QuorumSelf& self, Budget& memory, Find find)
    : shard_(shard), self_(self), memory_(memory), find_(std::move(find)) {}

void QuorumReceiver::attach(raft::Quorum* quorum) {
  quorum_ = quorum;
  if (!quorum) image_.reset(), image_timer_.reset();
}

QuorumReceiver::Response QuorumReceiver::about_self() const {
  Response response;
  const auto& seen = self_.seen;
  if (!seen.cluster_id.empty()) response.cluster_id = seen.cluster_id;
  response.node = seen.node;
  response.directory = self_.directory;
  response.own = std::int8_t(seen.own);
  response.by_hand = seen.by_hand;
  response.voters = seen.voters;
  if (!quorum_) return response;
  const auto leader = quorum_->leader();
  response.leader = leader.leader;
  if (const auto at = leader.leader == kNoBroker ? std::nullopt : find_(leader.member)) {
    response.leader_host = at->host;
    response.leader_port = at->port;
  }
  return response;
}

Task<QuorumReceiver::Response> QuorumReceiver::answer(Request request) {
  auto error = refusal(request);
  Result<MemberId> joined = raft::kNoMember;
  if (!error && request.join) {
    joined = co_await join(request);
    if (!joined) error = joined.error();
  }
  if (!error)
    if (auto taken = co_await take(request); !taken) error = taken.error();
  Response response = about_self();
  if (!error) {
    response.member = std::int64_t(*joined);
    if (request.new_node && request.node == kNoBroker) response.free_node = offer_node();
    co_return response;
  }
  note_refusal(request, *error);
  response.error_code = error->code;
  response.error_message = error->message;
  co_return response;
}

std::optional<Error> QuorumReceiver::refusal(const Request& request) {
  const BrokerId me = self_.seen.node;
  if (request.to_node != kNoBroker && request.to_node != me)
    return Error{ErrorCode::kInvalidConfig, fmt::format("you reached node {}, not {}: look at controller.quorum.voters",
                                                        me.value, request.to_node.value)};
  const auto& mine = self_.seen.cluster_id;
  if (request.cluster_id && !mine.empty() && *request.cluster_id != mine)
    return Error{ErrorCode::kInconsistentClusterId,
                 fmt::format("node {} belongs to cluster {}, and node {} to {}", me.value, mine, request.node.value,
                             *request.cluster_id)};
  if (request.messages.empty() && request.chunks.empty()) return std::nullopt;  // it only asks
  if (!request.cluster_id || mine.empty())
    return Error{ErrorCode::kInconsistentClusterId, "messages of the quorum come from members of the same cluster"};
  auto [newest, first] = incarnations_.try_emplace({request.node, request.directory}, request.incarnation);
  if (!first && request.incarnation < newest->second)
    return Error{ErrorCode::kStaleBrokerEpoch,
                 fmt::format("from a process of node {} that is gone", request.node.value)};
  newest->second = request.incarnation;
  if (incarnations_.size() > kNodesMax) incarnations_.clear();
  if (raft::broker_of(MemberId(request.member)) != request.node)
    return Error{ErrorCode::kVoterNotFound, "the member's id is not that of its node"};
  if (quorum_ && quorum_->members().standing(MemberId(request.member), request.directory) ==
                     raft::MemberTable::Standing::kReplaced)
    return Error{
        ErrorCode::kVoterNotFound,
        fmt::format("node {} was removed from the metadata quorum, or its disk replaced; it joins again with an "
                    "empty metadata directory",
                    request.node.value)};
  return std::nullopt;
}

Task<Result<>> QuorumReceiver::take(Request& request) {
  if (!quorum_) co_return Result<>();  // what is lost is sent again
  Result<> outcome;
  for (auto& message : request.messages)
    if (auto taken = quorum_->receive(MemberId(request.member), std::move(message), {}); !taken) outcome = taken;
  for (const auto& chunk : request.chunks)
    if (auto taken = take_chunk(request, chunk); !taken) outcome = taken;
  if (!request.messages.empty()) learn(request);
  co_return outcome;
}

// The first chunk of another image takes the place of what there is of an older one: who sends it is a newer leader, or
// has a newer image, or begins again.
Result<> QuorumReceiver::take_chunk(const Request& request, const Request::Chunk& chunk) {
  const MemberId from = MemberId(request.member);
  if (chunk.position == 0) {
    if (image_ && image_->term > chunk.term) return fail(ErrorCode::kStaleBrokerEpoch, "an image of an older leader");
    image_.reset();
    image_.emplace(
        Image{.from = from, .index = chunk.index, .term = chunk.term, .bytes = {}, .charge = memory_.take(0)});
  }
  if (!image_ || image_->from != from || image_->index != chunk.index || image_->term != chunk.term ||
      chunk.position != std::int64_t(image_->bytes.size()) || chunk.total < chunk.position ||
      std::uint64_t(chunk.total - chunk.position) < chunk.data.size())
    return fail(ErrorCode::kInvalidRequest, "a chunk that does not follow; begin again");
  if (image_->bytes.size() + chunk.data.size() > kImageMax) {
    image_.reset();
    return fail(ErrorCode::kInvalidRequest, "the image is larger than a node takes");
  }
  image_->charge.add(chunk.data.size());
  const BytesView data = chunk.data;
  image_->bytes.insert(image_->bytes.end(), data.begin(), data.end());
  if (std::int64_t(image_->bytes.size()) < chunk.total) {
    if (chunk.data.empty()) return fail(ErrorCode::kInvalidRequest, "an empty chunk of an image that is not whole");
    watch_image();
    return {};
  }
  auto whole = SharedBytes::take(std::move(image_->bytes));
  image_.reset();
  image_timer_.reset();
  return quorum_->receive(from, chunk.message, std::move(whole));
}

void QuorumReceiver::watch_image() {
  image_timer_ = shard_.clock.call_at(later(shard_.clock.now(), kImageIdle), [this] { image_.reset(); });
}

Task<Result<MemberId>> QuorumReceiver::join(const Request& request) {
  if (!quorum_ || !quorum_->is_leader())
    co_return fail(ErrorCode::kNotController, "this node does not lead the metadata quorum");
  const auto& members = quorum_->members();
  if (request.new_node && members.newest(request.node) && !members.find(request.node, request.directory))
    co_return fail(ErrorCode::kDuplicateBrokerRegistration,
                   fmt::format("node.id {} is another node's; empty the directories of this one and start it again, or "
                               "set node.id",
                               request.node.value));
  co_return co_await quorum_->add_learner(member_of(request), later(shard_.clock.now(), kJoinWithin));
}

// Only the leader knows all. What it has offered it remembers for a while; a new leader may offer it again, and then
// whoever joins second is refused.
BrokerId QuorumReceiver::offer_node() {
  if (!quorum_ || !quorum_->is_leader()) return kNoBroker;
  const Instant now = shard_.clock.now();
  std::erase_if(offered_, [now](const auto& entry) { return now - entry.second >= kOfferedFor; });
  if (offered_.size() >= kNodesMax) return kNoBroker;
  const BrokerId free = quorum_->members().free_node([this](BrokerId node) { return offered_.contains(node); });
  offered_[free] = now;
  return free;
}

// The leader keeps the table of who is where up to date with what members say of themselves.
void QuorumReceiver::learn(const Request& request) {
  if (!quorum_->is_leader() || updating_ || request.directory.is_zero()) return;
  auto said = member_of(request);
  const auto* known = quorum_->members().find(said.id);
  if (!known) return;
  said.dismissed = known->dismissed;  // that is not the member's to say
  if (*known == said) return;
  if (!known->directory.is_zero() && known->directory != said.directory) return;
  updating_ = true;
  spawn(shard_, update(said));
}

Task<> QuorumReceiver::update(raft::Member member) {
  const MemberId id = member.id;
  if (const auto done = co_await quorum_->update_member(std::move(member), later(shard_.clock.now(), kUpdateWithin));
      !done)
    log::debug("a member's endpoints are not written down yet", field("member", raft::name_of(id)),
               field("error", done.error()));
  updating_ = false;
}

void QuorumReceiver::note_refusal(const Request& request, const Error& error) {
  const Instant now = shard_.clock.now();
  const auto at = noted_.find(request.node);
  if (at != noted_.end() && now - at->second < kNoteAgain) return;
  if (noted_.size() > kNodesMax) noted_.clear();
  noted_[request.node] = now;
  log::warn("a node's request to the metadata quorum is refused", field("node", request.node), field("error", error));
}

}  // namespace thalweg::broker
