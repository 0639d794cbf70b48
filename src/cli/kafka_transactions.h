// kafka-transactions in two files: what it shows and ends is in kafka_transactions.cc, the search for those that hang
// apart.
#pragma once

#include "admin/transactions.h"
#include "cli/subcommand_tool.h"

namespace thalweg::cli {

// As Kafka's tool ends: what was tried, and why it failed.
std::unexpected<Error> failed(std::string_view what, std::string_view why);
// The partition that --topic and --partition name.
TopicPartition named_partition(const Options& options);
std::optional<BrokerId> named_broker(const Options& options);

Task<Result<>> find_hanging_transactions(Errand errand);

}  // namespace thalweg::cli
