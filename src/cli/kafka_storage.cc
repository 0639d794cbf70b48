// kafka-storage: ids, and what the data directories of a server say of themselves. A server of ours needs no format:
// it founds its cluster from empty directories. Formatting them gives them the cluster's id beforehand, as scripts do.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/nearest.h"
#include "base/uuid.h"
#include "cli/metadata_version.h"
#include "cli/tool.h"
#include "config/broker_config.h"

namespace thalweg::cli {

OptionParser kafka_storage_options() {
  OptionParser p;
  p.value("config", "FILE", "With info and format: the server's properties file.").alias("c", "config");
  p.value("cluster-id", "UUID", "With format: the cluster's id.").alias("t", "cluster-id");
  p.flag("ignore-formatted", "With format: leave directories alone that are formatted.").alias("g", "ignore-formatted");
  p.flag("standalone", "With format: the only controller.").alias("s", "standalone");
  p.value("initial-controllers", "LIST", "Refused: name them in controller.quorum.voters.")
      .alias("I", "initial-controllers");
  p.flag("no-initial-controllers", "Refused: a node joins with thalweg server --join.")
      .alias("N", "no-initial-controllers");
  p.value("release-version", "VERSION", "With format: only the newest, 4.3-IV0.").alias("r", "release-version");
  p.values("feature", "feature=level", "Refused: kafka-features changes levels later.").alias("f", "feature");
  p.values("add-scram", "CREDENTIAL", "Refused: there is no SASL yet.").alias("S", "add-scram");
  p.flag("help", "Shows this help.").alias("h", "help");
  return p;
}

namespace {

constexpr std::string_view kStorageUsage = "usage: kafka-storage {info,format,random-uuid} [OPTIONS]\n";
constexpr std::int16_t kFormattedLevel = 30;  // of metadata.version, in a new cluster

struct Storage {
  config::BrokerConfig config;
  std::vector<std::string> directories;  // sorted, each once
};

Result<Storage> storage_of(Terminal& terminal, const Options& options) {
  const auto path = options.value("config");
  if (!path) return invalid("argument --config/-c is required");
  TRY(const std::string text, terminal.read_file(*path));
  auto loaded = config::load_broker_config(config::parse_properties(text));
  if (!loaded) return invalid(fmt::format("{} is not valid:\n{}", *path, loaded.error().message));
  Storage storage{std::move(loaded->config), {}};
  std::set<std::string> all(storage.config.log_dirs.begin(), storage.config.log_dirs.end());
  if (!storage.config.metadata_log_dir.empty()) all.insert(storage.config.metadata_log_dir);
  storage.directories = {all.begin(), all.end()};
  return storage;
}

std::string meta_file(const std::string& directory) { return directory + "/meta.properties"; }

Result<config::Properties> meta_of(Disk& disk, const std::string& directory) {
  TRY(const SharedBytes text, disk.read_file(meta_file(directory)));
  return config::parse_properties(std::string(text.text()));
}

std::string property(const config::Properties& properties, const std::string& name) {
  const auto at = properties.find(name);
  return at == properties.end() ? "" : at->second;
}

// What is wrong with a directory; empty when it is formatted. `found`: it is a directory.
std::string problem_of(Disk& disk, const std::string& directory, bool& found) {
  found = false;
  if (!disk.exists(directory)) return directory + " does not exist";
  if (!disk.list(directory)) return directory + " is not a directory";
  found = true;
  return disk.exists(meta_file(directory)) ? "" : directory + " is not formatted.";
}

std::string listed(std::string_view one, std::string_view many, const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  std::string out = fmt::format("{}:\n", lines.size() == 1 ? one : many);
  for (const auto& line : lines) out += fmt::format("  {}\n", line);
  return out + "\n";
}

int storage_info(Context context, const Storage& storage) {
  std::vector<std::string> found, problems;
  std::optional<config::Properties> first;
  for (const auto& directory : storage.directories) {
    bool is_there = false;
    if (const auto problem = problem_of(context.shard.disk, directory, is_there); !problem.empty())
      problems.push_back(problem);
    else if (const auto meta = meta_of(context.shard.disk, directory); !meta)
      problems.push_back(fmt::format("Error loading {}: {}", meta_file(directory), meta.error().message));
    else if (!first)
      first = *meta;
    else if (property(*first, "cluster.id") != property(*meta, "cluster.id"))
      problems.emplace_back("Mismatched cluster IDs between storage directories.");
    else if (property(*first, "node.id") != property(*meta, "node.id"))
      problems.emplace_back("Mismatched node IDs between storage directories.");
    if (is_there) found.push_back(directory);
  }
  std::string out = listed("Found log directory", "Found log directories", found);
  if (first) {
    std::vector<std::string> pairs;
    for (const auto& [key, value] : *first) pairs.push_back(fmt::format("{}={}", key, value));
    out += fmt::format("Found metadata: {{{}}}\n\n", fmt::join(pairs, ", "));
  }
  context.terminal.out(out + listed("Found problem", "Found problems", problems));
  return problems.empty() ? 0 : 1;
}

// What a server of ours would do otherwise than was asked for.
Result<> refuse_format(const Options& options) {
  if (!options.has("cluster-id")) return invalid("argument --cluster-id/-t is required");
  if (options.has("initial-controllers"))
    return invalid(
        "--initial-controllers is not supported: name the controllers in controller.quorum.voters, the same on all of "
        "them");
  if (options.has("no-initial-controllers"))
    return invalid(
        "--no-initial-controllers is not supported: start the node on empty directories, with --join host:port");
  if (options.has("add-scram")) return invalid("--add-scram is not supported: SASL is not served yet");
  if (options.has("feature"))
    return invalid("--feature is not supported: start the server, then kafka-features upgrade --feature NAME=LEVEL");
  const auto release = options.value("release-version");
  if (release && metadata_version_level(*release) != kFormattedLevel)
    return invalid(fmt::format("--release-version {} is not supported: a new cluster begins with {}", *release,
                               metadata_version_name(kFormattedLevel)));
  return {};
}

Task<Result<>> format_directory(Context context, const Storage& storage, std::string directory,
                                std::string cluster_id) {
  Disk& disk = context.shard.disk;
  const Uuid id = Uuid::from_random(context.shard.random.next(), context.shard.random.next());
  CO_TRY_VOID(co_await disk.make_durable_directory(directory));
  CO_TRY_VOID(co_await disk.replace_file(
      meta_file(directory),
      SharedBytes::copy_of(std::string_view(fmt::format("#\ncluster.id={}\ndirectory.id={}\nnode.id={}\nversion=1\n",
                                                        cluster_id, to_string(id), storage.config.node_id.value)))));
  context.terminal.out(
      fmt::format("Formatting {} {} with metadata.version {}.\n",
                  directory == storage.config.metadata_log_dir ? "metadata directory" : "data directory", directory,
                  metadata_version_name(kFormattedLevel)));
  co_return Result<>();
}

Task<Result<>> storage_format(Context context, const Options& options, Storage storage) {
  CO_TRY_VOID(refuse_format(options));
  Disk& disk = context.shard.disk;
  const std::string cluster_id = *options.value("cluster-id");
  std::vector<std::string> empty;
  for (const auto& directory : storage.directories) {
    if (!disk.exists(meta_file(directory))) {
      empty.push_back(directory);
      continue;
    }
    CO_TRY(const auto meta, meta_of(disk, directory));
    if (!options.has("ignore-formatted"))
      co_return invalid(
          fmt::format("Log directory {} is already formatted. Use --ignore-formatted to ignore this "
                      "directory and format the others.",
                      directory));
    if (const std::string its = property(meta, "cluster.id"); its != cluster_id)
      co_return invalid(
          fmt::format("Invalid cluster.id in: {}. Expected {}, but read {}", meta_file(directory), cluster_id, its));
  }
  if (empty.empty()) context.terminal.out("All of the log directories are already formatted.\n");
  for (const auto& directory : empty) CO_TRY_VOID(co_await format_directory(context, storage, directory, cluster_id));
  co_return Result<>();
}

std::string misuse_of_storage(const std::vector<std::string>& words) {
  if (words.empty()) return "too few arguments";
  const std::vector<std::string> known{"info", "format", "random-uuid"};
  for (const char* later : {"version-mapping", "feature-dependencies"})
    if (words[0] == later)
      return fmt::format("{} is not there yet; kafka-features describe shows what a cluster has", words[0]);
  if (std::ranges::find(known, words[0]) == known.end())
    return fmt::format("invalid choice: '{}' (choose from '{}'){}", words[0], fmt::join(known, "', '"),
                       did_you_mean(words[0], known));
  if (words.size() > 1) return fmt::format("unrecognized arguments: '{}'", words[1]);
  return "";
}

}  // namespace

Task<int> kafka_storage(Context context, Arguments arguments) {
  const OptionParser known = kafka_storage_options();
  Terminal& terminal = context.terminal;
  const auto options = known.parse(arguments);
  const auto refuse = [&](const std::string& text) {
    terminal.err(fmt::format("{}kafka-storage: error: {}\n", kStorageUsage, text));
    return 1;
  };
  if (!options) co_return refuse(options.error().message);
  if (options->has("help")) {
    terminal.out(fmt::format("{}\nThe Kafka storage tool.\n\n{}", kStorageUsage, known.help()));
    co_return 0;
  }
  if (const std::string text = misuse_of_storage(options->positional()); !text.empty()) co_return refuse(text);
  const std::string command = options->positional()[0];
  if (command == "random-uuid") {
    Random& random = context.shard.random;
    terminal.out(to_string(Uuid::from_random(random.next(), random.next())) + "\n");
    co_return 0;
  }
  auto storage = storage_of(terminal, *options);
  if (!storage) {
    terminal.err(storage.error().message + "\n");
    co_return 1;
  }
  if (command == "info") co_return storage_info(context, *storage);
  const auto done = co_await storage_format(context, *options, *std::move(storage));
  if (done) co_return 0;
  terminal.err(done.error().message + "\n");
  co_return 1;
}

}  // namespace thalweg::cli
