// Kafka's client settings, sorted: what these tools do as asked, what changes nothing that a user of a tool would see,
// and what is refused, because to ignore it would do something else than was asked for.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "cli/tool.h"

namespace thalweg::cli {
namespace {

constexpr unsigned kA = 1, kP = 2, kC = 4, kAll = kA | kP | kC;

// Settings with effect, and settings of buffers, sockets, metrics and pauses that work differently here and show
// nothing.
struct Taken {
  std::string_view name;
  unsigned clients;  // Kafka's clients that know it
};
constexpr Taken kTaken[] = {
    {"acks", kP},
    {"allow.auto.create.topics", kC},
    {"auto.commit.interval.ms", kC},
    {"auto.offset.reset", kC},
    {"batch.size", kP},
    {"bootstrap.controllers", kA},
    {"bootstrap.servers", kAll},
    {"buffer.memory", kP},
    {"check.crcs", kC},
    {"client.dns.lookup", kAll},
    {"client.id", kAll},
    {"client.rack", kC},
    {"compression.gzip.level", kP},
    {"compression.lz4.level", kP},
    {"compression.type", kP},
    {"compression.zstd.level", kP},
    {"connections.max.idle.ms", kAll},
    {"default.api.timeout.ms", kC | kA},
    {"delivery.timeout.ms", kP},
    {"enable.auto.commit", kC},
    {"enable.idempotence", kP},
    {"enable.metrics.push", kAll},
    {"exclude.internal.topics", kC},
    {"fetch.max.bytes", kC},
    {"fetch.max.wait.ms", kC},
    {"fetch.min.bytes", kC},
    {"group.id", kC},
    {"heartbeat.interval.ms", kC},
    {"internal.throw.on.fetch.stable.offset.unsupported", kC},
    {"isolation.level", kC},
    {"key.deserializer", kC},
    {"key.serializer", kP},
    {"linger.ms", kP},
    {"max.block.ms", kP},
    {"max.in.flight.requests.per.connection", kP},
    {"max.partition.fetch.bytes", kC},
    {"max.poll.interval.ms", kC},
    {"max.poll.records", kC},
    {"max.request.size", kP},
    {"metadata.max.age.ms", kAll},
    {"metadata.max.idle.ms", kP},
    {"metadata.recovery.rebootstrap.trigger.ms", kAll},
    {"metadata.recovery.strategy", kAll},
    {"metric.reporters", kAll},
    {"metrics.num.samples", kAll},
    {"metrics.recording.level", kAll},
    {"metrics.sample.window.ms", kAll},
    {"partitioner.adaptive.partitioning.enable", kP},
    {"partitioner.availability.timeout.ms", kP},
    {"receive.buffer.bytes", kAll},
    {"reconnect.backoff.max.ms", kAll},
    {"reconnect.backoff.ms", kAll},
    {"request.timeout.ms", kAll},
    {"retries", kP | kA},
    {"retry.backoff.max.ms", kAll},
    {"retry.backoff.ms", kAll},
    {"send.buffer.bytes", kAll},
    {"session.timeout.ms", kC},
    {"share.acknowledgement.mode", kC},
    {"share.acquire.mode", kC},
    {"socket.connection.setup.timeout.max.ms", kAll},
    {"socket.connection.setup.timeout.ms", kAll},
    {"transaction.timeout.ms", kP},
    {"value.deserializer", kC},
    {"value.serializer", kP},
};

// Settings that only these values leave as these tools are; `why` says what they cannot do.
struct Refused {
  std::string_view name;
  unsigned clients;
  std::array<std::string_view, 2> harmless;
  std::string_view why;
};
constexpr Refused kRefused[] = {
    {"security.protocol", kAll, {"PLAINTEXT", "plaintext"}, "these tools speak PLAINTEXT"},
    {"security.providers", kAll, {}, "these tools speak PLAINTEXT"},
    {"config.providers", kAll, {}, "values are taken as they are written"},
    {"group.protocol", kC, {"classic", "CLASSIC"}, "these tools are members of classic groups"},
    {"group.remote.assignor", kC, {}, "these tools are members of classic groups"},
    {"group.instance.id", kC, {}, "these tools are dynamic members of their group"},
    {"interceptor.classes", kP | kC, {}, "there are no Java classes here"},
    {"partitioner.class", kP, {}, "there are no Java classes here"},
    {"partitioner.ignore.keys", kP, {"false", "FALSE"}, "records with a key go where their key says"},
    {"transactional.id", kP, {}, "these tools do not write in transactions"},
    {"transaction.two.phase.commit.enable", kP, {"false", "FALSE"}, "these tools do not write in transactions"},
};
// Families of which no member has a counterpart here.
constexpr std::string_view kSecurityFamilies[] = {"sasl.", "ssl."};
constexpr std::string_view kAssignors = "partition.assignment.strategy";

unsigned bit(ClientKind kind) { return kind == ClientKind::kAdmin ? kA : kind == ClientKind::kProducer ? kP : kC; }

std::unexpected<Error> refused(const std::string& name, const std::string& value, std::string_view why) {
  return invalid(fmt::format("{}={} is not supported by these tools: {}", name, value, why));
}

bool in_security_family(std::string_view name) {
  return std::ranges::any_of(kSecurityFamilies, [&](auto family) { return name.starts_with(family); });
}

// Why the setting is refused, as an error.
Result<> check(const std::string& name, const std::string& value) {
  if (value.empty()) return {};
  // The value may be a password.
  if (in_security_family(name))
    return invalid(fmt::format("{} is not supported by these tools: they speak PLAINTEXT", name));
  if (name == kAssignors && !value.contains("RangeAssignor"))
    return refused(name, value, "they hand partitions out as RangeAssignor does");
  const auto at = std::ranges::find(kRefused, name, &Refused::name);
  if (at == std::end(kRefused) || std::ranges::find(at->harmless, value) != at->harmless.end()) return {};
  return refused(name, value, at->why);
}

bool is_known(const std::string& name, unsigned kind) {
  const auto knows = [&](const auto& row) { return row.name == name && (row.clients & kind) != 0; };
  return std::ranges::any_of(kTaken, knows) || std::ranges::any_of(kRefused, knows) || in_security_family(name) ||
         (name == kAssignors && kind == kC);
}

}  // namespace

Result<> check_properties(Terminal& terminal, ClientKind kind, const Properties& properties) {
  std::vector<std::string> unknown;
  for (const auto& [name, value] : properties) {
    if (is_known(name, bit(kind)))
      TRY_VOID(check(name, value));
    else
      unknown.push_back(name);
  }
  if (!unknown.empty())
    terminal.err(
        fmt::format("WARN These configurations '[{}]' were supplied but are not used.\n", fmt::join(unknown, ", ")));
  return {};
}

}  // namespace thalweg::cli
