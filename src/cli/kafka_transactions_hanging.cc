// kafka-transactions find-hanging: open in a partition for too long, and unknown to the coordinator.
// (Source: TransactionsCommand.FindHangingTransactionsCommand)
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "admin/topics.h"
#include "cli/java_errors.h"
#include "cli/kafka_transactions.h"

namespace thalweg::cli {
namespace {

struct OpenTransaction {
  TopicPartition partition;
  admin::ActiveProducer producer;
};

constexpr std::int64_t kMillisPerMinute = 60'000;
constexpr std::size_t kPartitionsAtOnce = 500;

// The partitions to look at, in order: of one topic or all, and of those the ones that the broker has a replica of.
Task<Result<std::vector<TopicPartition>>> partitions_to_search(Errand errand) {
  const auto topic = errand.options.value("topic");
  const auto broker = named_broker(errand.options);
  if (topic && errand.options.has("partition")) co_return std::vector<TopicPartition>{named_partition(errand.options)};
  std::vector<std::string> names;
  if (topic) {
    names.push_back(*topic);
  } else {
    const auto listed = co_await admin::list_topics(errand.client);
    if (!listed) co_return failed("Failed to list topics", kafka_text(listed.error()));
    for (const auto& t : *listed) names.push_back(t.name);
  }
  const auto described = co_await admin::describe_topics(errand.client, names);
  if (!described)
    co_return failed(fmt::format("Failed to describe {} topics", names.size()), kafka_text(described.error()));
  std::vector<TopicPartition> partitions;
  for (const auto& t : *described)
    for (const auto& p : t.partitions)
      if (!broker || std::ranges::count(p.replicas, *broker) > 0) partitions.push_back({t.name, p.id});
  co_return partitions;
}

// Those whose producers have been silent for longer than any transaction may take.
Task<Result<std::vector<OpenTransaction>>> candidates(Errand errand) {
  CO_TRY(const auto partitions, co_await partitions_to_search(errand));
  constexpr std::int64_t kDefaultMinutes = 15;
  const auto given = errand.options.value("max-transaction-timeout");
  const std::int64_t minutes = given ? parse_integer(*given).value_or(kDefaultMinutes) : kDefaultMinutes;
  const Timestamp before = errand.context.shard.clock.wall() - minutes * kMillisPerMinute;
  const auto broker = named_broker(errand.options);
  std::vector<OpenTransaction> found;
  for (std::size_t at = 0; at < partitions.size(); at += kPartitionsAtOnce) {
    const auto end = std::min(partitions.size(), at + kPartitionsAtOnce);
    const auto answers = co_await admin::describe_producers(
        errand.client,
        {partitions.begin() + static_cast<std::ptrdiff_t>(at), partitions.begin() + static_cast<std::ptrdiff_t>(end)},
        broker);
    const std::string what = fmt::format("Failed to describe producers for {} partitions on broker {}", end - at,
                                         broker ? to_string(*broker) : "null");
    if (!answers) co_return failed(what, kafka_text(answers.error()));
    for (const auto& [tp, producers] : *answers) {
      if (!producers) co_return failed(what, kafka_text(producers.error()));
      for (const auto& p : *producers)
        if (p.current_txn_start_offset.value >= 0 && p.last_timestamp < before) found.push_back({tp, p});
    }
  }
  co_return found;
}

bool holds(const admin::TransactionDescription& described, const OpenTransaction& open) {
  return described.producer_id == open.producer.producer_id &&
         std::ranges::count(described.partitions, open.partition) > 0;
}

// What no coordinator has among the partitions of an open transaction.
Task<Result<std::vector<OpenTransaction>>> unknown_to_coordinators(Errand errand, std::vector<OpenTransaction> open) {
  admin::TransactionFilter filter;
  for (const auto& [partition, producer] : open) filter.producer_ids.push_back(producer.producer_id);
  const auto listed = co_await admin::list_transactions(errand.client, filter);
  if (!listed)
    co_return failed(fmt::format("Failed to list transactions for {} producers", open.size()),
                     kafka_text(listed.error()));
  for (const auto& t : *listed) {
    const auto described = co_await admin::describe_transaction(errand.client, t.id);
    if (!described && described.error().code == ErrorCode::kTransactionalIdNotFound)
      continue;  // it has ended meanwhile
    if (!described) co_return failed("Failed to describe 1 transactions", kafka_text(described.error()));
    std::erase_if(open, [&](const OpenTransaction& o) { return holds(*described, o); });
  }
  co_return open;
}

}  // namespace

Task<Result<>> find_hanging_transactions(Errand errand) {
  if (!errand.options.has("topic") && !errand.options.has("broker-id"))
    co_return invalid(
        "The `find-hanging` command requires either --topic or --broker-id to limit the scope of the search");
  if (errand.options.has("partition") && !errand.options.has("topic"))
    co_return invalid("The --partition argument requires --topic to be provided");
  CO_TRY(auto open, co_await candidates(errand));
  if (!open.empty()) {
    CO_TRY(open, co_await unknown_to_coordinators(errand, std::move(open)));
  }
  const Timestamp now = errand.context.shard.clock.wall();
  std::vector<std::vector<std::string>> rows;
  for (const auto& [partition, p] : open)
    rows.push_back({partition.topic, to_string(partition.partition), to_string(p.producer_id),
                    std::to_string(p.producer_epoch), std::to_string(p.coordinator_epoch),
                    to_string(p.current_txn_start_offset), std::to_string(p.last_timestamp),
                    std::to_string((now - p.last_timestamp) / kMillisPerMinute)});
  errand.terminal().out(tabbed_table({"Topic", "Partition", "ProducerId", "ProducerEpoch", "CoordinatorEpoch",
                                      "StartOffset", "LastTimestamp", "Duration(min)"},
                                     rows));
  co_return Result<>();
}

}  // namespace thalweg::cli
