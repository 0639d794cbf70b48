// thalweg cluster rebalance: evens out what the brokers carry, after one was added. The cluster is all that it
// remembers: killed and started again, it waits for what it had begun, plans from where things are, and ends what is
// left to do where nothing moves any more.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cli/columns.h"
#include "cli/move_plan.h"
#include "cli/move_throttle.h"
#include "cli/rebalance_plan.h"

namespace thalweg::cli {
namespace {

constexpr std::size_t kMovedAtOnce = 8;  // partitions of which something is copied
constexpr std::int64_t kDefaultThrottle = 100'000'000;

// What was moved, by this run or one before it that was killed, and is not finished.
struct Unfinished {
  std::vector<TopicPartition> led_by_others;  // than the first replica, which could: the plan counts it as the leader
  std::set<std::string> throttled;            // topics of which nothing moves

  bool any() const { return !led_by_others.empty() || !throttled.empty(); }
};

struct RebalanceState {
  std::vector<admin::BrokerDescription> brokers;
  std::vector<PlannedMove> under_way;
  MovePlan plan;
  Unfinished unfinished;
};

Task<Result<Unfinished>> unfinished_among(admin::Client& client, std::vector<PartitionState> all) {
  Unfinished found;
  std::set<std::string> topics, moving;
  for (const auto& p : all) {
    topics.insert(p.id.topic);
    if (p.move) moving.insert(p.id.topic);
    if (p.move || p.now.replicas.empty() || p.now.leader == p.now.replicas.front()) continue;
    if (std::ranges::find(p.now.isr, p.now.replicas.front()) != p.now.isr.end()) found.led_by_others.push_back(p.id);
  }
  CO_TRY(found.throttled, co_await throttled_among(client, std::move(topics)));
  for (const auto& topic : moving) found.throttled.erase(topic);
  co_return found;
}

PlannedMove as_planned(const PartitionState& p) {
  const auto without = [&](const std::vector<BrokerId>& gone) {
    auto rest = p.now.replicas;
    std::erase_if(rest, [&](BrokerId id) { return std::ranges::find(gone, id) != gone.end(); });
    return rest;
  };
  return {p.id, without(p.move->adding), without(p.move->removing)};
}

Task<Result<RebalanceState>> look_and_plan(Session session) {
  RebalanceState state;
  CO_TRY(auto cluster, co_await admin::describe_cluster(session.client, admin::Fenced::kIncluded));
  state.brokers = std::move(cluster.brokers);
  CO_TRY(const auto all, co_await look_at_partitions(session.client, {}));
  state.plan.sizes = co_await sizes_on_leaders(session.client, all);
  for (const auto& p : all)
    if (p.move) state.under_way.push_back(as_planned(p));
  // What copies nothing is done first, and at once.
  const auto moves = plan_rebalance(state.brokers, all, state.plan.sizes);
  for (const bool copies : {false, true})
    std::ranges::copy_if(moves, std::back_inserter(state.plan.moves),
                         [copies](const PlannedMove& move) { return move.adds().empty() != copies; });
  CO_TRY(state.unfinished, co_await unfinished_among(session.client, all));
  co_return state;
}

std::vector<std::vector<PlannedMove>> waves_of(const std::vector<PlannedMove>& moves) {
  std::vector<std::vector<PlannedMove>> waves;
  std::size_t copied = 0;
  for (const auto& move : moves) {
    if (waves.empty() || copied == kMovedAtOnce) {
      waves.emplace_back();
      copied = 0;
    }
    waves.back().push_back(move);
    if (!move.adds().empty()) ++copied;
  }
  return waves;
}

class Rebalancing {
 public:
  Rebalancing(Session session, RebalanceState state)
      : session_(std::move(session)),
        state_(std::move(state)),
        rate_(session_.number("throttle").value_or(kDefaultThrottle)) {}

  Task<Result<>> run() {
    CO_TRY(bool goes_on, co_await wait_for(state_.under_way));
    for (const auto& wave : waves_of(state_.plan.moves)) {
      if (!goes_on) break;
      CO_TRY_VOID(co_await begin(wave));
      CO_TRY(goes_on, co_await wait_for(wave));
    }
    if (goes_on) {
      CO_TRY_VOID(co_await finish());
    } else {
      session_.client.resume();
      session_.terminal().err(
          "What is under way goes on, throttled; the rest was not begun. To go on: thalweg cluster rebalance; to take "
          "it back: thalweg cluster rebalance --cancel\n");
    }
    Moving moving(session_, begun_, state_.plan.sizes);
    CO_TRY_VOID(co_await moving.look());
    co_return co_await show_moved(session_, begun_, moving, started_);
  }

