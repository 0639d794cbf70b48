// kafka-reassign-partitions: moves partitions to other replicas.
#include "cli/kafka_reassign_partitions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

#include "cli/columns.h"
#include "cli/java_errors.h"

namespace thalweg::cli {

OptionParser kafka_reassign_partitions_options() {
  OptionParser p;
  p.value("bootstrap-server", "Server(s) to use for bootstrapping", "REQUIRED: brokers to connect to first.");
  p.value("bootstrap-controller", "Controller(s) to use for bootstrapping",
          "Controllers, in place of brokers; with --cancel.");
  p.value("command-config", "Admin client property file", "Properties file with client settings.");
  p.flag("generate", "Propose where the partitions of some topics could go. Changes nothing.");
  p.flag("execute", "Start the moves of --reassignment-json-file.");
  p.flag("verify", "Say how far those moves are; when all are done, throttles are removed.");
  p.flag("cancel", "Take the moves of the file back.").flag("list", "List all moves under way.");
  p.value("reassignment-json-file", "manual assignment json file path",
          "{\"version\":1,\"partitions\":[{\"topic\":\"foo\",\"partition\":1,\"replicas\":[1,2,3],\"log_dirs\":["
          "\"any\",\"any\",\"any\"]}]}; "
          "log_dirs may be left out.");
  p.value("topics-to-move-json-file", "topics to reassign json file path",
          "With --generate: {\"version\":1,\"topics\":[{\"topic\":\"foo\"}]}.");
  p.value("broker-list", "brokerlist", "With --generate: brokers to move to, like 0,1,2.");
  p.flag("disable-rack-aware", "With --generate: ignore racks.");
  p.integer("throttle", "throttle",
            "Most bytes per second that each broker sends and fetches for moves; -1 is no change.");
  p.integer("replica-alter-log-dirs-throttle", "replicaAlterLogDirsThrottle",
            "Most bytes per second that each broker copies between its log directories; -1 is no change.");
  p.integer("timeout", "timeout", "How long to wait for moves between directories to begin, in ms.");
  p.flag("additional", "With --execute: although other moves are under way.");
  p.flag("disallow-replication-factor-change", "With --execute: refuse what changes the number of replicas.");
  p.flag("preserve-throttles", "With --verify and --cancel: leave throttles as they are.");
  p.flag("help", "Print usage information.").flag("version", "Display Kafka version.");
  return p;
}

namespace {

struct ReassignAction {
  std::string_view name;
  std::vector<std::string_view> required;
  std::vector<std::string_view> permitted;  // beside those of all
};

const std::vector<ReassignAction>& reassign_actions() {
  static const std::vector<ReassignAction> kActions{
      {"generate", {"topics-to-move-json-file", "broker-list"}, {"disable-rack-aware"}},
      {"execute",
       {"reassignment-json-file"},
       {"additional", "throttle", "replica-alter-log-dirs-throttle", "timeout", "disallow-replication-factor-change"}},
      {"verify", {"reassignment-json-file"}, {"preserve-throttles"}},
      {"cancel", {"reassignment-json-file"}, {"preserve-throttles", "timeout"}},
      {"list", {}, {}}};
  return kActions;
}

const ReassignAction* action_in(const Options& options) {
  const ReassignAction* found = nullptr;
  for (const auto& action : reassign_actions()) {
    if (!options.has(action.name)) continue;
    if (found) return nullptr;
    found = &action;
  }
  return found;
}

std::string misuse_of_reassign(const OptionParser& known, const Options& o) {
  const auto* action = action_in(o);
  if (!action) return "Command must include exactly one action: --generate, --execute, --verify, --cancel, --list";
  if (o.has("bootstrap-server") && o.has("bootstrap-controller"))
    return "Please don't specify both --bootstrap-server and --bootstrap-controller";
  if (!o.has("bootstrap-server") && !o.has("bootstrap-controller"))
    return "Please specify either --bootstrap-server or --bootstrap-controller";
  for (const auto needed : action->required)
    if (!o.has(needed)) return fmt::format("Missing required argument \"[{}]\"", needed);
  constexpr std::array<std::string_view, 3> kEverywhere{"bootstrap-server", "bootstrap-controller", "command-config"};
  for (const auto& [name, spec] : known.specs()) {
    if (!o.has(name) || name == action->name) continue;
    const auto in = [&](const auto& names) { return std::ranges::find(names, name) != names.end(); };
    if (!in(kEverywhere) && !in(action->required) && !in(action->permitted))
      return fmt::format("Option \"[{}]\" can't be used with action \"[{}]\"", name, action->name);
  }
  return "";
}

Result<> refuse_controllers(const Options& options) {
  if (options.has("bootstrap-controller") && !options.has("cancel"))
    return invalid("The --bootstrap-controller option is not supported with these action.");
  return {};
}

Task<Result<>> run_reassign(ReassignCommand command, const Options& options) {
  CO_TRY_VOID(refuse_controllers(options));
  if (options.has("generate")) co_return co_await command.generate();
  if (options.has("execute")) co_return co_await command.execute();
  if (options.has("verify")) co_return co_await command.verify();
  if (options.has("cancel")) co_return co_await command.cancel();
  co_return co_await command.list();
}

int report_reassign_error(Terminal& terminal, const Error& error) {
  if (error.code == ErrorCode::kInvalidConfig)
    terminal.out(error.message + "\n");
  else if (error.code == ErrorCode::kInvalidRequest)
    terminal.out(fmt::format("Error: {}\n", error.message));
  else
    terminal.out(fmt::format("Error: {}\n", exception_text(error)));
  return 1;
}

std::string dotted(std::string_view name, const std::vector<BrokerId>& ids) {
  return ids.empty() ? "" : fmt::format(" {}: {}.", name, id_list(ids));
}

std::string tp_list(const std::set<TopicPartition>& partitions) {
  std::string text;
  for (const auto& tp : partitions) text += (text.empty() ? "" : ",") + to_string(tp);
  return text;
}

}  // namespace

Task<Result<std::vector<admin::TopicDescription>>> ReassignCommand::described(std::vector<std::string> topics) {
  std::vector<admin::TopicDescription> all;
  std::ranges::sort(topics);
  topics.erase(std::ranges::unique(topics).begin(), topics.end());
  // One by one, so that an error tells which.
  for (const auto& topic : topics) {
    auto one = co_await admin::describe_topics(client_, {topic});
    if (!one && one.error().code == ErrorCode::kUnknownTopicOrPartition)
      co_return fail(ErrorCode::kUnknownTopicOrPartition, fmt::format("Topic {} not found.", topic));
    if (!one) co_return std::unexpected(std::move(one.error()));
    all.push_back(std::move(one->front()));
  }
  co_return all;
}

Task<Result<ReplicaMap>> ReassignCommand::replicas_now(std::vector<TopicPartition> partitions) {
  std::vector<std::string> topics;
  for (const auto& tp : partitions) topics.push_back(tp.topic);
  CO_TRY(const auto all, co_await described(std::move(topics)));
  ReplicaMap now;
  for (const auto& topic : all)
    for (const auto& p : topic.partitions)
      if (std::ranges::find(partitions, TopicPartition{topic.name, p.id}) != partitions.end())
        now[{topic.name, p.id}] = p.replicas;
  std::vector<std::string> missing;
  for (const auto& tp : partitions)
    if (!now.contains(tp)) missing.push_back(to_string(tp));
  if (!missing.empty())
    co_return fail(ErrorCode::kUnknownTopicOrPartition,
                   fmt::format("Unable to find partition: {}", fmt::join(missing, ", ")));
  co_return now;
}

Task<std::map<Replica, std::string>> ReassignCommand::directories_now(ReplicaMap partitions) {
  std::map<BrokerId, std::vector<TopicPartition>> by_broker;
  for (const auto& [tp, replicas] : partitions)
    for (const BrokerId id : replicas) by_broker[id].push_back(tp);
  std::map<Replica, std::string> found;
  for (const auto& [broker, wanted] : by_broker) {
    const auto directories = co_await admin::describe_log_dirs(client_, broker, wanted);
    if (!directories) continue;
    for (const auto& directory : *directories)
      for (const auto& replica : directory.replicas)
        if (!replica.is_future) found[{replica.partition, broker}] = directory.path;
  }
  co_return found;
}

Task<Result<>> ReassignCommand::list() {
  CO_TRY(auto moves, co_await admin::list_reassignments(client_));
  std::ranges::sort(moves, {}, &admin::Reassignment::partition);
  if (moves.empty()) terminal_.out("No partition reassignments found.\n");
  if (!moves.empty()) terminal_.out("Current partition reassignments:\n");
  for (const auto& move : moves)
    terminal_.out(fmt::format("{}: replicas: {}.{}{}\n", to_string(move.partition), id_list(move.replicas),
                              dotted("adding", move.adding), dotted("removing", move.removing)));
  co_return Result<>();
}

Task<Result<>> ReassignCommand::cancel() {
  CO_TRY(const std::string text, file("reassignment-json-file"));
  CO_TRY(const auto wanted, parse_reassignment(text));
  CO_TRY(const auto moves, co_await admin::list_reassignments(client_));
  std::set<TopicPartition> active;
  admin::ReplicaChanges changes;
  for (const auto& one : wanted.partitions)
    if (std::ranges::find(moves, one.partition, &admin::Reassignment::partition) != moves.end()) {
      active.insert(one.partition);
      changes[one.partition] = std::nullopt;
    }
  if (active.empty()) {
    terminal_.out("None of the specified partition reassignments are active.\n");
  } else {
    CO_TRY(const auto results, co_await admin::alter_reassignments(client_, std::move(changes)));
    std::vector<std::string> errors;
    for (const auto& [tp, result] : results)
      if (!result) errors.push_back(fmt::format("{}: {}", to_string(tp), kafka_text(result.error())));
    if (!errors.empty())
      co_return terse(fmt::format("Error cancelling partition reassignment{} for:\n{}", errors.size() == 1 ? "" : "s",
                                  fmt::join(errors, "\n")));
    terminal_.out(fmt::format("Successfully cancelled partition reassignment{} for: {}\n",
                              active.size() == 1 ? "" : "s", tp_list(active)));
  }
  CO_TRY_VOID(co_await cancel_directories(wanted.directories));
  if (options_.has("preserve-throttles")) co_return Result<>();
  co_return co_await clear_throttles(wanted.partitions);
}

Task<Result<>> ReassignCommand::clear_throttles(std::vector<WantedReplicas> wanted) {
  CO_TRY(const auto cluster, co_await admin::describe_cluster(client_));
  std::set<BrokerId> brokers;
  std::set<std::string> topics;
  for (const auto& broker : cluster.brokers) brokers.insert(broker.id);
  for (const auto& one : wanted) {
    brokers.insert(one.replicas.begin(), one.replicas.end());
    topics.insert(one.partition.topic);
  }
  terminal_.out(fmt::format("Clearing broker-level throttles on broker{} {}\n", brokers.size() == 1 ? "" : "s",
                            id_list({brokers.begin(), brokers.end()})));
  CO_TRY_VOID(co_await unthrottle_brokers(client_, brokers));
  terminal_.out(fmt::format("Clearing topic-level throttles on topic{} {}\n", topics.size() == 1 ? "" : "s",
                            fmt::join(topics, ",")));
  co_return co_await unthrottle_topics(client_, topics);
}

Task<int> kafka_reassign_partitions(Context context, Arguments arguments) {
  const OptionParser known = kafka_reassign_partitions_options();
  Terminal& terminal = context.terminal;
  const auto options = known.parse(arguments);
  if (!options) co_return usage_error(terminal, known, options.error().message);
  if (const auto code = answer_at_once(terminal, known, arguments, *options,
                                       "This tool helps to move topic partitions between replicas."))
    co_return *code;
  if (const std::string text = misuse_of_reassign(known, *options); !text.empty())
    co_return usage_error(terminal, known, text);
  auto settings = admin_options(terminal, *options);
  if (!settings) co_return report_reassign_error(terminal, settings.error());
  admin::Client client(context.shard, std::move(*settings));
  const auto done = co_await run_reassign(ReassignCommand(context, *options, client), *options);
  co_return done ? 0 : report_reassign_error(terminal, done.error());
}

}  // namespace thalweg::cli
