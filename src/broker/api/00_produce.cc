// Produce (0), versions 3-13; 0 to 2 are advertised and refused, as Kafka does (KAFKA-18659). Two-staged: the batches
// are looked into and appended in the order of requests, and while one request waits for its acknowledgement the next
// one is appended.
//
// By topic id from version 13. Leader hints in errors from version 10 (KIP-951). The coordinator of a transaction is
// asked about its first batch in a partition before anything of the request is appended (KIP-98, KIP-890): version 12
// adds the partition to the transaction, and before clients do that themselves (AddPartitionsToTxn).
#include <algorithm>
#include <iterator>
#include <map>

#include "broker/api/api.h"
#include "broker/api/leader_hint.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/slices.h"
#include "broker/topics.h"
#include "broker/transaction_questions.h"
#include "protocol/produce_request.h"
#include "protocol/produce_response.h"
#include "record/batch.h"
#include "runtime/gather.h"
#include "runtime/yielding.h"

namespace thalweg::broker {
namespace {

using protocol::ProduceRequest;
using protocol::ProduceResponse;
using PartitionResponse = ProduceResponse::PartitionProduceResponse;

constexpr std::int16_t kAcksAll = -1, kAcksNone = 0, kAcksLeader = 1;
// Kafka's admin client may write internal topics; everybody else may not.
constexpr std::string_view kAdminClient = "__admin_client";

// Where one partition of the request stands in the response.
struct Slot {
  std::size_t topic, partition;
};
// What one shard has to append, and for which slots.
struct ShardWork {
  std::vector<replica::Partitions::Append> appends;
  std::vector<Slot> slots;
  std::vector<storage::AppendResult> results;
};
using Work = std::map<unsigned, ShardWork>;

// No more of a batch is looked at where there are no transactions.
bool is_transactional(const std::optional<SharedBytes>& records) {
  using namespace record::batch_field;
  constexpr std::size_t kFlags = kAttributes + 1;
  return records && records->size() > kFlags && std::int8_t(records->data()[kMagic]) == record::kMagic &&
         (std::int8_t(records->data()[kFlags]) & record::attribute::kTransactional) != 0;
}

void set_error(PartitionResponse& out, const Error& error) {
  out.error_code = error.code;
  out.base_offset = kNoOffset;
  if (!error.message.empty()) out.error_message = error.message;
}

void fill(PartitionResponse& out, const storage::AppendResult& result) {
  if (result) {
    out.base_offset = result->first;
    out.log_append_time_ms = result->log_append_time;
    out.log_start_offset = result->log_start;
    return;
  }
  set_error(out, result.error());
  for (const auto& record : result.error().record_errors) {
    ProduceResponse::BatchIndexAndErrorMessage named;
    named.batch_index = record.batch_index;
    named.batch_index_error_message = record.message;
    out.record_errors.push_back(std::move(named));
  }
}

class Produce {
 public:
  Produce(const RequestContext& context, ProduceRequest request) : context_(context), request_(std::move(request)) {}

  Task<Staged<ProduceResponse>> run() {
    lay_out();
    if (request_.acks != kAcksAll && request_.acks != kAcksLeader && request_.acks != kAcksNone) {
      refuse_all({ErrorCode::kInvalidRequiredAcks, "acks must be -1, 0 or 1, not " + std::to_string(request_.acks)});
      co_return finished();
    }
    if (has_transactional()) {
      if (const auto verified = co_await verify_transactional(); !verified) {
        refuse_all(verified.error());
        co_return finished();
      }
    }
    co_await sort_by_shard();
    co_await append();
    if (request_.acks != kAcksAll || !waits()) co_return finished();
    const Instant deadline = context_.here.shard.clock.now() + Millis(std::max(request_.timeout_ms, 0));
    co_return Staged<ProduceResponse>{.later = committed(context_, std::move(response_), std::move(work_), deadline)};
  }

 private:
  // Every partition of the request has its place in the response, in the same order.
  void lay_out() {
    response_.responses.reserve(request_.topic_data.size());
    for (const auto& topic : request_.topic_data) {
      auto& out = response_.responses.emplace_back();
      out.name = topic.name;
      out.topic_id = topic.topic_id;
      out.partition_responses.resize(topic.partition_data.size());
      for (std::size_t i = 0; i < topic.partition_data.size(); ++i)
        out.partition_responses[i].index = topic.partition_data[i].index;
    }
  }

  void refuse_all(const Error& error) {
    for (auto& topic : response_.responses)
      for (auto& partition : topic.partition_responses) set_error(partition, error);
  }

