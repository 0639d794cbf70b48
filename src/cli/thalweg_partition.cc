// thalweg partition list, thalweg partition elect.
#include <fmt/format.h>

#include <algorithm>

#include "admin/replicas.h"
#include "cli/columns.h"
#include "cli/java_errors.h"
#include "cli/partition_words.h"

namespace thalweg::cli {
namespace {

using enum Report::Kind;

// A leader that is asked for: the first of the replicas, if it is in sync.
bool wants_its_preferred(const PartitionState& p) {
  const auto& replicas = p.now.replicas;
  return !replicas.empty() && p.now.leader != replicas.front() &&
         std::ranges::find(p.now.isr, replicas.front()) != p.now.isr.end();
}

Report::Cell cell_of(BrokerId id) { return id == kNoBroker ? Report::Cell() : Report::Cell(to_string(id)); }

}  // namespace

Result<std::vector<BrokerId>> broker_ids(const Session& session, std::string_view option) {
  std::vector<BrokerId> ids;
  std::string text = session.options.value_or(option, "");
  for (auto rest = std::string_view(text); !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    const auto id = parse_integer(rest.substr(0, comma));
    const bool valid = id && *id >= 0 && *id <= INT32_MAX;
    if (!valid || std::ranges::find(ids, static_cast<std::int32_t>(*id), &BrokerId::value) != ids.end())
      return session.misuse(fmt::format("--{} is ids of brokers, each once, like 1,2,3, not '{}'", option, text));
    ids.push_back(BrokerId{static_cast<std::int32_t>(*id)});
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return ids;
}

Task<Result<std::vector<PartitionState>>> named_partitions(Session session) {
  const auto& numbers = session.options.values("partition");
  if (!numbers.empty() && session.words().size() != 1) co_return session.misuse("--partition goes with one topic");
  CO_TRY_VOID(co_await check_topics(session, session.words()));
  CO_TRY(auto partitions, co_await look_at_partitions(session.client, session.words()));
  if (numbers.empty()) co_return partitions;
  std::set<PartitionId> chosen;
  for (const auto& number : numbers) {
    const auto is_it = [&](const PartitionState& p) { return p.id.partition.value == parse_integer(number); };
    const auto at = std::ranges::find_if(partitions, is_it);
    if (at == partitions.end())
      co_return fail(ErrorCode::kUnknownTopicOrPartition, fmt::format("{} has no partition {}; it has {} from 0",
                                                                      session.words()[0], number, partitions.size()));
    chosen.insert(at->id.partition);
  }
  std::erase_if(partitions, [&](const PartitionState& p) { return !chosen.contains(p.id.partition); });
  co_return partitions;
}

void declare_partition_list(OptionParser& parser) {
  parser.values("partition", "N", "Only this partition of the topic; may be repeated.")
      .within("partition", 0, INT32_MAX);
  parser.value("state", "STATE", fmt::format("Only those that are {}.", either(partition_states())));
  parser.one_of("state", partition_states());
}

Task<Result<>> partition_list(Session session) {
  CO_TRY(const auto partitions, co_await named_partitions(session));
  const auto state = session.options.value("state");
  std::vector<const PartitionState*> shown;
  for (const auto& p : partitions)
    if (!state || p.state() == *state || (*state == "moving" && p.move)) shown.push_back(&p);
  session.show(partitions_in(shown));
  co_return Result<>();
}

void declare_partition_elect(OptionParser& parser) {
  parser.values("partition", "N", "Only this partition of the topic; may be repeated.")
      .within("partition", 0, INT32_MAX);
  parser.flag("unclean", "Lets a replica lead that is not in sync, where nobody else can; records may be lost.");
  parser.flag("dry-run", "Only shows which partitions would get another leader.");
  declare_yes(parser);
}

namespace {

// Those that would get another leader, and what is shown of them.
struct Electable {
  std::vector<TopicPartition> partitions;
  Report plan{{{"topic"}, {"partition", kNumber}, {"leader", kNumber}, {"replicas", kList}, {"in_sync", kList}}};
};

Electable electable_among(const std::vector<PartitionState>& partitions, bool unclean) {
  Electable found;
  for (const auto& p : partitions) {
    if (unclean ? !p.leaderless() : !wants_its_preferred(p)) continue;
    found.partitions.push_back(p.id);
    found.plan.add(
        {p.id.topic, to_string(p.id.partition), cell_of(p.now.leader), id_list(p.now.replicas), id_list(p.now.isr)});
  }
  return found;
}

Task<Result<>> confirm_loss(Session session, const Electable& found) {
  if (found.partitions.empty()) co_return Result<>();
  session.terminal().err(found.plan.text(OutputFormat::kTable, false));
  const std::string which = found.partitions.size() == 1 ? to_string(found.partitions.front())
                                                         : fmt::format("{} partitions", found.partitions.size());
  co_return co_await confirm(session, "Let replicas lead " + which + " that may lack records, and lose those");
}

Task<Result<>> show_elected(Session session, admin::PartitionResults results) {
  std::vector<std::string> topics;
  for (const auto& [tp, result] : results)
    if (topics.empty() || topics.back() != tp.topic) topics.push_back(tp.topic);
  std::vector<PartitionState> now;
  if (!topics.empty()) {
    CO_TRY(now, co_await look_at_partitions(session.client, topics));
  }
  Report report({{"topic"}, {"partition", kNumber}, {"leader", kNumber}, {"result"}});
  std::size_t failed = 0;
  for (const auto& [tp, result] : results) {
    const auto at = std::ranges::lower_bound(now, tp, {}, &PartitionState::id);
    const BrokerId leader = at != now.end() && at->id == tp ? at->now.leader : kNoBroker;
    const bool needless = !result && result.error().code == ErrorCode::kElectionNotNeeded;
    if (!result && !needless) ++failed;
    report.add({tp.topic, to_string(tp.partition), cell_of(leader),
                result     ? "elected"
                : needless ? "had it already"
                           : kafka_text(result.error())});
  }
  session.show(report);
  if (failed == 0) co_return Result<>();
  co_return fail(
      ErrorCode::kEligibleLeadersNotAvailable,
      fmt::format("{} of {} got no other leader; thalweg partition list shows who is in sync", failed, results.size()));
}

}  // namespace

Task<Result<>> partition_elect(Session session) {
  const bool unclean = session.options.has("unclean");
  CO_TRY(const auto partitions, co_await named_partitions(session));
  const Electable found = electable_among(partitions, unclean);
  if (session.options.has("dry-run")) {
    session.show(found.plan);
    co_return Result<>();
  }
  if (unclean) CO_TRY_VOID(co_await confirm_loss(session, found));
  admin::PartitionResults results;
  const auto type = unclean ? admin::Election::kUnclean : admin::Election::kPreferred;
  if (!found.partitions.empty()) {
    CO_TRY(results, co_await admin::elect_leaders(session.client, type, found.partitions));
  }
  co_return co_await show_elected(session, std::move(results));
}

}  // namespace thalweg::cli
