#include "schema_registry/relay.h"

#include <algorithm>

#include "base/log.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/listener_role.h"
#include "broker/metadata_publisher.h"
#include "json/parser.h"
#include "metrics/families.h"
#include "schema_registry/registry_service.h"

namespace thalweg::schema_registry {
namespace {

using namespace std::chrono_literals;
using enum Attempt::Fate;
using broker::PeerKey;
using broker::Purpose;
using registry::Code;
using registry::Failure;

constexpr std::string_view kForwardHeader = "X-Forward";
constexpr Instant kPauseFirst = 5ms, kPauseLast = 100ms;
// What a leader that is none any more has left to answer what it was asked: that it is none.
constexpr Instant kFormerWithin = 200ms;

bool was_forwarded(const http::Request& request) {
  return request.head.headers.find(kForwardHeader).value_or("") == "true";
}

Attempt attempt_of(Attempt::Fate fate, Code code, std::string message) {
  return {fate, std::unexpected(Failure{code, std::move(message)})};
}

std::string named(BrokerId leader) { return "the schema registry of broker " + to_string(leader); }

SharedBytes bytes_of(http::Response::Body body) {
  if (auto* bytes = std::get_if<SharedBytes>(&body)) return std::move(*bytes);
  auto* text = std::get_if<std::string>(&body);
  CHECK(text);  // no endpoint of a registry streams
  auto owner = std::make_shared<const std::string>(std::move(*text));
  const BytesView view = as_bytes(*owner);
  return {std::move(owner), view};
}

broker::RegistryDoor::Request passed_on(const http::Request& request) {
  const auto header = [&](std::string_view name) -> std::optional<std::string> {
    const auto value = request.head.headers.find(name);
    return value ? std::optional<std::string>(*value) : std::nullopt;
  };
  broker::RegistryDoor::Request message;
  message.method = request.head.method;
  message.target = request.head.target;
  message.accept = header("Accept");
  message.content_type = header("Content-Type");
  message.body = request.body;
  message.client_host = request.peer.host;
  return message;
}

http::RequestHead head_of(const broker::RegistryDoor::Request& message, bool was_passed_on) {
  http::RequestHead head{.method = message.method, .target = message.target};
  if (message.accept) head.headers.add("Accept", *message.accept);
  if (message.content_type) head.headers.add("Content-Type", *message.content_type);
  if (was_passed_on) head.headers.add(std::string(kForwardHeader), "true");
  return head;
}

broker::RegistryDoor::Response refused(ErrorCode code, std::string message) {
  broker::RegistryDoor::Response response;
  response.error_code = code;
  response.error_message = std::move(message);
  return response;
}

http::Response answer_in(broker::RegistryDoor::Response message) {
  http::Response response{.status = message.status};
  if (!message.content_type.empty()) response.headers.add("Content-Type", std::move(message.content_type));
  response.body = std::move(message.body);
  return response;
}

// Whether the endpoint's answer says that this node stopped leading while it was asked.
bool says_no_leader(int status, const SharedBytes& body) {
  if (status != registry::http_status(Code::kNoLeader)) return false;
  const auto tree = json::parse(as_text(body));
  const auto* code = tree ? tree->find("error_code") : nullptr;
  return code && code->if_number() && code->if_number()->as_int64() == std::int64_t(Code::kNoLeader);
}

}  // namespace

// Counts a request on its lane for as long as it lives.
struct Relay::UnderWay {
  explicit UnderWay(int& counted) : count(counted) { ++count; }
  ~UnderWay() { --count; }
  UnderWay(const UnderWay&) = delete;
  int& count;
};

Relay::Relay(broker::Broker& broker, SchemasTopic& topic, const http::Router& router)
    : broker_(broker), topic_(topic), router_(router) {}
Relay::~Relay() = default;

void Relay::start() {
  broker_.registry_door().open([this](Request request) { return serve(std::move(request)); },
                               [this](Request request) { return pass(std::move(request)); });
  watch_leader();
}

void Relay::begin_stop() {
  stopping_ = true;
  published_.reset();
  giving_up_.reset();
  broker_.registry_door().close();
}

Task<> Relay::stop(Instant deadline) {
  auto& clock = broker_.shard0().clock;
  while (under_way_ > 0 && clock.now() < deadline) co_await clock.sleep_for(kPauseFirst);
}

bool Relay::leads_here() const { return topic_.leader() == broker_.config().node_id; }

Task<Outcome> Relay::answer(http::Request request, Here here) {
  const UnderWay counted(under_way_);
  auto& clock = broker_.shard0().clock;
  const Instant again_until = later(clock.now(), kAgainWithin);
  Instant pause = kPauseFirst;
  for (;;) {
    auto tried = co_await attempt(request, here);
    const bool again = may_be_asked_again(request.head.method, tried.fate) && !was_forwarded(request) && !stopping_;
    if (!again || clock.now() + pause > again_until) co_return std::move(tried.outcome);
    co_await clock.sleep_for(pause);
    pause = std::min<Instant>(2 * pause, kPauseLast);
  }
}

Task<Attempt> Relay::attempt(http::Request request, Here here) {
  const auto place = co_await topic_.find();
  if (!place) co_return Attempt{kSettled, std::unexpected(failure_of(place.error()))};
  if (place->leader == broker_.config().node_id) {
    auto outcome = co_await here();
    const bool lost = !outcome && outcome.error().code == Code::kNoLeader;
    co_return Attempt{lost ? kUnknown : kSettled, std::move(outcome)};
  }
  if (place->leader == kNoBroker)
    co_return attempt_of(kNotBegun, Code::kNoLeader,
                         "nobody leads _schemas at the moment; thalweg cluster health says who is missing");
  if (was_forwarded(request))
    co_return attempt_of(kNotBegun, Code::kNoLeader,
                         "broker " + to_string(place->leader) + " leads _schemas; ask " + named(place->leader));
  co_return co_await ask(place->leader, std::move(request));
}

Task<Attempt> Relay::ask(BrokerId leader, http::Request request) {
  auto& lanes = lanes_[leader];
  const auto lane = std::ranges::min_element(lanes);
  const UnderWay counted(*lane);
  auto tried = co_await ask_over(leader, std::uint32_t(lane - lanes.begin()), std::move(request));
  auto& metrics = broker_.shard0().metrics;
  metrics.counter(family::kRegistryForwarded, {tried.fate == kSettled ? "answered" : "failed"}).add();
  if (tried.fate != kSettled)
    log::debug("a request did not reach the schema registry that leads", field("leader", leader),
               field("error", tried.outcome.error().message));
  co_return tried;
}

Task<Attempt> Relay::ask_over(BrokerId leader, std::uint32_t lane, http::Request request) {
  const auto image = broker_.publisher().published_image();
  const auto* registered = image->broker(leader);
  const auto* endpoint = registered ? registered->endpoint(broker::inter_broker_listener(broker_.config())) : nullptr;
  if (!endpoint)
    co_return attempt_of(kNotBegun, Code::kForwardFailed,
                         "broker " + to_string(leader) + " leads _schemas, and has no listener for other brokers");
  const Instant deadline = later(broker_.shard0().clock.now(), kAnsweredWithin);
  const auto channel =
      co_await broker_.peers().to({leader, Purpose::kRegistry, lane}, {endpoint->host, endpoint->port}, deadline);
  if (!channel)
    co_return attempt_of(kNotBegun, Code::kForwardFailed,
                         named(leader) + " cannot be reached: " + channel.error().message);
  auto answer = co_await (*channel)->send<Response>(passed_on(request), Request::kMaxVersion, deadline);
  if (!answer)
    co_return attempt_of(
        kUnknown, Code::kForwardFailed,
        named(leader) + " did not answer, and may have done what it was asked: " + answer.error().message);
  const std::string why = answer->error_message.value_or(std::string(name(answer->error_code)));
  switch (answer->error_code) {
    case ErrorCode::kNone:
      co_return Attempt{kSettled, answer_in(std::move(*answer))};
    case ErrorCode::kNotLeaderOrFollower:
    case ErrorCode::kCoordinatorNotAvailable:
      co_return attempt_of(kNotBegun, Code::kNoLeader, "broker " + to_string(leader) + " leads _schemas: " + why);
    case ErrorCode::kNotCoordinator:
      co_return attempt_of(kUnknown, Code::kNoLeader, named(leader) + " stopped leading while it was asked");
    default:
      co_return attempt_of(kSettled, Code::kForwardFailed, named(leader) + " refused the request: " + why);
  }
}

Task<Relay::Response> Relay::serve(Request request) {
  const UnderWay counted(under_way_);
  if (!leads_here()) co_return refused(ErrorCode::kNotLeaderOrFollower, "by what is in force there, it does not");
  broker_.shard0().metrics.counter(family::kRegistryAnsweredForOthers).add();
  auto response = co_await routed(std::move(request), true);
  if (says_no_leader(response.status, response.body))
    co_return refused(ErrorCode::kNotCoordinator, "it stopped leading");
  co_return response;
}

Task<Relay::Response> Relay::pass(Request request) {
  const UnderWay counted(under_way_);
  co_return co_await routed(std::move(request), false);
}

Task<Relay::Response> Relay::routed(Request request, bool is_from_peer) {
  auto target = http::parse_target(request.target);
  if (!target) co_return refused(ErrorCode::kInvalidRequest, "the path cannot be read");
  auto found = router_.find(request.method, target->segments);
  http::Response response;
  if (auto* no_route = std::get_if<http::Response>(&found)) {
    response = std::move(*no_route);
  } else {
    auto& route = std::get<http::Router::Found>(found);
    response = co_await (*route.endpoint)({head_of(request, is_from_peer),
                                           std::move(route.parameters),
                                           std::move(target->query),
                                           std::move(request.body),
                                           {request.client_host, 0}});
  }
  Response message;
  message.body = bytes_of(std::move(response.body));
  if (message.body.size() > kAnswerMax)
    co_return refused(ErrorCode::kMessageTooLarge, "the answer is too large to be passed on; ask for less with limit=");
  message.status = std::int16_t(response.status);
  message.content_type = response.headers.find("Content-Type").value_or("");
  co_return message;
}

// A leader that is replaced because it is silent does not end its connections.
void Relay::watch_leader() {
  auto& published = broker_.publisher().published();
  published_ = published.once_above(published.value(), [this] {
    broker_.shard0().post([this] {
      if (stopping_) return;
      auto& clock = broker_.shard0().clock;
      if (asks_former()) giving_up_ = clock.call_at(clock.now() + kFormerWithin, [this] { give_up_former(); });
      watch_leader();
    });
  });
}

bool Relay::asks_former() const {
  return std::ranges::any_of(lanes_, [this](const auto& to) {
    return to.first != topic_.leader() && std::ranges::any_of(to.second, [](int under_way) { return under_way > 0; });
  });
}

void Relay::give_up_former() {
  for (const auto& [leader, lanes] : lanes_) {
    if (leader == topic_.leader()) continue;
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      if (lanes[lane] > 0) broker_.peers().drop(PeerKey{leader, Purpose::kRegistry, std::uint32_t(lane)});
  }
}

}  // namespace thalweg::schema_registry
