// A ClusterState as tables and JSON.
#include <fmt/format.h>

#include <algorithm>

#include "cli/cluster_state.h"
#include "cli/columns.h"
#include "json/writer.h"

namespace thalweg::cli {
namespace {

using enum Report::Kind;

struct Work {
  std::size_t leads = 0, replicas = 0, behind = 0;
};

Work work_of(const ClusterState& state, BrokerId broker) {
  Work work;
  const auto has = [&](const std::vector<BrokerId>& ids) { return std::ranges::find(ids, broker) != ids.end(); };
  for (const auto& p : state.partitions) {
    if (p.now.leader == broker) ++work.leads;
    if (!has(p.now.replicas)) continue;
    ++work.replicas;
    if (!has(p.now.isr)) ++work.behind;
  }
  return work;
}

Report::Cell id_cell(BrokerId id) { return id == kNoBroker ? Report::Cell() : Report::Cell(to_string(id)); }

std::string role_of(const ClusterState& state, BrokerId broker) {
  if (state.controller() == broker) return "controller";
  if (!state.quorum) return "broker";
  const auto is = [&](const admin::QuorumReplica& replica) { return replica.replica_id == broker; };
  return std::ranges::any_of(state.quorum->voters, is) ? "voter" : "broker";
}

}  // namespace

Report summary_of(const ClusterState& state) {
  Report report({{"healthy"},
                 {"controller", kNumber},
                 {"brokers", kNumber},
                 {"down", kList},
                 {"leaderless", kNumber},
                 {"under_min_isr", kNumber},
                 {"under_replicated", kNumber},
                 {"moving", kNumber}});
  report.add({state.healthy() ? "yes" : "no", id_cell(state.controller()), std::to_string(state.cluster.brokers.size()),
              id_list(state.down()), std::to_string(state.count(&PartitionState::leaderless)),
              std::to_string(state.count(&PartitionState::under_min_isr)),
              std::to_string(state.count(&PartitionState::under_replicated)), std::to_string(state.moving())});
  return report;
}

Report identity_of(const ClusterState& state) {
  Report report({{"cluster"},
                 {"controller", kNumber},
                 {"epoch", kNumber},
                 {"metadata_end", kNumber},
                 {"brokers", kNumber},
                 {"partitions", kNumber}});
  const auto& quorum = state.quorum;
  report.add({state.cluster.id, id_cell(state.controller()),
              quorum ? Report::Cell(to_string(quorum->epoch)) : Report::Cell(),
              quorum ? Report::Cell(to_string(quorum->high_watermark)) : Report::Cell(),
              std::to_string(state.cluster.brokers.size()), std::to_string(state.partitions.size())});
  return report;
}

Report nodes_of(const ClusterState& state) {
  Report report({{"node", kNumber},
                 {"host"},
                 {"port", kNumber},
                 {"rack"},
                 {"state"},
                 {"role"},
                 {"leads", kNumber},
                 {"replicas", kNumber},
                 {"behind", kNumber}});
  for (const auto& broker : state.cluster.brokers) {
    const Work work = work_of(state, broker.id);
    report.add({to_string(broker.id), broker.host, std::to_string(broker.port), broker.rack,
                broker.fenced ? "down" : "up", role_of(state, broker.id), std::to_string(work.leads),
                std::to_string(work.replicas), std::to_string(work.behind)});
  }
  return report;
}

Report troubles_of(const ClusterState& state) {
  Report report({{"trouble"}, {"next"}});
  for (const auto& trouble : state.troubles()) report.add({trouble.what, trouble.next});
  return report;
}

Report partitions_in(const std::vector<const PartitionState*>& partitions) {
  Report report({{"topic"},
                 {"partition", kNumber},
                 {"state"},
                 {"leader", kNumber},
                 {"replicas", kList},
                 {"in_sync", kList},
                 {"eligible", kList},
                 {"adding", kList},
                 {"removing", kList}});
  for (const auto* p : partitions)
    report.add({p->id.topic, to_string(p->id.partition), std::string(p->state()), id_cell(p->now.leader),
                id_list(p->now.replicas), id_list(p->now.isr),
                p->now.eligible_leaders ? Report::Cell(id_list(*p->now.eligible_leaders)) : Report::Cell(),
                p->move ? id_list(p->move->adding) : "", p->move ? id_list(p->move->removing) : ""});
  return report;
}

std::string one_object(const Report& first, const std::vector<std::pair<std::string, Report>>& more) {
  std::string out = first.row(0);
  out.pop_back();
  for (const auto& [name, report] : more) {
    std::string rows = report.text(OutputFormat::kJson, false);
    rows.pop_back();
    out += fmt::format(",\n{}:{}", json::quoted(name), rows);
  }
  return out + "}\n";
}

}  // namespace thalweg::cli
