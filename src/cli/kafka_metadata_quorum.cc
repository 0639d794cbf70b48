// kafka-metadata-quorum: who controls the cluster, and how far the others follow.
#include "cli/kafka_metadata_quorum.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "admin/cluster.h"

namespace thalweg::cli {
namespace {

using admin::QuorumDescription;
using admin::QuorumReplica;

constexpr std::string_view kQuorumCommands = "describe add-controller remove-controller";

std::string misuse_of_quorum(const std::string& command, const Options& options) {
  if (const std::string text = misuse_of_bootstrap(options); !text.empty()) return text;
  if (command != "remove-controller") return "";
  for (const char* needed : {"controller-id", "controller-directory-id"})
    if (!options.has(needed)) return fmt::format("argument --{} is required", needed);
  return "";
}

const QuorumReplica* leader_of(const QuorumDescription& quorum) {
  const auto at = std::ranges::find(quorum.voters, quorum.leader, &QuorumReplica::replica_id);
  return at == quorum.voters.end() ? nullptr : &*at;
}

// {"id": 1, "directoryId": "…", "endpoints": ["CONTROLLER://host:9093"]}
std::string shown_voter(const QuorumDescription& quorum, const QuorumReplica& replica) {
  std::string out = fmt::format("{{\"id\": {}", replica.replica_id.value);
  if (!replica.replica_directory_id.is_zero())
    out += fmt::format(", \"directoryId\": \"{}\"", to_string(replica.replica_directory_id));
  if (const auto at = quorum.listeners.find(replica.replica_id); at != quorum.listeners.end() && !at->second.empty()) {
    std::vector<std::string> endpoints;
    for (const auto& l : at->second)
      endpoints.push_back(fmt::format("\"{}://{}:{}\"", l.name, bracketed(l.host), l.port));
    out += fmt::format(", \"endpoints\": [{}]", fmt::join(endpoints, ", "));
  }
  return out + "}";
}

std::string shown_voters(const QuorumDescription& quorum, const std::vector<QuorumReplica>& replicas) {
  std::vector<std::string> all;
  for (const auto& replica : replicas) all.push_back(shown_voter(quorum, replica));
  return fmt::format("[{}]", fmt::join(all, ", "));
}

std::int64_t lag_time(const QuorumReplica& leader, const QuorumReplica& slowest) {
  if (leader.replica_id == slowest.replica_id) return 0;
  if (leader.last_caught_up_timestamp < 0 || slowest.last_caught_up_timestamp < 0) return -1;
  return leader.last_caught_up_timestamp - slowest.last_caught_up_timestamp;
}

Task<Result<>> describe_status(Errand errand) {
  CO_TRY(const auto cluster, co_await admin::describe_cluster(errand.client));
  CO_TRY(const auto quorum, co_await admin::describe_quorum(errand.client));
  const auto* leader = leader_of(quorum);
  if (!leader) co_return invalid(fmt::format("the leader {} is not among the voters", quorum.leader.value));
  const auto& slowest = *std::ranges::min_element(quorum.voters, {}, &QuorumReplica::log_end_offset);
  errand.terminal().out(fmt::format(
      "ClusterId:              {}\nLeaderId:               {}\nLeaderEpoch:            {}\nHighWatermark:          {}\n"
      "MaxFollowerLag:         {}\nMaxFollowerLagTimeMs:   {}\nCurrentVoters:          {}\nCurrentObservers:       "
      "{}\n",
      cluster.id, quorum.leader.value, quorum.epoch.value, quorum.high_watermark.value,
      leader->log_end_offset - slowest.log_end_offset, lag_time(*leader, slowest), shown_voters(quorum, quorum.voters),
      shown_voters(quorum, quorum.observers)));
  co_return Result<>();
}

std::string moment(std::int64_t timestamp, bool human, Timestamp now) {
  if (timestamp < 0) return "-1";
  return human ? fmt::format("{} ms ago", std::max<std::int64_t>(now - timestamp, 0)) : std::to_string(timestamp);
}

Task<Result<>> describe_replication(Errand errand) {
  CO_TRY(const auto quorum, co_await admin::describe_quorum(errand.client));
  const auto* leader = leader_of(quorum);
  if (!leader) co_return invalid(fmt::format("the leader {} is not among the voters", quorum.leader.value));
  const bool human = errand.options.has("human-readable");
  const Timestamp now = errand.context.shard.clock.wall();
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](const QuorumReplica& r, std::string status) {
    rows.push_back({to_string(r.replica_id), to_string(r.replica_directory_id), to_string(r.log_end_offset),
                    std::to_string(leader->log_end_offset - r.log_end_offset),
                    moment(r.last_fetch_timestamp, human, now), moment(r.last_caught_up_timestamp, human, now),
                    std::move(status)});
  };
  add(*leader, "Leader");
  for (const auto& voter : quorum.voters)
    if (voter.replica_id != quorum.leader) add(voter, "Follower");
  for (const auto& observer : quorum.observers) add(observer, "Observer");
  errand.terminal().out(tabbed_table(
      {"NodeId", "DirectoryId", "LogEndOffset", "Lag", "LastFetchTimestamp", "LastCaughtUpTimestamp", "Status"}, rows));
  co_return Result<>();
}

Task<Result<>> run_quorum(Errand errand) {
  const bool status = errand.options.has("status"), replication = errand.options.has("replication");
  if (errand.command == "add-controller") co_return co_await add_controller(errand);
  if (errand.command == "remove-controller") co_return co_await remove_controller(errand);
  if (status && replication)
    co_return invalid("Only one of --status or --replication should be specified with describe sub-command");
  if (replication) co_return co_await describe_replication(errand);
  if (!status) co_return invalid("One of --status or --replication must be specified with describe sub-command");
  if (errand.options.has("human-readable"))
    co_return invalid("The option --human-readable is only supported along with --replication");
  co_return co_await describe_status(errand);
}

}  // namespace

std::string bracketed(const std::string& host) { return host.contains(':') ? "[" + host + "]" : host; }

OptionParser kafka_metadata_quorum_options() {
  OptionParser p;
  declare_bootstrap(p);
  p.flag("status", "With describe: leader, epoch, lag, voters and observers.");
  p.flag("replication", "With describe: a line for each voter and observer.");
  p.flag("human-readable", "With --replication: times as so long ago.");
  p.integer("controller-id", "ID", "With remove-controller: the controller.").alias("i", "controller-id");
  p.value("controller-directory-id", "UUID", "With remove-controller: its directory.")
      .alias("d", "controller-directory-id");
  p.flag("dry-run", "With add-controller and remove-controller: only says what would be done.");
  return p;
}

Task<int> kafka_metadata_quorum(Context context, Arguments arguments) {
  co_return co_await run_subcommand_tool(
      context, std::move(arguments),
      {"kafka-metadata-quorum", "This tool describes kraft metadata quorum status.", kQuorumCommands,
       kafka_metadata_quorum_options, misuse_of_quorum, run_quorum});
}

}  // namespace thalweg::cli
