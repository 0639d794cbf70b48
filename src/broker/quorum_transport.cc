#include "broker/quorum_transport.h"

#include <algorithm>
#include <deque>

#include "base/log.h"
#include "network/channel.h"
#include "protocol/thalweg_quorum_response.h"
#include "raft/heartbeat.h"
#include "runtime/disk.h"

namespace thalweg::broker {
namespace {

using Request = protocol::ThalwegQuorumRequest;
using Response = protocol::ThalwegQuorumResponse;
using ChannelPtr = std::shared_ptr<network::Channel>;
using raft::MemberId;

constexpr std::size_t kBatchMax = 1 << 20;  // bytes of messages in one request, but at least one message
constexpr Instant kConnectWithin = std::chrono::seconds(3);
constexpr Instant kPauseFirst = std::chrono::milliseconds(5), kPauseLast = std::chrono::milliseconds(100);
constexpr Instant kPauseRefused = std::chrono::seconds(1);
constexpr Instant kSayAgain = std::chrono::minutes(1);
constexpr std::size_t kOverhead = 128;  // of a request, beside what it carries
constexpr std::size_t kResponseMax = 64 << 10;
constexpr std::size_t kHeartbeatMax = 512;  // what is larger carries entries and need not be looked into

// Bytes [from, from + size) of an image that may be in several pieces.
Task<Result<SharedBytes>> read(Pieces image, std::uint64_t from, std::size_t size) {
  std::vector<std::byte> bytes(size);
  std::size_t filled = 0;
  for (const Piece& piece : image) {
    const std::size_t length = size_of(piece);
    if (from >= length) {
      from -= length;
      continue;
    }
    const std::size_t take = std::min(size - filled, length - std::size_t(from));
    const MutableBytes into = MutableBytes(bytes).subspan(filled, take);
    if (const auto* memory = std::get_if<SharedBytes>(&piece)) {
      std::ranges::copy(BytesView(*memory).subspan(std::size_t(from), take), into.begin());
    } else {
      const auto& range = std::get<FilePiece>(piece);
      const auto file = std::dynamic_pointer_cast<File>(range.source);
      CHECK(file);
      CO_TRY(const std::size_t got, co_await file->read(range.position + from, into));
      if (got != take) co_return fail(ErrorCode::kKafkaStorageError, "a snapshot's file became shorter");
    }
    filled += take;
    from = 0;
    if (filled == size) break;
  }
  CHECK(filled == size);
  co_return SharedBytes::take(std::move(bytes));
}

}  // namespace

struct QuorumTransport::Shared {
  const Shard& shard;
  const QuorumSelf& self;
  const Find find;
  Events events;
  bool told = false;
  bool stopped = false;
};

// One member and what goes to it. Lives as long as a coroutine of it does; `ended` once nobody wants it any more.
struct QuorumTransport::Lane : std::enable_shared_from_this<Lane> {
  struct Snapshot {
    raft::SnapshotId id;
    SharedBytes message;
    Pieces image;
    std::uint64_t size = 0, position = 0;
    bool chunk_under_way = false;
  };
  using SnapshotPtr = std::shared_ptr<Snapshot>;

  Lane(std::shared_ptr<Shared> all, MemberId member) : shared(std::move(all)), peer(member) {}

  void queue(raft::PeerMessage message);
  void end();
  static Task<> run(LanePtr lane);
  static Task<> watch(LanePtr lane, ChannelPtr channel);

  const std::shared_ptr<Shared> shared;
  const MemberId peer;
  bool ended = false;

 private:
  bool has_room() const { return in_flight_ < kInFlightMax; }
  bool may_send_messages() const { return (heartbeat_ || !queue_.empty()) && has_room(); }
  bool may_send_chunk() const { return snapshot_ && !snapshot_->chunk_under_way && has_room(); }
  Task<bool> connect();
  Task<> pause(Instant span);
  void send_messages();
  void send_chunk();
  void lose(const Error& error);
  void drop_channel();
  void give_up_snapshot();
  void note(const Error& error);
  Task<Result<>> exchange(ChannelPtr channel, Request request, std::size_t bytes);
  static Task<> deliver(LanePtr lane, ChannelPtr channel, Request request, std::size_t bytes);
  static Task<> deliver_chunk(LanePtr lane, ChannelPtr channel, SnapshotPtr snapshot);
  Instant now() const { return shared->shard.clock.now(); }

