// thalweg cluster …
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/cluster_state.h"
#include "cli/command.h"
#include "cli/java_errors.h"
#include "cli/ticker.h"

namespace thalweg::cli {
namespace {

constexpr std::size_t kShownAtMost = 20;  // partitions on a screen that is drawn again and again

std::vector<const PartitionState*> unwell_in(const ClusterState& state) {
  std::vector<const PartitionState*> found;
  for (const auto& p : state.partitions)
    if (p.unwell() || p.move) found.push_back(&p);
  return found;
}

std::string table_of(const Session& session, const Report& report) {
  return report.text(OutputFormat::kTable, session.terminal().colours());
}

// For a screen: who is there, and of the partitions that need somebody the first few.
std::string picture_of(const Session& session, const ClusterState& state) {
  std::string out = table_of(session, summary_of(state)) + "\n" + table_of(session, nodes_of(state));
  if (!state.healthy()) out += "\n" + table_of(session, troubles_of(state));
  auto unwell = unwell_in(state);
  const std::size_t all = unwell.size();
  if (all == 0) return out;
  unwell.resize(std::min(all, kShownAtMost));
  out += "\n" + table_of(session, partitions_in(unwell));
  if (all > kShownAtMost) out += fmt::format("and {} more: thalweg partition list --state STATE\n", all - kShownAtMost);
  return out;
}

std::string object_of(const ClusterState& state) {
  return one_object(
      summary_of(state),
      {{"troubles", troubles_of(state)}, {"nodes", nodes_of(state)}, {"partitions", partitions_in(unwell_in(state))}});
}

std::string on_a_line(std::string json) {
  std::erase(json, '\n');
  return json + "\n";
}

// Over what was there, without a blank screen in between.
std::string drawn_over(const std::string& picture) {
  constexpr std::string_view kHome = "\x1b[H", kToTheLineEnd = "\x1b[K", kToTheEnd = "\x1b[J";
  std::string out(kHome);
  for (const char c : picture) {
    if (c == '\n') out += kToTheLineEnd;
    out += c;
  }
  return out.append(kToTheEnd);
}

// On a screen a picture; else an object or a table for each look.
void show_look(const Session& session, const Result<ClusterState>& state) {
  Terminal& terminal = session.terminal();
  const bool json = session.format == OutputFormat::kJson, draws = !json && terminal.out_is_terminal();
  const std::string lost = state ? "" : fmt::format("no answer: {}\n", kafka_text(state.error()));
  if (draws)
    terminal.out(drawn_over((state ? picture_of(session, *state) : lost) + "\nCtrl-C ends\n"));
  else if (!state)
    terminal.err(lost);
  else
    terminal.out(json ? on_a_line(object_of(*state)) : summary_of(*state).text(OutputFormat::kTable, false));
}

Task<Result<>> watch(Session session) {
  constexpr Millis kPause{1'000}, kPatience{5'000};
  constexpr std::string_view kBlank = "\x1b[2J";
  const Clock& clock = session.context.shard.clock;
  Ticker ticker(session);
  if (session.format == OutputFormat::kTable && session.terminal().out_is_terminal()) session.terminal().out(kBlank);
  do {
    // A look that takes longer is given up: the next one may find who answers.
    session.client.limit(clock.now() + kPatience);
    const auto state = co_await look_at_cluster(session.client);
    if (!ticker.stopped()) show_look(session, state);
  } while (session.terminal().flush() && co_await ticker.next(kPause));
  co_return Result<>();
}

}  // namespace

Task<Result<>> cluster_info(Session session) {
  constexpr Millis kPatience{3'000};
  CO_TRY(const auto cluster, co_await admin::describe_cluster(session.client));
  // Brokers of a quorum name any of themselves as the controller, since they pass on what is for it.
  const auto quorum = co_await admin::describe_quorum(session.client, kPatience);
  const BrokerId controller = quorum ? quorum->leader : cluster.controller;
  Report report(
      {{"cluster"}, {"broker", Report::Kind::kNumber}, {"host"}, {"port", Report::Kind::kNumber}, {"rack"}, {"role"}});
  for (const auto& broker : cluster.brokers)
    report.add({cluster.id, to_string(broker.id), broker.host, std::to_string(broker.port), broker.rack,
                broker.id == controller ? "controller" : "broker"});
  session.show(report);
  co_return Result<>();
}

void declare_cluster_health(OptionParser& parser) {
  parser.flag("watch", "Looks again every second until Ctrl-C.").alias("w", "watch");
}

Task<Result<>> cluster_health(Session session) {
  if (session.options.has("watch")) co_return co_await watch(session);
  session.client.limit(session.client.api_deadline());
  CO_TRY(const auto state, co_await look_at_cluster(session.client));
  if (session.format == OutputFormat::kJson)
    session.terminal().out(object_of(state));
  else
    session.terminal().out(table_of(session, summary_of(state)) + "\n" + table_of(session, nodes_of(state)));
  if (state.healthy()) co_return Result<>();
  std::string why = "not healthy";
  for (const auto& trouble : state.troubles()) why += fmt::format("\n- {}: {}", trouble.what, trouble.next);
  co_return fail(ErrorCode::kNotEnoughReplicas, why + "\nWhich partitions: thalweg cluster describe");
}

Task<Result<>> cluster_describe(Session session) {
  CO_TRY(const auto state, co_await look_at_cluster(session.client));
  const auto unwell = unwell_in(state);
  if (session.format == OutputFormat::kJson) {
    session.terminal().out(
        one_object(identity_of(state), {{"nodes", nodes_of(state)}, {"partitions", partitions_in(unwell)}}));
    co_return Result<>();
  }
  std::string out = table_of(session, identity_of(state)) + "\n" + table_of(session, nodes_of(state));
  if (!unwell.empty()) out += "\n" + table_of(session, partitions_in(unwell));
  session.terminal().out(out);
  co_return Result<>();
}

}  // namespace thalweg::cli
