#include "server.h"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <utility>

#include "base/log.h"
#include "broker/broker.h"
#include "broker/memory_shares.h"
#include "broker/node_id.h"
#include "cli/options.h"
#include "cli/tool.h"
#include "config/broker_config.h"
#include "config/properties.h"
#include "config/quorum_options.h"
#include "console/assets.h"
#include "console/console.h"
#include "monitoring/monitoring.h"
#include "platform/process_info.h"
#include "platform/program_pages.h"
#include "platform/shard_threads.h"
#include "schema_registry/schema_registry.h"

extern char** environ;

namespace thalweg {
namespace {

constexpr const char* kHelp = R"(thalweg server [server.properties] [--override key=value]... [--env]

Starts a broker (and its controller) until SIGTERM or Ctrl-C. Without a file it runs on Kafka's defaults:
port 9092, data in /tmp/kafka-logs.

  --join host:port,...   becomes a member of the running cluster that one of these belongs to; without node.id it gets
                         one from there. The same as the property thalweg.join
  --override key=value   sets one property, over file and environment; may be repeated
  --env                  takes KAFKA_* (and KAFKA_CFG_*) variables as properties, as Kafka's container images do
  --json                 log lines as JSON
  --log-level LEVEL      debug, info (default), warn or error
  --version              prints the release of Kafka whose options and protocol it speaks

Examples:
  thalweg server
  thalweg server /etc/thalweg/server.properties
  thalweg server --override log.dirs=/var/lib/thalweg --override listeners=PLAINTEXT://:19092
  thalweg server --join host1:9092
)";

struct Arguments {
  std::string file;
  config::Properties overrides;
  bool environment = false;
};

[[noreturn]] void usage_error(const std::string& message) {
  fmt::print(stderr, "thalweg server: {}\nTry: thalweg server --help\n", message);
  std::exit(2);
}

log::Level level_of(const std::string& text) {
  if (text == "debug") return log::Level::kDebug;
  if (text == "info") return log::Level::kInfo;
  if (text == "warn") return log::Level::kWarn;
  if (text == "error") return log::Level::kError;
  usage_error("no log level '" + text + "'; there are debug, info, warn and error");
}

Arguments parse(const std::vector<std::string>& given) {
  cli::OptionParser known;
  known.values("override", "key=value", "")
      .values("join", "host:port,...", "")
      .flag("env", "")
      .flag("json", "")
      .value("log-level", "LEVEL", "");
  known.flag("help", "").flag("version", "").alias("h", "help").suggest_names();
  const auto options = known.parse(given);
  if (!options) usage_error(options.error().message);
  if (options->has("help") || options->has("version")) {
    std::fputs(options->has("help") ? kHelp : fmt::format("{}\n", cli::kKafkaVersion).c_str(), stdout);
    if (std::fflush(stdout) == 0 || errno == EPIPE) std::exit(0);
    fmt::print(stderr, "thalweg server: cannot write to standard output: {}\n", std::strerror(errno));
    std::exit(1);
  }
  Arguments out;
  for (const auto& pair : options->values("override")) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos) usage_error("--override takes key=value, not '" + pair + "'");
    out.overrides[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  for (const auto& address : options->values("join")) {
    auto& all = out.overrides["thalweg.join"];
    all += (all.empty() ? "" : ",") + address;
  }
  out.environment = options->has("env");
  if (options->has("json")) log::set_format(log::Format::kJson);
  if (const auto level = options->value("log-level")) log::set_level(level_of(*level));
  const auto& files = options->positional();
  if (files.size() > 1) usage_error("one configuration file, not two: " + files[0] + " and " + files[1]);
  if (!files.empty()) out.file = files[0];
  return out;
}

// File, then environment, then overrides: the later one wins.
config::Properties gather_properties(const Arguments& arguments) {
  config::Properties properties;
  if (!arguments.file.empty()) {
    std::ifstream in(arguments.file);
    if (!in) usage_error("cannot read " + arguments.file);
    properties = config::parse_properties(std::string(std::istreambuf_iterator<char>(in), {}));
  }
  if (arguments.environment) {
    std::vector<std::string> environment;
    for (char** entry = environ; *entry; ++entry) environment.emplace_back(*entry);
    auto settings = config::settings_from_environment(environment);
    for (auto& [name, value] : settings.properties) properties[name] = value;
    if (!settings.ignored.empty())
      log::warn("ZooKeeper settings are ignored: metadata is in the quorum",
                field("settings", fmt::format("{}", fmt::join(settings.ignored, ","))));
  }
  for (const auto& [name, value] : arguments.overrides) properties[name] = value;
  return properties;
}

bool is_any(const std::string& host) { return host.empty() || host == "0.0.0.0" || host == "::"; }

// Clients are told a name that they can reach; where none is configured, this host's. Other controllers are told the
// same one.
void fill_advertised_hosts(config::BrokerConfig& config) {
  for (auto& listener : config.advertised_listeners)
    if (is_any(listener.host)) listener.host = platform::host_name();
  const auto& clients = config.advertised_listeners;
  for (auto& listener : config.advertised_controllers)
    if (is_any(listener.host)) listener.host = clients.empty() ? platform::host_name() : clients.front().host;
}

// A few hundred connections and the files of a few hundred partitions go with this; more wait, or are opened and
// closed.
void warn_of_few_files() {
  constexpr std::uint64_t kFew = 10'000;
  const auto limit = platform::process_info().open_files_max;
  if (limit < kFew)
    log::warn(
        "few files may be open at a time, half of them connections; raise the limit (ulimit -n, or LimitNOFILE= "
        "of the unit)",
        field("limit", limit), field("recommended", 100'000));
}

// Before there is a server: who joins without an id asks the cluster for one. A signal meanwhile ends the process.
Result<> settle_node_id(config::BrokerConfig& config) {
  if (!config::lets_the_cluster_choose_its_id(config)) return {};
  platform::ShardThreads threads({.shards = 1, .helpers = 1});
  threads.start();
  const auto identity = platform::run_on(threads[0], broker::node_identity(threads[0], config));
  threads.stop();
  threads.join();
  threads.drop_suspended();
  if (!identity) return std::unexpected(identity.error());
  config.node_id = identity->id;
  config.node_id_is_new = identity->is_new;
  config.properties["node.id"] = config.properties["broker.id"] = to_string(identity->id);
  return {};
}

// The life of the server on shard 0. A signal that comes while it starts stops it once it has started, since there is
// no half of a broker to stop; a start that waits for other nodes is given up.
struct Life {
  broker::Broker& broker;
  monitoring::Monitoring& monitoring;
  std::optional<schema_registry::SchemaRegistry>& registry;  // nothing: it is served nowhere
  std::optional<console::Console>& console;                  // the same
  platform::ShardThreads& threads;
  bool started = false, stopping = false;
  int interrupts = 0;
  int code = 0;
};

// Whoever asks is told that it stops for as long as there is something to stop.
Task<> stop(Life& life) {
  life.monitoring.stopping();
  if (life.console) co_await life.console->stop();
  if (life.registry) co_await life.registry->stop();
  co_await life.broker.stop();
  co_await life.monitoring.stop();
  life.threads.stop();
}

// Clients that are told a name which means nothing to them say so after a minute, each in its own words. Where this
// host does not know it either, that is worth a word at once; a proxy's name that only clients know is none of our
// business.
Task<> check_advertised_names(Life& life) {
  constexpr Instant kNameServersMax = std::chrono::seconds(10);
  const Clock& clock = life.threads[0].clock;
  for (const auto& listener : life.broker.config().advertised_listeners)
    if (const auto known = co_await life.threads.known_host(listener.host, clock.now() + kNameServersMax); !known)
      log::warn("clients are told a name that this host does not know; set advertised.listeners to one they can reach",
                field("listener", to_string(listener)), field("error", known.error()));
}

Task<Result<>> start(Life& life) {
  CO_TRY_VOID(life.monitoring.start());
  if (life.console) life.console->look_back();
  CO_TRY_VOID(co_await life.broker.start());
  if (life.registry) CO_TRY_VOID(co_await life.registry->start());
  if (life.console) CO_TRY_VOID(co_await life.console->start());
  if (!life.stopping) life.monitoring.serving();
  co_return Result<>();
}

monitoring::ProcessFigures process_figures() {
  const auto info = platform::process_info();
  return {info.resident_bytes, info.cpu_seconds, info.open_files, info.open_files_max};
}

std::span<const console_asset> pages() { return {console_assets, console_assets_count}; }

Task<> run(Life& life) {
  if (auto started = co_await start(life); !started) {
    if (!life.stopping) {
      log::error("the server cannot start", field("error", started.error()));
      life.code = 1;
    }
    life.stopping = true;
    co_return co_await stop(life);
  }
  life.started = true;
  if (life.stopping) co_return co_await stop(life);
  co_await check_advertised_names(life);
  platform::give_back_program_pages();
}

// Ctrl-C twice is somebody who does not want to wait: leave as after a crash, which recovery handles. SIGTERM may come
// twice without anybody meaning it, since supervisors signal a process and then its group.
void on_signal(Life& life, int number) {
  if (number == SIGINT && ++life.interrupts > 1) std::_Exit(130);
  if (std::exchange(life.stopping, true)) return;
  log::info("stopping", field("signal", number));
  if (life.started)
    spawn(life.threads[0], stop(life));
  else
    life.broker.abandon_start();
}

}  // namespace

int run_server(const std::vector<std::string>& given) {
  const Arguments arguments = parse(given);
  auto loaded = config::load_broker_config(gather_properties(arguments));
  if (!loaded) {
    fmt::print(stderr, "The configuration is not valid:\n{}\n", loaded.error().message);
    return 1;
  }
  for (const auto& warning : loaded->warnings) log::warn("configuration", field("option", warning));
  if (const auto settled = settle_node_id(loaded->config); !settled) {
    log::error("the server cannot start", field("error", settled.error()));
    return 1;
  }
  fill_advertised_hosts(loaded->config);
  if (auto& memory = loaded->config.queued_max_request_bytes; memory <= 0)
    memory = broker::default_request_memory(platform::memory_limit());
  platform::raise_open_files_limit();
  warn_of_few_files();

  platform::ShardThreads threads({.shards = unsigned(loaded->config.shards)});
  std::vector<const Shard*> shards;
  for (std::size_t i = 0; i < threads.size(); ++i) shards.push_back(&threads[i]);
  broker::Broker broker(std::move(shards), std::move(loaded->config));
  monitoring::Monitoring monitoring(broker, {THALWEG_VERSION, process_figures});
  std::optional<schema_registry::SchemaRegistry> registry;
  // The registry's records are in a topic; who is only a controller has none.
  if (broker.config().is_broker && !broker.config().schema_registry_listeners.empty())
    registry.emplace(broker, threads.workers());
  std::optional<console::Console> console;
  if (broker.config().is_broker && !broker.config().console_listeners.empty())
    console.emplace(broker, threads.workers(), console::About{THALWEG_VERSION, std::string(cli::kKafkaVersion)},
                    pages());
  Life life{broker, monitoring, registry, console, threads};
  threads.on_stop_signal([&life](int number) { on_signal(life, number); });
  spawn(threads[0], run(life));
  threads.start();
  threads.join();
  platform::block_stop_signals();
  threads.drop_suspended();
  return life.code;
}

}  // namespace thalweg