  Result<FoundPartition> find(const ProduceRequest::TopicProduceData& topic,
                              const ProduceRequest::PartitionProduceData& data) {
    TRY(auto found, context_.version >= 13 ? find_partition(*context_.image, topic.topic_id, data.index)
                                           : find_partition(*context_.image, topic.name, data.index));
    const std::string& name = found.topic->name;
    const bool is_internal = is_internal_topic(name);
    if (is_internal ? context_.client_id != kAdminClient : context_.here.is_coordinated(name))
      return fail(ErrorCode::kInvalidTopicException, name + " is written by its coordinator only");
    if (!data.records) return fail(ErrorCode::kInvalidRecord, "there is no record batch");
    return found;
  }

  bool has_transactional() const {
    for (const auto& topic : request_.topic_data)
      for (const auto& data : topic.partition_data)
        if (is_transactional(data.records)) return true;
    return false;
  }

  // What the coordinator has to say of the transaction's batches. An error is one of the whole request.
  Task<Result<>> verify_transactional() {
    if (!request_.transactional_id ||
        !context_.allows(Operation::kWrite, {Resource::Type::kTransactionalId, *request_.transactional_id}))
      co_return fail(ErrorCode::kTransactionalIdAuthorizationFailed,
                     "batches of a transaction need its transactional id");
    TransactionalProducer producer{.transactional_id = *request_.transactional_id,
                                   .support = support_of_produce(context_.version)};
    std::vector<TransactionalBatch> batches;
    std::vector<Slot> slots;
    Pace pace(kPartitionsAtOnce);
    for (std::size_t t = 0; t < request_.topic_data.size(); ++t) {
      const auto& topic = request_.topic_data[t];
      for (std::size_t p = 0; p < topic.partition_data.size(); ++p) {
        if (pace.due()) co_await give_way();
        if (!is_transactional(topic.partition_data[p].records)) continue;
        const auto batch = record::BatchView::at(*topic.partition_data[p].records);
        if (!batch || !batch->has_producer_id()) continue;  // is refused for that
        const bool is_first = producer.id == kNoProducerId;
        if (!is_first && (producer.id != batch->producer_id() || producer.epoch != batch->producer_epoch()))
          co_return fail(ErrorCode::kInvalidProducerIdMapping, "a transaction has one producer");
        producer.id = batch->producer_id();
        producer.epoch = batch->producer_epoch();
        const auto found = find(topic, topic.partition_data[p]);
        if (!found) continue;  // and so is this
        batches.push_back({{found->topic->name, found->key.partition}, found->key, batch->base_sequence()});
        slots.push_back({t, p});
      }
    }
    auto verdicts = co_await verify(context_, producer, std::move(batches));
    for (std::size_t i = 0; i < slots.size(); ++i) {
      auto& verdict = verdicts_[{slots[i].topic, slots[i].partition}] = std::move(verdicts[i]);
      if (!verdict) verdict = std::unexpected(as_produce_error(std::move(verdict.error()), producer.support));
    }
    co_return Result<>();
  }

  // Of a batch without a transaction: nothing to be appended with.
  TransactionVerdict verdict_of(std::size_t topic, std::size_t partition) const {
    if (verdicts_.empty()) return {};
    const auto at = verdicts_.find({topic, partition});
    return at == verdicts_.end() ? TransactionVerdict() : at->second;
  }

  // Nothing when producers are trusted.
  Task<storage::Walked> look_inside(SharedBytes records) {
    if (!context_.here.broker.config().validate_records) co_return std::nullopt;
    co_return co_await context_.here.record_checks.look_inside(std::move(records));
  }

  // Records that are not sound go to the partition, too: a topic's own rules are judged before them.
  Task<> sort_by_shard() {
    Pace pace(kPartitionsAtOnce);
    for (std::size_t t = 0; t < request_.topic_data.size(); ++t) {
      auto& topic = request_.topic_data[t];
      for (std::size_t p = 0; p < topic.partition_data.size(); ++p) {
        if (pace.due()) co_await give_way();
        auto& data = topic.partition_data[p];
        auto found = find(topic, data);
        if (!found) {
          set_error(response_.responses[t].partition_responses[p], found.error());
          continue;
        }
        const auto verdict = verdict_of(t, p);
        if (!verdict) {
          set_error(response_.responses[t].partition_responses[p], verdict.error());
          continue;
        }
        auto walked = co_await look_inside(*data.records);
        auto& shard = work_[context_.here.broker.owner_of(found->key).shard.id];
        shard.slots.push_back({t, p});
        shard.appends.push_back({found->key,
                                 {.records = std::move(*data.records),
                                  .produce_version = context_.version,
                                  .walked = std::move(walked),
                                  .all_in_sync = request_.acks == kAcksAll,
                                  .verification = *verdict}});
      }
    }
  }

