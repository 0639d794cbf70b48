// The end of QuorumTransport: answers who this node is, checks who the others are, and hands their messages to the
// quorum. Before there is a quorum here it only answers.
//
// Who is who, for every request (a refusal says what to do, and is logged once a minute for a node):
//   ToNode is another         INVALID_CONFIG: an address in controller.quorum.voters leads to the wrong node
//   cluster ids differ        INCONSISTENT_CLUSTER_ID; one that has none may ask, and nothing else
//   an older process          STALE_BROKER_EPOCH: a message that was held up since before its node started again
//   another disk, or removed  VOTER_NOT_FOUND: its messages would be those of a voter without its memory
// Without TLS and SASL whoever reaches the listener is believed to be the node that it says it is.
//
// Memory: what has been received of one image, never what was announced, up to kImageMax; an image that nobody goes on
// sending is dropped after kImageIdle. Owner: shard 0.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "broker/quorum_self.h"
#include "protocol/thalweg_quorum_request.h"
#include "protocol/thalweg_quorum_response.h"
#include "raft/quorum.h"
#include "runtime/budget.h"
#include "runtime/shard.h"

namespace thalweg::broker {

class QuorumReceiver {
 public:
  using Request = protocol::ThalwegQuorumRequest;
  using Response = protocol::ThalwegQuorumResponse;
  // Where a node's quorum listener is.
  using Find = std::function<std::optional<Endpoint>(raft::MemberId)>;

  static constexpr std::size_t kImageMax = 1u << 30;
  static constexpr Instant kImageIdle = std::chrono::seconds(30);
  static constexpr Instant kJoinWithin = std::chrono::seconds(8);
  // A node id that was offered to somebody is not offered to others meanwhile.
  static constexpr Instant kOfferedFor = std::chrono::minutes(1);

  // All outlive the receiver. `memory`: what has arrived of an image is charged to it.
  QuorumReceiver(const Shard& shard, const QuorumSelf& self, Budget& memory, Find find);
  QuorumReceiver(const QuorumReceiver&) = delete;

  // From now on messages are handed to it; null: no longer.
  void attach(raft::Quorum* quorum);
  Task<Response> answer(Request request);

 private:
  struct Image {
    raft::MemberId from = raft::kNoMember;
    std::int64_t index = 0;
    std::int32_t term = 0;
    std::vector<std::byte> bytes;
    Charge charge;
  };

  Response about_self() const;
  std::optional<Error> refusal(const Request& request);
  Task<Result<>> take(Request& request);
  Result<> take_chunk(const Request& request, const Request::Chunk& chunk);
  Task<Result<raft::MemberId>> join(const Request& request);
  BrokerId offer_node();
  void learn(const Request& request);
  Task<> update(raft::Member member);
  void note_refusal(const Request& request, const Error& error);
  void watch_image();

  const Shard& shard_;
  const QuorumSelf& self_;
  Budget& memory_;
  const Find find_;
  raft::Quorum* quorum_ = nullptr;
  std::map<std::pair<BrokerId, Uuid>, std::int64_t> incarnations_;  // the newest heard of, by disk
  std::map<BrokerId, Instant> noted_;
  std::map<BrokerId, Instant> offered_;
  std::optional<Image> image_;
  std::unique_ptr<Clock::Timer> image_timer_;
  bool updating_ = false;
};

}  // namespace thalweg::broker
