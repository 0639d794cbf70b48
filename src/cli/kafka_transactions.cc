// kafka-transactions: which transactions there are, who writes to a partition, and ending one that hangs (KIP-664).
#include "cli/kafka_transactions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/java_errors.h"

namespace thalweg::cli {
namespace {

constexpr std::string_view kTransactionCommands =
    "list describe describe-producers abort find-hanging forceTerminateTransaction";

struct OptionOf {
  std::string_view command, option;
  bool required = false;
};
constexpr OptionOf kOptionsOf[] = {
    {"list", "duration-filter"},
    {"list", "transactional-id-pattern"},
    {"describe", "transactional-id", true},
    {"describe-producers", "broker-id"},
    {"describe-producers", "topic", true},
    {"describe-producers", "partition", true},
    {"abort", "topic", true},
    {"abort", "partition", true},
    {"abort", "start-offset"},
    {"abort", "producer-id"},
    {"abort", "producer-epoch"},
    {"abort", "coordinator-epoch"},
    {"find-hanging", "broker-id"},
    {"find-hanging", "max-transaction-timeout"},
    {"find-hanging", "topic"},
    {"find-hanging", "partition"},
    {"forceTerminateTransaction", "transactionalId", true},
};

std::string misuse_of_transactions(const std::string& command, const Options& options) {
  if (!options.has("bootstrap-server")) return "argument --bootstrap-server is required";
  if (options.has("bootstrap-controller")) return "unrecognized arguments: '--bootstrap-controller'";
  for (const auto& [of, option, required] : kOptionsOf)
    if (of == command && required && !options.has(option)) return fmt::format("argument --{} is required", option);
  for (const auto& [of, option, required] : kOptionsOf) {
    const bool takes = std::ranges::any_of(
        kOptionsOf, [&](const OptionOf& other) { return other.command == command && other.option == option; });
    if (options.has(option) && !takes) return fmt::format("unrecognized arguments: '--{}'", option);
  }
  return "";
}

std::optional<std::int64_t> number(const Options& options, std::string_view name) {
  const auto text = options.value(name);
  return text ? parse_integer(*text) : std::nullopt;
}

Task<Result<>> list(Errand errand) {
  admin::TransactionFilter filter;
  filter.duration_ms = number(errand.options, "duration-filter").value_or(-1);
  filter.pattern = errand.options.value("transactional-id-pattern");
  const auto listed = co_await admin::list_transactions(errand.client, filter);
  if (!listed) co_return failed("Failed to list transactions", kafka_text(listed.error()));
  std::vector<std::vector<std::string>> rows;
  for (const auto& t : *listed) rows.push_back({t.id, to_string(t.coordinator), to_string(t.producer_id), t.state});
  errand.terminal().out(tabbed_table({"TransactionalId", "Coordinator", "ProducerId", "TransactionState"}, rows));
  co_return Result<>();
}

Task<Result<>> describe(Errand errand) {
  const std::string id = *errand.options.value("transactional-id");
  const std::string what = fmt::format("Failed to describe transaction state of transactional-id `{}`", id);
  const std::string request = fmt::format("DescribeTransactions request for transactionalId `{}` failed", id);
  const auto t = co_await admin::describe_transaction(errand.client, id);
  if (!t && t.error().code == ErrorCode::kTransactionalIdNotFound)
    co_return failed(what, request + " because the ID could not be found");
  if (!t && t.error().code == ErrorCode::kInvalidRequest) co_return failed(what, request + " due to unexpected error");
  if (!t) co_return failed(what, kafka_text(t.error()));
  std::vector<std::string> partitions;
  for (const auto& tp : t->partitions) partitions.push_back(fmt::format("{}-{}", tp.topic, tp.partition.value));
  const Timestamp now = errand.context.shard.clock.wall();
  errand.terminal().out(tabbed_table(
      {"CoordinatorId", "TransactionalId", "ProducerId", "ProducerEpoch", "TransactionState", "TransactionTimeoutMs",
       "CurrentTransactionStartTimeMs", "TransactionDurationMs", "TopicPartitions"},
      {{to_string(t->coordinator), t->id, to_string(t->producer_id), to_string(t->producer_epoch), t->state,
        std::to_string(t->timeout_ms), t->started ? std::to_string(*t->started) : "None",
        t->started ? std::to_string(now - *t->started) : "None", fmt::format("{}", fmt::join(partitions, ","))}}));
  co_return Result<>();
}

Task<Result<>> describe_producers(Errand errand) {
  const TopicPartition of = named_partition(errand.options);
  const auto broker = named_broker(errand.options);
  const std::string what = fmt::format("Failed to describe producers for partition {}-{} on {}", of.topic,
                                       of.partition.value, broker ? "broker " + to_string(*broker) : "leader");
  const auto answers = co_await admin::describe_producers(errand.client, {of}, broker);
  if (!answers) co_return failed(what, kafka_text(answers.error()));
  const auto& producers = answers->at(of);
  if (!producers) co_return failed(what, kafka_text(producers.error()));
  std::vector<std::vector<std::string>> rows;
  for (const auto& p : *producers)
    rows.push_back({to_string(p.producer_id), std::to_string(p.producer_epoch), std::to_string(p.coordinator_epoch),
                    std::to_string(p.last_sequence), std::to_string(p.last_timestamp),
                    p.current_txn_start_offset.value < 0 ? "None" : to_string(p.current_txn_start_offset)});
  errand.terminal().out(tabbed_table({"ProducerId", "ProducerEpoch", "LatestCoordinatorEpoch", "LastSequence",
                                      "LastTimestamp", "CurrentTransactionStartOffset"},
                                     rows));
  co_return Result<>();
}

// By what the user says of the producer, or of where its transaction starts.
Task<Result<admin::AbortSpec>> what_to_abort(Errand errand) {
  const TopicPartition of = named_partition(errand.options);
  const auto producer = number(errand.options, "producer-id");
  const auto start = number(errand.options, "start-offset");
  if (!producer && !start)
    co_return invalid(
        "The transaction to abort must be identified either with --start-offset (for brokers on 3.0 or above) or with "
        "--producer-id, --producer-epoch, and --coordinator-epoch (for older brokers)");
  if (!start) {
    const auto epoch = number(errand.options, "producer-epoch");
    if (!epoch) co_return invalid("Missing required argument --producer-epoch");
    const auto coordinator = number(errand.options, "coordinator-epoch");
    if (!coordinator) co_return invalid("Missing required argument --coordinator-epoch");
    // Before 3.0 a coordinator's epoch was -1 where none was known.
    co_return admin::AbortSpec{of, ProducerId{*producer}, ProducerEpoch{static_cast<std::int16_t>(*epoch)},
                               std::max(static_cast<std::int32_t>(*coordinator), 0)};
  }
  const auto answers = co_await admin::describe_producers(errand.client, {of});
  const std::string what =
      fmt::format("Failed to validate producer state for partition {}-{}", of.topic, of.partition.value);
  if (!answers) co_return failed(what, kafka_text(answers.error()));
  const auto& producers = answers->at(of);
  if (!producers) co_return failed(what, kafka_text(producers.error()));
  const auto found = std::ranges::find(*producers, Offset{*start}, &admin::ActiveProducer::current_txn_start_offset);
  if (found == producers->end())
    co_return invalid(fmt::format("Could not find any open transactions starting at offset {} on partition {}-{}",
                                  *start, of.topic, of.partition.value));
  co_return admin::AbortSpec{of, found->producer_id, ProducerEpoch{static_cast<std::int16_t>(found->producer_epoch)},
                             std::max(found->coordinator_epoch, 0)};
}

Task<Result<>> abort(Errand errand) {
  CO_TRY(const auto spec, co_await what_to_abort(errand));
  const auto aborted = co_await admin::abort_transaction(errand.client, spec);
  if (aborted) co_return Result<>();
  co_return failed(fmt::format("Failed to abort transaction AbortTransactionSpec(topicPartition={}-{}, producerId={}, "
                               "producerEpoch={}, coordinatorEpoch={})",
                               spec.partition.topic, spec.partition.partition.value, spec.producer_id.value,
                               spec.producer_epoch.value, spec.coordinator_epoch),
                   kafka_text(aborted.error()));
}

Task<Result<>> force_terminate(Errand errand) {
  const std::string id = *errand.options.value("transactionalId");
  const auto fenced = co_await admin::fence_producer(errand.client, id);
  if (fenced) co_return Result<>();
  co_return failed(fmt::format("Failed to force terminate transactionalId `{}`", id), kafka_text(fenced.error()));
}

Task<Result<>> run_transactions(Errand errand) {
  if (errand.command == "list") co_return co_await list(errand);
  if (errand.command == "describe") co_return co_await describe(errand);
  if (errand.command == "describe-producers") co_return co_await describe_producers(errand);
  if (errand.command == "abort") co_return co_await abort(errand);
  if (errand.command == "find-hanging") co_return co_await find_hanging_transactions(errand);
  co_return co_await force_terminate(errand);
}

}  // namespace

std::unexpected<Error> failed(std::string_view what, std::string_view why) {
  return invalid(fmt::format("{}: {}. Enable debug logging for additional detail.", what, why));
}

TopicPartition named_partition(const Options& options) {
  return {options.value_or("topic", ""),
          PartitionId{static_cast<std::int32_t>(number(options, "partition").value_or(0))}};
}

std::optional<BrokerId> named_broker(const Options& options) {
  const auto id = number(options, "broker-id");
  if (!id) return {};
  return BrokerId{static_cast<std::int32_t>(*id)};
}

OptionParser kafka_transactions_options() {
  OptionParser p;
  declare_bootstrap(p);
  p.integer("duration-filter", "MS", "With list: those that have been open for longer than this.");
  p.value("transactional-id-pattern", "REGEX", "With list: those whose id matches.");
  p.value("transactional-id", "ID", "With describe: the id.");
  p.value("topic", "TOPIC", "The topic of a partition.");
  p.integer("partition", "N", "The partition.").within("partition", 0, INT32_MAX);
  p.integer("broker-id", "ID", "With describe-producers and find-hanging: as this replica knows it.");
  p.within("broker-id", 0, INT32_MAX);
  p.integer("start-offset", "OFFSET", "With abort: where the transaction begins in the partition.");
  p.integer("producer-id", "ID", "With abort, where --start-offset is not given: the producer,");
  p.integer("producer-epoch", "EPOCH", "its epoch,").within("producer-epoch", 0, INT16_MAX);
  p.integer("coordinator-epoch", "EPOCH", "and that of its coordinator.");
  p.within("coordinator-epoch", INT32_MIN, INT32_MAX);
  p.integer("max-transaction-timeout", "MINUTES",
            "With find-hanging: only those whose producers have been silent for longer. (default: 15)");
  p.within("max-transaction-timeout", 0, INT32_MAX);
  p.value("transactionalId", "ID", "With forceTerminateTransaction: the id.");
  return p;
}

Task<int> kafka_transactions(Context context, Arguments arguments) {
  co_return co_await run_subcommand_tool(
      context, std::move(arguments),
      {"kafka-transactions",
       "This tool is used to analyze the transactional state of producers in the cluster. It can be used to detect and "
       "recover from hanging transactions.",
       kTransactionCommands, kafka_transactions_options, misuse_of_transactions, run_transactions});
}

}  // namespace thalweg::cli
