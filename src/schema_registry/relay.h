// Gets requests to the registry that leads _schemas-0, whichever node they came to, and hides it when the leader is
// replaced: what has not been answered is asked of the next one.
//
//   HTTP ─► answer() ─┬─ led here ──────► the endpoint ─► RegistryService
//                     └─ elsewhere ─────► ThalwegRegistry (20001) ─► serve() of the leader's relay ─► its endpoint
//
// All is asked of the leader, reads too, so that whoever registered a schema here finds it there. A request is passed
// on once: what comes through serve(), or says "X-Forward: true" as Confluent's registries do, is decided here or
// nowhere.
//
// Owner: shard 0.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "broker/peer_channels.h"
#include "broker/registry_door.h"
#include "http/router.h"
#include "runtime/watermark.h"
#include "schema_registry/attempt.h"
#include "schema_registry/schemas_topic.h"

namespace thalweg::schema_registry {

class Relay {
 public:
  // From when a request came, how long it is asked again while the leader is being replaced.
  static constexpr Instant kAgainWithin = std::chrono::seconds(10);
  // How long a leader may take: a large schema against many versions takes seconds.
  static constexpr Instant kAnsweredWithin = std::chrono::seconds(30);
  // Connections to one leader; answers on one keep the order of their requests, so a long one has one to itself.
  static constexpr std::size_t kLanes = 8;
  // What a leader answers for another node; more is 50003.
  static constexpr std::size_t kAnswerMax = 64u << 20;

  // Answers the request on this node.
  using Here = std::function<Task<Outcome>()>;

  // All outlive it.
  Relay(broker::Broker& broker, SchemasTopic& topic, const http::Router& router);
  ~Relay();

  // After the broker has started: other nodes may ask.
  void start();
  // Before the broker stops: nothing is asked again, and other nodes are told to ask elsewhere.
  void begin_stop();
  // Returns when nothing is under way any more, or at the deadline.
  Task<> stop(Instant deadline);

  // Asks `here` where this node leads. A Failure of 50003 or 50004 where nobody answered within kAgainWithin.
  Task<Outcome> answer(http::Request request, Here here);

 private:
  using Request = broker::RegistryDoor::Request;
  using Response = broker::RegistryDoor::Response;
  using Lanes = std::array<int, kLanes>;  // requests under way on each
  struct UnderWay;

  Task<Response> serve(Request request);
  Task<Response> pass(Request request);
  Task<Response> routed(Request request, bool is_from_peer);
  Task<Attempt> attempt(http::Request request, Here here);
  Task<Attempt> ask(BrokerId leader, http::Request request);
  Task<Attempt> ask_over(BrokerId leader, std::uint32_t lane, http::Request request);
  bool leads_here() const;
  void watch_leader();
  bool asks_former() const;
  void give_up_former();

  broker::Broker& broker_;
  SchemasTopic& topic_;
  const http::Router& router_;
  bool stopping_ = false;
  int under_way_ = 0;
  std::map<BrokerId, Lanes> lanes_;
  std::unique_ptr<Watermark::Registration> published_;
  std::unique_ptr<Clock::Timer> giving_up_;
};

}  // namespace thalweg::schema_registry
