// kafka-cluster: the cluster's id, its nodes, and forgetting a broker that is gone for good.
#include <fmt/format.h>

#include <algorithm>

#include "admin/cluster.h"
#include "cli/subcommand_tool.h"

namespace thalweg::cli {
namespace {

constexpr std::string_view kClusterCommands = "cluster-id unregister list-endpoints";

std::string misuse_of_cluster(const std::string& command, const Options& options) {
  if (const std::string text = misuse_of_bootstrap(options); !text.empty()) return text;
  if (command == "unregister" && !options.has("id")) return "argument --id/-i is required";
  if (command != "unregister" && options.has("id")) return "unrecognized arguments: '--id'";
  if (command != "list-endpoints" && options.has("include-fenced-brokers"))
    return "unrecognized arguments: '--include-fenced-brokers'";
  return "";
}

Task<Result<>> list_endpoints(Errand errand) {
  const bool controllers = errand.options.has("bootstrap-controller");
  const bool fenced = errand.options.has("include-fenced-brokers");
  if (controllers && fenced)
    co_return invalid("The option --include-fenced-brokers is only supported with --bootstrap-server option");
  CO_TRY(const auto cluster,
         co_await admin::describe_cluster(errand.client, fenced ? admin::Fenced::kIncluded : admin::Fenced::kLeftOut));
  // Kafka's widths where there is nothing to measure.
  std::size_t host_width = cluster.brokers.empty() ? 100 : 0, rack_width = 0;
  for (const auto& node : cluster.brokers) {
    host_width = std::max(host_width, node.host.size());
    rack_width = std::max(rack_width, node.rack.value_or("").size());
  }
  if (rack_width == 0) rack_width = 10;
  const auto line = [&](std::string_view id, std::string_view host, std::string_view port, std::string_view rack,
                        std::string_view state, std::string_view type) {
    const std::string shown_state = controllers ? "" : fmt::format("{:<10} ", state);
    return fmt::format("{:<10} {:<{}} {:<10} {:<{}} {}{:<15}\n", id, host, host_width, port, rack, rack_width,
                       shown_state, type);
  };
  std::string out = line("ID", "HOST", "PORT", "RACK", "STATE", "ENDPOINT_TYPE");
  for (const auto& node : cluster.brokers)
    out += line(to_string(node.id), node.host, std::to_string(node.port), node.rack.value_or("null"),
                node.fenced ? "fenced" : "unfenced", controllers ? "controller" : "broker");
  errand.terminal().out(out);
  co_return Result<>();
}

Task<Result<>> unregister(Errand errand) {
  const auto id = static_cast<std::int32_t>(*parse_integer(*errand.options.value("id")));
  const auto done = co_await admin::unregister_broker(errand.client, BrokerId{id});
  if (done)
    errand.terminal().out(fmt::format("Broker {} is no longer registered.\n", id));
  else if (done.error().code == ErrorCode::kUnsupportedVersion)
    errand.terminal().out("The target cluster does not support the broker unregistration API.\n");
  else
    co_return done;
  co_return Result<>();
}

Task<Result<>> run_cluster(Errand errand) {
  if (errand.command == "list-endpoints") co_return co_await list_endpoints(errand);
  if (errand.command == "unregister") co_return co_await unregister(errand);
  CO_TRY(const auto cluster, co_await admin::describe_cluster(errand.client));
  errand.terminal().out(fmt::format("Cluster ID: {}\n", cluster.id));
  co_return Result<>();
}

}  // namespace

OptionParser kafka_cluster_options() {
  OptionParser p;
  declare_bootstrap(p);
  p.value("config", "FILE", "Deprecated; use --command-config.").alias("c", "config");
  p.integer("id", "ID", "With unregister: the broker.").alias("i", "id").within("id", 0, INT32_MAX);
  p.flag("include-fenced-brokers", "With list-endpoints: also brokers that are not at work.");
  return p;
}

Task<int> kafka_cluster(Context context, Arguments arguments) {
  co_return co_await run_subcommand_tool(context, std::move(arguments),
                                         {"kafka-cluster", "The Kafka cluster tool.", kClusterCommands,
                                          kafka_cluster_options, misuse_of_cluster, run_cluster, "config"});
}

}  // namespace thalweg::cli