 private:
  Task<Result<bool>> wait_for(std::vector<PlannedMove> moves) {
    if (moves.empty()) co_return true;
    Moving moving(session_, std::move(moves), state_.plan.sizes);
    co_return co_await moving.wait();
  }

  Task<Result<>> begin(std::vector<PlannedMove> wave) {
    ReplicaMap proposed, now;
    admin::ReplicaChanges changes;
    for (const auto& move : wave) {
      changes[move.partition] = move.to;
      if (move.adds().empty()) continue;
      proposed[move.partition] = move.to;
      now[move.partition] = move.from;
    }
    if (!proposed.empty()) CO_TRY_VOID(co_await throttle_moves(session_.client, moves_of({}, proposed, now), rate_));
    CO_TRY(auto started, co_await admin::alter_reassignments(session_.client, std::move(changes)));
    begun_.insert(begun_.end(), wave.begin(), wave.end());
    started_.merge(std::move(started));
    co_return Result<>();
  }

  // Who leads is elected when the replicas are there, and the throttles go: the topics' last, as the next run finds by
  // them that something is left.
  Task<Result<>> finish() {
    CO_TRY(auto all, co_await look_at_partitions(session_.client, {}));
    CO_TRY(auto unfinished, co_await unfinished_among(session_.client, std::move(all)));
    std::set<TopicPartition> partitions(unfinished.led_by_others.begin(), unfinished.led_by_others.end());
    auto moved = state_.under_way;
    moved.insert(moved.end(), begun_.begin(), begun_.end());
    for (const auto& move : moved) {
      partitions.insert(move.partition);
      unfinished.throttled.insert(move.partition.topic);
    }
    std::set<BrokerId> brokers;
    for (const auto& broker : state_.brokers) brokers.insert(broker.id);
    CO_TRY_VOID(co_await admin::elect_leaders(session_.client, admin::Election::kPreferred,
                                              std::vector(partitions.begin(), partitions.end())));
    CO_TRY_VOID(co_await unthrottle_brokers(session_.client, std::move(brokers)));
    co_return co_await unthrottle_topics(session_.client, std::move(unfinished.throttled));
  }

  const Session session_;
  const RebalanceState state_;
  const std::int64_t rate_;
  std::vector<PlannedMove> begun_;
  admin::PartitionResults started_;
};

Task<Result<>> cancel_rebalance(Session session) {
  for (const char* other : {"dry-run", "throttle"})
    if (session.options.has(other))
      co_return session.misuse(fmt::format("--cancel and --{} do not go together", other));
  CO_TRY(auto all, co_await look_at_partitions(session.client, {}));
  CO_TRY(const auto cluster, co_await admin::describe_cluster(session.client, admin::Fenced::kIncluded));
  std::set<BrokerId> brokers;
  for (const auto& broker : cluster.brokers) brokers.insert(broker.id);
  std::set<std::string> topics;
  for (const auto& p : all) topics.insert(p.id.topic);
  CO_TRY_VOID(co_await cancel_moves(session, std::move(all)));
  CO_TRY_VOID(co_await unthrottle_brokers(session.client, std::move(brokers)));
  CO_TRY(auto throttled, co_await throttled_among(session.client, std::move(topics)));
  co_return co_await unthrottle_topics(session.client, std::move(throttled));
}

}  // namespace

void declare_cluster_rebalance(OptionParser& parser) {
  parser
      .integer("throttle", "bytes",
               "The most that each broker sends and fetches for it in a second. (default: 100000000)")
      .within("throttle", 1);
  parser.flag("cancel", "Takes back all moves that are under way, and their throttles.");
  parser.flag("dry-run", "Only shows what would be moved.");
  declare_yes(parser);
}

Task<Result<>> cluster_rebalance(Session session) {
  if (session.options.has("cancel")) co_return co_await cancel_rebalance(session);
  CO_TRY(auto state, co_await look_and_plan(session));
  if (session.options.has("dry-run")) {
    session.show(state.plan.report());
    co_return Result<>();
  }
  if (state.plan.moves.empty() && state.under_way.empty()) {
    session.terminal().err(state.unfinished.any() ? "nothing has to move; leaders and throttles are put in order\n"
                                                  : "nothing has to move\n");
    if (!state.unfinished.any()) {
      session.show(report_of_moves());
      co_return Result<>();
    }
  }
  if (!state.plan.moves.empty()) CO_TRY_VOID(co_await confirm_plan(session, state.plan));
  Rebalancing rebalancing(session, std::move(state));
  co_return co_await rebalancing.run();
}

}  // namespace thalweg::cli
