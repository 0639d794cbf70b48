#include "transactional_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "protocol/add_offsets_to_txn_request.h"
#include "protocol/add_offsets_to_txn_response.h"
#include "protocol/add_partitions_to_txn_request.h"
#include "protocol/add_partitions_to_txn_response.h"
#include "protocol/end_txn_request.h"
#include "protocol/end_txn_response.h"
#include "protocol/find_coordinator_request.h"
#include "protocol/find_coordinator_response.h"
#include "protocol/init_producer_id_request.h"
#include "protocol/init_producer_id_response.h"
#include "protocol/offset_fetch_request.h"
#include "protocol/offset_fetch_response.h"
#include "protocol/produce_request.h"
#include "protocol/produce_response.h"
#include "protocol/txn_offset_commit_request.h"
#include "protocol/txn_offset_commit_response.h"
#include "record/builder.h"

namespace thalweg::simulation {
namespace {
using namespace std::chrono_literals;
using Fate = Transactions::Fate;

constexpr std::int16_t kFindCoordinatorVersion = 3, kStableOffsetFetchVersion = 7, kInitVersion = 4;
constexpr std::int32_t kTransactionTimeoutMs = 6'000;
constexpr int kTries = 40;
constexpr Instant kTryAgainWithin = 400ms;
constexpr std::uint64_t kAbortsOneIn = 5, kHauntsOneIn = 3;

// What a writer is told that was too slow, or was replaced; it begins anew.
bool ends_the_transaction(ErrorCode code) {
  using enum ErrorCode;
  return code == kInvalidProducerEpoch || code == kProducerFenced || code == kInvalidTxnState ||
         code == kTransactionAbortable;
}

}  // namespace

Task<> TransactionalWriter::run() {
  // Not before all brokers are there, so that coordinators' topics have a replica on each.
  while (!co_await route_.to(PartitionId{0})) co_await pause(&shard_, kTryAgainWithin);
  while (next_ < count_ || open_) {
    auto went = ready_ ? co_await transact() : co_await begin_anew();
    if (!went) {
      ready_ = false;
      last_error_ = fmt::format("{} {}", name(went.error().code), went.error().message);
    }
    co_await pause(&shard_, went ? 150ms : kTryAgainWithin);
  }
  done_ = true;
}

Task<Result<>> TransactionalWriter::begin_anew() {
  const Identity former = self_;
  CO_TRY_VOID(co_await insist([this] { return init(); }));
  CO_TRY_VOID(co_await insist([this] { return resolve(); }));
  if (former.id != kNoProducerId && shard_.random.next() % kHauntsOneIn == 0) co_await haunt(former);
  ready_ = true;
  co_return Result<>();
}

Task<Result<>> TransactionalWriter::init() {
  protocol::InitProducerIdRequest request;
  request.transactional_id = name_;
  request.transaction_timeout_ms = kTransactionTimeoutMs;
  CO_TRY(const auto response, co_await ask_coordinator<protocol::InitProducerIdResponse>(
                                  Kind::kTransaction, std::move(request), kInitVersion));
  CO_TRY_VOID(judged(response.error_code, "InitProducerId"));
  if (response.producer_id == self_.id && response.producer_epoch <= self_.epoch)
    history_.loss(
        fmt::format("{} was given epoch {} after {}", name_, response.producer_epoch.value, self_.epoch.value));
  self_ = {.id = response.producer_id, .epoch = response.producer_epoch, .sequences = {}};
  co_return Result<>();
}

Task<Result<>> TransactionalWriter::resolve() {
  CO_TRY(const auto offset, co_await committed_offset());
  if (open_ && offset == *open_ + 1) {
    last_committed_ = *open_;
    transactions_.ended(number_, *open_, Fate::kCommitted);
  } else {
    if (open_) transactions_.ended(number_, *open_, Fate::kAborted);
    if (offset != last_committed_ + 1)
      history_.loss(fmt::format("{} has offset {}, the last transaction that was committed is {}", name_, offset,
                                last_committed_));
  }
  open_.reset();
  co_return Result<>();
}

Task<Result<>> TransactionalWriter::transact() {
  const int number = next_++;
  const bool commit = shard_.random.next() % kAbortsOneIn != 0;
  std::set<PartitionId> partitions;
  for (int i = 0; i < 2; ++i) partitions.insert({std::int32_t(shard_.random.next() % kPartitions)});
  transactions_.begun(number_, number, partitions);
  open_ = number;
  if (older()) CO_TRY_VOID(co_await insist([&, this] { return add_partitions(self_, partitions); }));
  for (const auto partition : partitions) CO_TRY_VOID(co_await insist([&, this] { return write(partition, number); }));
  if (older()) CO_TRY_VOID(co_await insist([this] { return add_offsets(); }));
  CO_TRY_VOID(co_await insist([&, this] { return commit_offset(number); }));
  // Some take their time, and find themselves aborted.
  if (shard_.random.next() % 8 == 0) co_await pause(&shard_, 12s);
  CO_TRY_VOID(co_await insist([&, this] { return end(self_, commit); }));
  transactions_.ended(number_, number, commit ? Fate::kCommitted : Fate::kAborted);
  if (commit) last_committed_ = number;
  open_.reset();
  co_return Result<>();
}

Task<> TransactionalWriter::haunt(Identity former) {
  const PartitionId partition{std::int32_t(shard_.random.next() % kPartitions)};
  if (older()) (void)co_await add_partitions(former, {partition});
  (void)co_await produce(former, partition, Value::text(Transactions::zombie_of(number_), next_));
  (void)co_await end(former, true);
}

Task<Result<>> TransactionalWriter::add_partitions(Identity as, std::set<PartitionId> partitions) {
  constexpr std::int16_t kVersion = 3;
  protocol::AddPartitionsToTxnRequest request;
  request.v3_and_below_transactional_id = name_;
  request.v3_and_below_producer_id = as.id;
  request.v3_and_below_producer_epoch = as.epoch;
  auto& topic = request.v3_and_below_topics.emplace_back();
  topic.name = kTransfers;
  topic.partitions.assign(partitions.begin(), partitions.end());
  CO_TRY(const auto response, co_await ask_coordinator<protocol::AddPartitionsToTxnResponse>(
                                  Kind::kTransaction, std::move(request), kVersion));
  for (const auto& one : response.results_by_topic_v3_and_below)
    for (const auto& partition : one.results_by_partition)
      CO_TRY_VOID(judged(partition.partition_error_code, "AddPartitionsToTxn"));
  co_return Result<>();
}

Task<Result<>> TransactionalWriter::add_offsets() {
  constexpr std::int16_t kVersion = 3;
  protocol::AddOffsetsToTxnRequest request;
  request.transactional_id = request.group_id = name_;
  request.producer_id = self_.id;
  request.producer_epoch = self_.epoch;
  CO_TRY(const auto response,
         co_await ask_coordinator<protocol::AddOffsetsToTxnResponse>(Kind::kTransaction, std::move(request), kVersion));
  co_return judged(response.error_code, "AddOffsetsToTxn");
}

Task<Result<>> TransactionalWriter::write(PartitionId partition, int number) {
  CO_TRY_VOID(co_await produce(self_, partition, Value::text(number_, number)));
  ++self_.sequences[partition];
  co_return Result<>();
}

Task<Result<>> TransactionalWriter::produce(Identity as, PartitionId partition, std::string value) {
  record::BatchBuilder builder({.producer_id = as.id,
                                .producer_epoch = as.epoch,
                                .base_sequence = as.sequences[partition],
                                .transactional = true});
  builder.append({.timestamp = shard_.clock.wall(), .value = as_bytes(value)});
  protocol::ProduceRequest request;
  request.transactional_id = name_;
  request.acks = -1;
  request.timeout_ms = 5000;
  auto& topic = request.topic_data.emplace_back();
  topic.name = kTransfers;
  auto& data = topic.partition_data.emplace_back();
  data.index = partition;
  data.records = builder.build();
  const auto channel = co_await route_.to(partition);
  if (!channel) {
    route_.missed(partition);
    co_return std::unexpected(channel.error());
  }
  const auto response = co_await ask_or_close<protocol::ProduceResponse>(&shard_, *channel, std::move(request),
                                                                         std::int16_t(older() ? 9 : 12));
  const auto code = response ? response->responses.at(0).partition_responses.at(0).error_code : response.error().code;
  if (code == ErrorCode::kDuplicateSequenceNumber) co_return Result<>();
  if (code != ErrorCode::kNone) route_.missed(partition);
  co_return judged(code, "Produce");
}

Task<Result<>> TransactionalWriter::commit_offset(int number) {
  protocol::TxnOffsetCommitRequest request;
  request.transactional_id = request.group_id = name_;
  request.producer_id = self_.id;
  request.producer_epoch = self_.epoch;
  auto& topic = request.topics.emplace_back();
  topic.name = kTransfers;
  auto& partition = topic.partitions.emplace_back();
  partition.partition_index = PartitionId{0};
  partition.committed_offset = Offset{number + 1};
  CO_TRY(const auto response, co_await ask_coordinator<protocol::TxnOffsetCommitResponse>(
                                  Kind::kGroup, std::move(request), std::int16_t(older() ? 3 : 5)));
  co_return judged(response.topics.at(0).partitions.at(0).error_code, "TxnOffsetCommit");
}

Task<Result<>> TransactionalWriter::end(Identity as, bool commit) {
  protocol::EndTxnRequest request;
  request.transactional_id = name_;
  request.producer_id = as.id;
  request.producer_epoch = as.epoch;
  request.committed = commit;
  CO_TRY(const auto response, co_await ask_coordinator<protocol::EndTxnResponse>(Kind::kTransaction, std::move(request),
                                                                                 std::int16_t(older() ? 3 : 5)));
  CO_TRY_VOID(judged(response.error_code, "EndTxn"));
  if (!older() && as.epoch == self_.epoch)
    self_ = {.id = response.producer_id, .epoch = response.producer_epoch, .sequences = {}};
  co_return Result<>();
}

Task<Result<std::int64_t>> TransactionalWriter::committed_offset() {
  protocol::OffsetFetchRequest request;
  request.group_id = name_;
  request.require_stable = true;
  auto& topic = request.topics.emplace().emplace_back();
  topic.name = kTransfers;
  topic.partition_indexes.push_back({0});
  CO_TRY(const auto response, co_await ask_coordinator<protocol::OffsetFetchResponse>(Kind::kGroup, std::move(request),
                                                                                      kStableOffsetFetchVersion));
  CO_TRY_VOID(judged(response.error_code, "OffsetFetch"));
  const auto& partition = response.topics.at(0).partitions.at(0);
  CO_TRY_VOID(judged(partition.error_code, "OffsetFetch"));
  co_return std::max<std::int64_t>(partition.committed_offset.value, 0);
}

Task<Result<>> TransactionalWriter::insist(Step step) {
  for (int tries = 1;; ++tries) {
    auto went = co_await step();
    if (went || !is_retriable(went.error().code) || tries == kTries) co_return went;
    last_error_ = fmt::format("{} {}", name(went.error().code), went.error().message);
    co_await pause(&shard_, kTryAgainWithin);
  }
}

Task<Result<TransactionalWriter::Channel>> TransactionalWriter::to_coordinator(Kind kind) {
  if (const auto known = coordinators_.find(kind); known != coordinators_.end())
    co_return co_await route_.to_broker(known->second);
  CO_TRY(const auto channel, co_await route_.to_any());
  protocol::FindCoordinatorRequest request;
  request.key = name_;
  request.key_type = static_cast<std::int8_t>(kind);
  CO_TRY(const auto found, co_await ask_or_close<protocol::FindCoordinatorResponse>(
                               &shard_, channel, std::move(request), kFindCoordinatorVersion));
  CO_TRY_VOID(judged(found.error_code, "FindCoordinator"));
  coordinators_[kind] = found.node_id;
  co_return co_await route_.to_broker(found.node_id);
}

template <class Response, class Request>
Task<Result<Response>> TransactionalWriter::ask_coordinator(Kind kind, Request request, std::int16_t version) {
  auto channel = co_await to_coordinator(kind);
  if (!channel) {
    coordinators_.erase(kind);
    co_return std::unexpected(std::move(channel.error()));
  }
  auto response = co_await ask_or_close<Response>(&shard_, *channel, std::move(request), version);
  if (!response) coordinators_.erase(kind);
  co_return response;
}

// Nothing but these is ever due: the writer does all as it should.
Result<> TransactionalWriter::judged(ErrorCode code, const char* what) {
  if (code == ErrorCode::kNone) return {};
  coordinators_.clear();
  if (!is_retriable(code) && !ends_the_transaction(code))
    history_.loss(fmt::format("{}, transaction {}: {} says {}", name_, next_ - 1, what, name(code)));
  return fail(code, what);
}

}  // namespace thalweg::simulation