  // In slices, so that other work of the owner comes in between.
  static Task<std::vector<storage::AppendResult>> append_on(BrokerShard& owner,
                                                            std::vector<replica::Partitions::Append> appends) {
    std::vector<storage::AppendResult> all;
    for (auto& slice : slices(std::move(appends), kPartitionsAtOnce)) {
      if (!all.empty()) co_await give_way();
      auto results = co_await owner.shard.call(owner.partitions, &replica::Partitions::append, std::move(slice));
      std::ranges::move(results, std::back_inserter(all));
    }
    co_return all;
  }

  Task<> append() {
    std::vector<Task<std::vector<storage::AppendResult>>> tasks;
    std::vector<std::vector<replica::PartitionKey>> keys;
    for (auto& [shard, work] : work_) {
      auto appends = work.appends;  // the keys are needed again to wait for the commit; records are shared, not copied
      for (auto& append : work.appends) append.request.records = {};
      tasks.push_back(append_on(*context_.here.broker.shards()[shard], std::move(appends)));
    }
    auto results = co_await gather(std::move(tasks));
    std::size_t next = 0;
    for (auto& [shard, work] : work_) {
      work.results = std::move(results[next++]);
      for (std::size_t i = 0; i < work.slots.size(); ++i) fill(at(response_, work.slots[i]), work.results[i]);
    }
  }

  bool waits() const {
    for (const auto& [shard, work] : work_)
      for (const auto& result : work.results)
        if (result) return true;
    return false;
  }

  static PartitionResponse& at(ProduceResponse& response, Slot slot) {
    return response.responses[slot.topic].partition_responses[slot.partition];
  }

  // What is waited for on one shard, and for which slots: all that was appended there.
  struct ShardWait {
    std::vector<replica::Partitions::Wait> waits;
    std::vector<Slot> slots;
  };
  static ShardWait wait_for(const ShardWork& part) {
    ShardWait out;
    for (std::size_t i = 0; i < part.results.size(); ++i) {
      const auto& appended = part.results[i];
      if (!appended) continue;
      out.waits.push_back({part.appends[i].key, appended->end(), appended->leader_epoch});
      out.slots.push_back(part.slots[i]);
    }
    return out;
  }

  // Stage two. A free coroutine over values: the request's own is gone by then. All shards at once, as each may have
  // something to say that the others do not wait for.
  static Task<ProduceResponse> committed(RequestContext context, ProduceResponse response, Work work,
                                         Instant deadline) {
    std::vector<Task<std::vector<Result<>>>> waiting;
    std::vector<std::vector<Slot>> slots;
    for (const auto& [shard, part] : work) {
      auto wait = wait_for(part);
      if (wait.waits.empty()) continue;
      auto& owner = *context.here.broker.shards()[shard];
      waiting.push_back(
          owner.shard.call(owner.partitions, &replica::Partitions::committed, std::move(wait.waits), deadline));
      slots.push_back(std::move(wait.slots));
    }
    const auto outcomes = co_await gather(std::move(waiting));
    for (std::size_t i = 0; i < outcomes.size(); ++i)
      for (std::size_t j = 0; j < slots[i].size(); ++j)
        if (!outcomes[i][j]) set_error(at(response, slots[i][j]), outcomes[i][j].error());
    add_leaders(context, response);
    co_return response;
  }

  static void add_leaders(const RequestContext& context, ProduceResponse& response) {
    if (context.version < 10) return;
    const auto image = context.here.image();
    for (auto& topic : response.responses) {
      for (auto& partition : topic.partition_responses) {
        if (partition.error_code != ErrorCode::kNotLeaderOrFollower) continue;
        const auto found = context.version >= 13 ? find_partition(*image, topic.topic_id, partition.index)
                                                 : find_partition(*image, topic.name, partition.index);
        if (found) add_leader_hint(context.connection->listener, *image, *found->state, partition, response);
      }
    }
  }

  // acks=0 is never answered: after an error the connection is closed, so that the client asks for new metadata.
  Staged<ProduceResponse> finished() {
    add_leaders(context_, response_);
    if (request_.acks != kAcksNone) return {.now = std::move(response_)};
    Staged<ProduceResponse> silent;
    for (const auto& topic : response_.responses) {
      for (const auto& partition : topic.partition_responses) {
        silent.close |= partition.error_code != ErrorCode::kNone;
        silent.errors.add(partition.error_code);
      }
    }
    return silent;
  }

  const RequestContext& context_;
  ProduceRequest request_;
  ProduceResponse response_;
  std::map<std::pair<std::size_t, std::size_t>, TransactionVerdict> verdicts_;  // by topic and partition
  Work work_;
};

Task<Staged<ProduceResponse>> produce(const RequestContext& context, ProduceRequest request) {
  Produce produce(context, std::move(request));
  co_return co_await produce.run();
}

}  // namespace

extern const Api kProduce = serve<&produce>;

}  // namespace thalweg::broker