  std::deque<SharedBytes> queue_;
  std::size_t queued_ = 0;
  std::optional<SharedBytes> heartbeat_;
  SnapshotPtr snapshot_;
  ChannelPtr channel_;
  std::size_t in_flight_ = 0;
  Parking parking_;
  Instant pause_{0};
  bool refused_ = false;
  std::optional<Instant> noted_;
};

void QuorumTransport::Lane::queue(raft::PeerMessage message) {
  if (message.snapshot) {
    // The core has one under way to a member at a time, so an older one was given up by it.
    snapshot_ = std::make_shared<Snapshot>(
        Snapshot{.id = *message.snapshot, .message = std::move(message.body), .image = std::move(message.image)});
    snapshot_->size = size_of(snapshot_->image);
  } else if (message.body.size() <= kHeartbeatMax && raft::is_heartbeat(message.body)) {
    heartbeat_ = std::move(message.body);
  } else {
    if (queued_ + message.body.size() > kQueuedMax && !queue_.empty()) return;
    queued_ += message.body.size();
    queue_.push_back(std::move(message.body));
  }
  parking_.resume();
}

void QuorumTransport::Lane::end() {
  ended = true;
  drop_channel();
  parking_.resume();
}

void QuorumTransport::Lane::drop_channel() {
  if (channel_) std::exchange(channel_, nullptr)->close();
}

Task<> QuorumTransport::Lane::run(LanePtr lane) {
  while (!lane->ended) {
    if (!lane->may_send_messages() && !lane->may_send_chunk()) {
      co_await lane->parking_.park();
      continue;
    }
    if ((!lane->channel_ || !lane->channel_->is_open()) && !co_await lane->connect()) continue;
    if (lane->may_send_messages()) lane->send_messages();
    if (lane->may_send_chunk()) lane->send_chunk();
  }
}

Task<bool> QuorumTransport::Lane::connect() {
  const auto self = shared_from_this();
  channel_.reset();
  if (std::exchange(refused_, false)) co_await pause(kPauseRefused);
  if (ended) co_return false;
  const auto endpoint = shared->find(peer);
  Result<ChannelPtr> opened = fail(ErrorCode::kNetworkException, "its address is not known");
  if (endpoint)
    opened = co_await network::Channel::connect(
        shared->shard, *endpoint, later(now(), kConnectWithin),
        {.client_id = "quorum-" + to_string(shared->self.seen.node), .response_size_max = kResponseMax});
  if (ended) {
    if (opened) (*opened)->close();
    co_return false;
  }
  if (opened) {
    channel_ = *opened;
    pause_ = Instant{0};
    spawn(shared->shard, watch(shared_from_this(), channel_));
    shared->events.connected(peer);
    co_return true;
  }
  lose(opened.error());
  if (endpoint) shared->events.lost(peer, *endpoint);
  pause_ = pause_ == Instant{0} ? kPauseFirst : std::min(2 * pause_, kPauseLast);
  co_await pause(pause_);
  co_return false;
}

// Also while nothing is under way: a follower has nothing to say to a leader that is silent.
Task<> QuorumTransport::Lane::watch(LanePtr lane, ChannelPtr channel) {
  const bool by_peer = co_await channel->ended();
  if (lane->ended || !by_peer) co_return;
  if (lane->channel_ == channel) {
    lane->channel_.reset();
    lane->lose({ErrorCode::kNetworkException, to_string(channel->peer()) + " hung up"});
  }
  lane->shared->events.lost(lane->peer, channel->peer());
}

Task<> QuorumTransport::Lane::pause(Instant span) { co_await shared->shard.clock.sleep_for(span); }

void QuorumTransport::Lane::send_messages() {
  Request request = introduction(shared->self);
  std::size_t bytes = kOverhead;
  if (heartbeat_) {
    bytes += heartbeat_->size();
    request.messages.push_back(*std::exchange(heartbeat_, std::nullopt));
  }
  while (!queue_.empty() && (request.messages.empty() || bytes + queue_.front().size() <= kBatchMax)) {
    queued_ -= queue_.front().size();
    bytes += queue_.front().size();
    request.messages.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  in_flight_ += bytes;
  spawn(shared->shard, deliver(shared_from_this(), channel_, std::move(request), bytes));
}

void QuorumTransport::Lane::send_chunk() {
  snapshot_->chunk_under_way = true;
  spawn(shared->shard, deliver_chunk(shared_from_this(), channel_, snapshot_));
}

// Tasks of a shard begin in the order in which they were spawned, so requests leave in the order of their messages.
Task<> QuorumTransport::Lane::deliver(LanePtr lane, ChannelPtr channel, Request request, std::size_t bytes) {
  (void)co_await lane->exchange(std::move(channel), std::move(request), bytes);
}

Task<Result<>> QuorumTransport::Lane::exchange(ChannelPtr channel, Request request, std::size_t bytes) {
  const auto self = shared_from_this();
  request.to_node = raft::broker_of(peer);
  auto answer = co_await channel->send<Response>(std::move(request), 0, later(now(), kAnsweredWithin));
  in_flight_ -= bytes;
  parking_.resume();
  Result<> outcome;
  if (!answer)
    outcome = std::unexpected(answer.error());
  else if (answer->error_code != ErrorCode::kNone)
    outcome = fail(answer->error_code, answer->error_message.value_or("no reason given"));
  if (outcome || ended) co_return outcome;
  // A message that the quorum there would not take is that message's fault; anything else is between the two nodes.
  if (answer && outcome.error().code == ErrorCode::kInvalidRequest) {
    note(outcome.error());
    co_return outcome;
  }
  refused_ = refused_ || (answer && channel_ == channel);
  channel->close();
  if (channel_ == channel) {
    channel_.reset();
    lose(outcome.error());
  }
  co_return outcome;
}

Task<> QuorumTransport::Lane::deliver_chunk(LanePtr lane, ChannelPtr channel, SnapshotPtr snapshot) {
  const std::size_t size = std::size_t(std::min<std::uint64_t>(kChunk, snapshot->size - snapshot->position));
  auto data = co_await read(snapshot->image, snapshot->position, size);
  Result<> outcome;
  if (!data) {
    outcome = std::unexpected(data.error());
    lane->note(outcome.error());
  } else {
    Request request = introduction(lane->shared->self);
    auto& chunk = request.chunks.emplace_back();
    chunk.index = snapshot->id.index.value;
    chunk.term = snapshot->id.epoch.value;
    chunk.position = std::int64_t(snapshot->position);
    chunk.total = std::int64_t(snapshot->size);
    chunk.data = std::move(*data);
    if (snapshot->position + size == snapshot->size) chunk.message = snapshot->message;
    const std::size_t bytes = kOverhead + size + chunk.message.size();
    lane->in_flight_ += bytes;
    outcome = co_await lane->exchange(std::move(channel), std::move(request), bytes);
  }
  snapshot->chunk_under_way = false;
  snapshot->position += size;
  if (lane->ended || lane->snapshot_ != snapshot) co_return;
  if (!outcome)
    lane->give_up_snapshot();
  else if (snapshot->position == snapshot->size) {
    lane->snapshot_.reset();
    lane->shared->events.snapshot_sent(lane->peer, true);
  }
  lane->parking_.resume();
}

void QuorumTransport::Lane::give_up_snapshot() {
  if (std::exchange(snapshot_, nullptr)) shared->events.snapshot_sent(peer, false);
}

// What is lost with a connection, or for want of one.
void QuorumTransport::Lane::lose(const Error& error) {
  note(error);
  queue_.clear();
  queued_ = 0;
  heartbeat_.reset();
  give_up_snapshot();
  shared->events.unreachable(peer);
}

void QuorumTransport::Lane::note(const Error& error) {
  if (noted_ && now() - *noted_ < kSayAgain) return;
  noted_ = now();
  log::warn("a member of the metadata quorum takes no messages", field("member", raft::name_of(peer)),
            field("error", error));
}

QuorumTransport::QuorumTransport(const Shard& shard, const QuorumSelf& self, Find find)
    : shared_(std::make_shared<Shared>(Shared{.shard = shard, .self = self, .find = std::move(find), .events = {}})) {}

QuorumTransport::~QuorumTransport() { stop(); }

void QuorumTransport::tell(Events events) {
  shared_->events = std::move(events);
  if (std::exchange(shared_->told, true)) return;
  for (const auto& [peer, lane] : lanes_) spawn(shared_->shard, Lane::run(lane));
}

QuorumTransport::LanePtr QuorumTransport::lane_to(MemberId peer) {
  auto& lane = lanes_[peer];
  if (!lane) {
    lane = std::make_shared<Lane>(shared_, peer);
    if (shared_->told) spawn(shared_->shard, Lane::run(lane));
  }
  return lane;
}

void QuorumTransport::send(raft::PeerMessage message) {
  if (shared_->stopped) return;
  const MemberId to = message.to;
  lane_to(to)->queue(std::move(message));
}

void QuorumTransport::forget(MemberId peer) {
  const auto at = lanes_.find(peer);
  if (at == lanes_.end()) return;
  at->second->end();
  lanes_.erase(at);
}

void QuorumTransport::stop() {
  shared_->stopped = true;
  for (auto& [peer, lane] : lanes_) lane->end();
  lanes_.clear();
}

}  // namespace thalweg::broker
