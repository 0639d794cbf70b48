#include "cli/reach.h"

#include <fmt/format.h>

#include <array>

#include "network/channel.h"

namespace thalweg::cli {
namespace {

constexpr std::size_t kLookAtMost = 3;  // addresses

// What a TLS server answers with a handshake or an alert, and nobody else does.
constexpr std::array<unsigned char, 50> kClientHello = {
    0x16, 0x03, 0x01, 0x00, 0x2d,              // a record with a handshake of 45 bytes
    0x01, 0x00, 0x00, 0x29, 0x03, 0x03,        // ClientHello of 41 bytes, TLS 1.2
    1,    2,    3,    4,    5,    6,    7, 8,  // 32 bytes that should be random
    1,    2,    3,    4,    5,    6,    7, 8,  //
    1,    2,    3,    4,    5,    6,    7, 8,  //
    1,    2,    3,    4,    5,    6,    7, 8,  //
    0x00,                                      // no session
    0x00, 0x02, 0xc0, 0x2f,                    // one cipher: ECDHE with AES-128-GCM
    0x01, 0x00};                               // no compression
constexpr std::string_view kHttpRequest = "GET / HTTP/1.0\r\n\r\n";

bool is_tls(std::string_view answer) {
  constexpr char kHandshake = 0x16, kAlert = 0x15, kMajor = 0x03;
  return answer.size() >= 2 && (answer[0] == kHandshake || answer[0] == kAlert) && answer[1] == kMajor;
}

// The beginning of what comes back, or nothing in time.
Task<std::string> answer_to(const Shard& shard, Endpoint endpoint, std::string_view question, Millis patience) {
  const auto connection = co_await shard.network.connect(std::move(endpoint), shard.clock.now() + patience);
  if (!connection) co_return "";
  const auto timer = shard.clock.call_at(shard.clock.now() + patience, [c = *connection] { c->close(); });
  if (!co_await (*connection)->write({SharedBytes::copy_of(question)})) co_return "";
  std::array<std::byte, 512> answer;
  const auto size = co_await (*connection)->read_some(answer);
  (*connection)->close();
  co_return std::string(as_text(BytesView(answer.data(), size.value_or(0))));
}

std::string_view client_hello() { return {reinterpret_cast<const char*>(kClientHello.data()), kClientHello.size()}; }

// What is not Kafka although something listens.
Task<Sighting::Kind> look_closer(const Shard& shard, Endpoint endpoint, bool silent, Millis patience) {
  const std::string to_tls = co_await answer_to(shard, endpoint, client_hello(), patience);
  if (is_tls(to_tls)) co_return Sighting::Kind::kTls;
  const std::string to_http =
      to_tls.starts_with("HTTP/") ? to_tls : co_await answer_to(shard, endpoint, kHttpRequest, patience);
  if (to_http.starts_with("HTTP/")) co_return Sighting::Kind::kHttp;
  co_return silent&& to_tls.empty() && to_http.empty() ? Sighting::Kind::kSilent : Sighting::Kind::kStranger;
}

std::string advice(Sighting::Kind kind) {
  const std::string other =
      fmt::format("For another address: --brokers host:port, or {} in the environment", kBrokersVariable);
  switch (kind) {
    case Sighting::Kind::kUnresolved:
      return "Is it spelled right? " + other;
    case Sighting::Kind::kRefused:
      return "Is the server running, and is it this port? To start one: thalweg server. " + other;
    case Sighting::Kind::kUnreachable:
      return "Is the address right, and does no firewall stand between? " + other;
    case Sighting::Kind::kTls:
      return "Use a listener of the broker without TLS (PLAINTEXT). " + other;
    case Sighting::Kind::kSilent:
      return "Is it a Kafka broker, and is it well? " + other;
    default:
      return "Kafka's port is 9092, as a rule. " + other;
  }
}

std::string sent_on_to(const Endpoint& bootstrap, BrokerId id, const Sighting& seen) {
  return fmt::format(
      "{} answers, but sends clients on to broker {} at {}, and {}\n"
      "That address is the broker's advertised.listeners: set it to one that clients can reach, for example\n"
      "  thalweg server --override advertised.listeners=PLAINTEXT://{}",
      to_string(bootstrap), to_string(id), to_string(seen.endpoint), described(seen), to_string(bootstrap));
}

}  // namespace

std::string described(const Sighting& seen) {
  const std::string where = to_string(seen.endpoint);
  switch (seen.kind) {
    case Sighting::Kind::kKafka:
      return where + " answers";
    case Sighting::Kind::kUnresolved:
      return fmt::format("the name '{}' cannot be resolved ({})", seen.endpoint.host, seen.detail);
    case Sighting::Kind::kRefused:
      return fmt::format("nothing listens at {}", where);
    case Sighting::Kind::kUnreachable:
      return fmt::format("{} cannot be reached ({})", where, seen.detail);
    case Sighting::Kind::kSilent:
      return fmt::format("{} takes connections but does not answer", where);
    case Sighting::Kind::kHttp:
      return fmt::format("{} is a web server (it speaks HTTP), no Kafka broker", where);
    case Sighting::Kind::kTls:
      return fmt::format("{} speaks TLS, which these commands do not", where);
    case Sighting::Kind::kStranger:
      return fmt::format("what listens at {} is no Kafka broker", where);
  }
  return where;
}

Task<Sighting> look_at(const Shard& shard, Endpoint endpoint, Millis patience) {
  Sighting seen{.kind = Sighting::Kind::kKafka, .endpoint = endpoint, .detail = {}};
  const auto channel = co_await network::Channel::connect(shard, endpoint, shard.clock.now() + patience);
  if (!channel) {
    const std::string& said = channel.error().message;
    seen.detail = said.substr(said.rfind(": ") == said.npos ? 0 : said.rfind(": ") + 2);
    seen.kind = said.starts_with("cannot resolve")     ? Sighting::Kind::kUnresolved
                : said.ends_with("Connection refused") ? Sighting::Kind::kRefused
                                                       : Sighting::Kind::kUnreachable;
    co_return seen;
  }
  const auto answered = co_await (*channel)->negotiate(shard.clock.now() + patience);
  (*channel)->close();
  if (answered) co_return seen;
  const bool silent = answered.error().code == ErrorCode::kRequestTimedOut;
  seen.kind = co_await look_closer(shard, endpoint, silent, patience);
  co_return seen;
}

Task<std::string> find_trouble(admin::Client& client) {
  const Shard& shard = client.shard();
  const auto& bootstrap = client.options().bootstrap;
  std::string text;
  Sighting::Kind worst = Sighting::Kind::kKafka;
  std::optional<Endpoint> answers;
  for (std::size_t i = 0; i < std::min(bootstrap.size(), kLookAtMost) && !answers; ++i) {
    const Sighting seen = co_await look_at(shard, bootstrap[i], kPatience);
    if (seen.kind == Sighting::Kind::kKafka) answers = seen.endpoint;
    text += (text.empty() ? "" : "\n") + described(seen);
    worst = seen.kind;
  }
  if (!answers) co_return text + "\n" + advice(worst);
  const auto brokers = client.brokers();
  std::string sent_on;
  for (const auto& [id, endpoint] : brokers) {
    if (endpoint == *answers) co_return "";
    const Sighting seen = co_await look_at(shard, endpoint, kPatience);
    if (seen.kind == Sighting::Kind::kKafka) co_return "";
    if (sent_on.empty()) sent_on = sent_on_to(*answers, id, seen);
  }
  co_return sent_on;
}

Task<std::string> first_contact(admin::Client& client) {
  const auto& clock = client.shard().clock;
  const Instant deadline = clock.now() + std::min(client.options().api_timeout, kFirstContact);
  if (!co_await client.metadata(std::vector<std::string>(), false, deadline)) co_return co_await find_trouble(client);
  const auto brokers = client.brokers();
  for (const auto& [id, endpoint] : brokers)
    if (co_await client.to(id, clock.now() + kPatience)) co_return "";
  co_return brokers.empty() ? "" : co_await find_trouble(client);
}

}  // namespace thalweg::cli
