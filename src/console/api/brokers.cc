// /brokers: who is registered and what lies there; the disks of the one that answers.
#include "base/number.h"
#include "broker/broker_shard.h"
#include "console/listing.h"
#include "console/plan.h"
#include "console/problem.h"
#include "console/routes.h"
#include "raft/quorum.h"
#include "runtime/yielding.h"
#include "storage/log_manager.h"

namespace thalweg::console {
namespace {

constexpr std::size_t kDescribedPartitionsAtOnce = 2000;

constexpr SortKey<Broker> kBrokerKeys[] = {
    {"id", [](const Broker& a, const Broker& b) { return a.id <=> b.id; }},
    {"host", [](const Broker& a, const Broker& b) { return a.host <=> b.host; }},
    {"rack", [](const Broker& a, const Broker& b) { return a.rack <=> b.rack; }},
    {"state", [](const Broker& a, const Broker& b) { return a.state <=> b.state; }},
    {"leads", [](const Broker& a, const Broker& b) { return a.leads <=> b.leads; }},
    {"replicas", [](const Broker& a, const Broker& b) { return a.replicas <=> b.replicas; }},
};

Broker as_broker(const Call& call, const TopicTable& table, const metadata::Broker& broker) {
  const auto counts = table.brokers.find(broker.id);
  const BrokerCounts none, &has = counts == table.brokers.end() ? none : counts->second;
  Broker out{.id = broker.id.value,
             .host = {},
             .port = 0,
             .endpoints = {},
             .rack = broker.rack,
             .state = broker.active() ? BrokerState::kActive
                      : broker.fenced ? BrokerState::kFenced
                                      : BrokerState::kStopping,
             .controller = call.broker().quorum().leader().leader == broker.id,
             .here = broker.id == call.self(),
             .leads = has.leads,
             .replicas = has.replicas,
             .out_of_sync = has.out_of_sync,
             .bytes = {},
             .disk_total = {},
             .disk_free = {},
             .started_at = {}};
  for (const auto& at : broker.endpoints) out.endpoints.push_back({at.listener, at.host, at.port});
  if (!broker.endpoints.empty()) {
    out.host = broker.endpoints.front().host;
    out.port = broker.endpoints.front().port;
  }
  return out;
}

// In slices: DescribeLogDirs names every partition in one answer, of which only sums are seen here.
Task<Directory> as_directory(const storage::LogDirDescription& described) {
  Directory out{.path = described.path, .error = {}, .partitions = 0, .bytes = 0, .disk_total = {}, .disk_free = {}};
  if (described.space) {
    out.disk_total = std::int64_t(described.space->total_bytes);
    out.disk_free = std::int64_t(described.space->free_bytes);
  }
  Pace pace(kDescribedPartitionsAtOnce);
  for (const auto& partition : described.partitions) {
    if (pace.due()) co_await give_way();
    if (partition.offline) out.error = std::string(name(ErrorCode::kKafkaStorageError));
    ++out.partitions;
    out.bytes += std::int64_t(partition.size);
  }
  co_return out;
}

// What only the broker itself knows. Directories on one disk count its space once each: log.dirs is made for disks.
Task<> add_own(const Call& call, Broker& broker) {
  broker.started_at = call.shared.started_at;
  broker.bytes = broker.disk_total = broker.disk_free = 0;
  for (const auto& shard : call.broker().shards()) {
    const auto counts = co_await shard->shard.call(shard->partitions, &replica::Partitions::count);
    *broker.bytes += std::int64_t(counts.bytes);
  }
  for (const auto& directory : call.broker().config().log_dirs)
    if (const auto space = call.broker().shard0().disk.space(directory)) {
      *broker.disk_total += std::int64_t(space->total_bytes);
      *broker.disk_free += std::int64_t(space->free_bytes);
    }
}

Task<Outcome<BrokerPage>> brokers(const Call& call, GetBrokers asked) {
  CO_TRY_VOID(check_page(asked.from, asked.limit));
  CO_TRY(const auto order, Order<Broker>::of(asked.sort, kBrokerKeys));
  const auto table = co_await call.shared.topics.of(call.broker(), call.image);
  std::vector<Broker> all;
  for (const auto& [id, broker] : call.image->brokers()) all.push_back(as_broker(call, *table, broker));
  std::vector<const Broker*> rows;
  for (auto& broker : all) rows.push_back(&broker);
  BrokerPage page{.total = std::int32_t(all.size()), .from = asked.from, .as_of = call.now, .items = {}};
  for (const auto* row : page_of(std::move(rows), order, asked.from, asked.limit)) page.items.push_back(*row);
  for (auto& broker : page.items)
    if (broker.here) co_await add_own(call, broker);
  co_return page;
}

Outcome<const metadata::Broker*> find_broker(const Call& call, const std::string& text) {
  const auto id = parse_number<std::int32_t>(text);
  const auto* found = id ? call.image->broker(BrokerId{*id}) : nullptr;
  if (found) return found;
  return std::unexpected(problem_of(ErrorCode::kBrokerIdNotRegistered, "There is no broker " + text));
}

Task<Outcome<Broker>> broker_by_id(const Call& call, GetBroker asked) {
  CO_TRY(const auto* found, find_broker(call, asked.id));
  const auto table = co_await call.shared.topics.of(call.broker(), call.image);
  auto broker = as_broker(call, *table, *found);
  if (broker.here) co_await add_own(call, broker);
  co_return broker;
}

Task<Outcome<DirectoryList>> directories(const Call& call, GetBrokerDirectories asked) {
  CO_TRY(const auto* found, find_broker(call, asked.id));
  if (found->id != call.self())
    co_return std::unexpected(
        problem_of(ErrorCode::kInvalidConfig, "Only broker " + asked.id + " knows its directories",
                   "ask its own console, or kafka-log-dirs --describe --broker-list " + asked.id));
  CO_TRY_VOID(check_allowed(call, broker::Operation::kDescribe, broker::kCluster));
  const auto directories = co_await call.broker().shard0().call(call.broker().logs(), &storage::LogManager::describe);
  DirectoryList list{.broker = found->id.value, .items = {}};
  for (const auto& described : directories) list.items.push_back(co_await as_directory(described));
  co_return list;
}

}  // namespace

void add_brokers(Routes& routes) {
  routes.add<GetBrokers, brokers>();
  routes.add<GetBroker, broker_by_id>();
  routes.add<GetBrokerDirectories, directories>();
}

}  // namespace thalweg::console
