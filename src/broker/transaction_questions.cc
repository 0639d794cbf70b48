#include "broker/transaction_questions.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/listener_role.h"
#include "broker/metadata_publisher.h"
#include "broker/peer_channels.h"
#include "broker/slices.h"
#include "broker/topics.h"
#include "protocol/response_header.h"
#include "record/hash.h"
#include "runtime/yielding.h"
#include "storage/pieces.h"

namespace thalweg::broker {
namespace {

using protocol::AddPartitionsToTxnRequest;
using protocol::AddPartitionsToTxnResponse;

Result<BrokerId> coordinator_of(const metadata::Image& image, const std::string& transactional_id) {
  const auto topic = image.topic(controller::kTransactionsTopic);
  if (!topic || topic->partitions.empty())
    return fail(ErrorCode::kCoordinatorNotAvailable, "there is no transaction yet, so no coordinator");
  const auto partition =
      record::coordinator_partition(transactional_id, static_cast<std::int32_t>(topic->partitions.size()));
  const BrokerId leader = topic->partition(partition)->leader;
  if (leader == kNoBroker)
    return fail(ErrorCode::kCoordinatorNotAvailable, "nobody coordinates " + transactional_id + " at the moment");
  return leader;
}

// ---- The coordinator is here: the row of its API answers, as over a connection.

ClientInfo this_broker(const Broker& broker) {
  return {.listener = inter_broker_listener(broker.config()), .client_host = "localhost"};
}

Task<Result<AddPartitionsToTxnResponse>> exchange_here(BrokerShard* here, AddPartitionsToTxnRequest message) {
  constexpr std::int16_t kVersion = AddPartitionsToTxnRequest::kMaxVersion;
  constexpr std::size_t kSizeBytes = 4;  // in front of a frame
  const Api* api = find_served(AddPartitionsToTxnRequest::kKey);
  if (!api) co_return fail(ErrorCode::kCoordinatorNotAvailable, "transactions are not coordinated here");
  protocol::Writer writer;
  message.encode(writer, kVersion);
  if (!writer.ok()) co_return fail(ErrorCode::kInvalidRequest, "a name in the request is too long");
  const RequestContext context{
      .here = *here,
      .connection = std::make_shared<const ClientInfo>(this_broker(here->broker)),
      .image = here->image(),
      .request = {.api = &protocol::info(api->key), .version = kVersion, .received = here->shard.clock.now()},
      .version = kVersion,
      .received = here->shard.clock.now()};
  auto started = co_await api->start(context, writer.take_bytes());
  network::Reply reply = started.later ? co_await std::move(*started.later) : std::move(started.reply);
  if (!reply.frame) co_return fail(ErrorCode::kUnknownServerError, "this broker gave no answer to itself");
  CO_TRY(const SharedBytes frame, co_await storage::gather(*std::move(reply.frame)));
  protocol::Reader reader(frame.slice(kSizeBytes, frame.size() - kSizeBytes));
  CO_TRY_VOID(protocol::ResponseHeader::decode(reader, protocol::response_header_version(api->key, kVersion)));
  co_return AddPartitionsToTxnResponse::decode(reader, kVersion);
}

Task<> answer_here(BrokerShard* here, TransactionQuestion question, OneShot<TransactionAnswer> answer) {
  answer.set(answer_of(question, co_await exchange_here(here, request_of({&question}))));
}

Task<TransactionAnswer> ask_here(BrokerShard& here, TransactionQuestion question) {
  const OneShot<TransactionAnswer> answer;
  const auto limit =
      here.shard.clock.call_at(later(here.shard.clock.now(), here.broker.config().request_timeout),
                               [answer, late = refused(question, ErrorCode::kNetworkException)] { answer.set(late); });
  spawn(here.shard, answer_here(&here, std::move(question), answer));
  co_return co_await answer.wait();
}

Task<TransactionAnswer> ask(const RequestContext& context, TransactionQuestion question) {
  auto& here = context.here;
  const auto coordinator = coordinator_of(*here.image(), question.transactional_id);
  if (!coordinator) co_return refused(question, coordinator.error().code);
  if (*coordinator == here.broker.config().node_id) co_return co_await ask_here(here, std::move(question));
  co_return co_await here.broker.shard0().call(here.broker.transaction_verifier(), &TransactionVerifier::ask,
                                               *coordinator, std::move(question));
}

// ---- The partitions

TransactionVerdict in_force(const Result<replica::Verification>& begun) {
  if (!begun) return std::unexpected(begun.error());
  return *begun;
}

Task<std::vector<TransactionVerdict>> begin(const RequestContext& context, const TransactionalProducer& producer,
                                            const std::vector<TransactionalBatch>& batches) {
  struct OfShard {
    std::vector<replica::Partitions::VerificationOf> starts;
    std::vector<std::size_t> places;
  };
  std::map<unsigned, OfShard> shards;
  Pace pace(kPartitionsAtOnce);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (pace.due()) co_await give_way();
    auto& of = shards[context.here.broker.owner_of(batches[i].key).shard.id];
    of.starts.push_back({batches[i].key,
                         {.producer_id = producer.id,
                          .epoch = producer.epoch,
                          .base_sequence = batches[i].base_sequence,
                          .adds = producer.support == TransactionSupport::kAdds}});
    of.places.push_back(i);
  }
  std::vector<TransactionVerdict> verdicts(batches.size());
  for (auto& [shard, of] : shards) {
    auto& owner = *context.here.broker.shards()[shard];
    auto place = of.places.begin();
    for (auto& slice : slices(std::move(of.starts), kPartitionsAtOnce)) {
      const auto begun =
          co_await owner.shard.call(owner.partitions, &replica::Partitions::begin_verifications, std::move(slice));
      for (const auto& one : begun) verdicts[*place++] = in_force(one);
    }
  }
  co_return verdicts;
}

ErrorCode as_client_error(ErrorCode code, TransactionSupport support) {
  if (code == ErrorCode::kProducerFenced) return ErrorCode::kInvalidProducerEpoch;
  if (code == ErrorCode::kTransactionAbortable && support == TransactionSupport::kOlder)
    return ErrorCode::kInvalidTxnState;
  return code;
}

bool needs_answer(const TransactionVerdict& verdict) {
  return verdict && *verdict && (*verdict)->guard != storage::kNoGuard;
}

// Whether the coordinator may say something else in a moment.
Task<bool> settle(const RequestContext& context, const TransactionalProducer& producer,
                  const std::vector<TransactionalBatch>& batches, std::vector<TransactionVerdict>* verdicts) {
  TransactionQuestion question{.transactional_id = producer.transactional_id,
                               .producer_id = producer.id,
                               .producer_epoch = producer.epoch,
                               .adds = producer.support == TransactionSupport::kAdds};
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (!needs_answer((*verdicts)[i])) continue;
    question.partitions.push_back(batches[i].partition);
    places.push_back(i);
  }
  if (places.empty()) co_return false;
  const auto answer = co_await ask(context, std::move(question));
  for (std::size_t i = 0; i < places.size(); ++i)
    if (answer[i] != ErrorCode::kNone)
      (*verdicts)[places[i]] = fail(as_client_error(answer[i], producer.support),
                                    "the transaction's coordinator says " + std::string(name(answer[i])));
  co_return std::ranges::count(answer, ErrorCode::kConcurrentTransactions) > 0;
}

}  // namespace

namespace {

// REQUIRES: on shard 0
Task<Result<AddPartitionsToTxnResponse>> exchange_with(Broker* broker, BrokerId coordinator,
                                                       AddPartitionsToTxnRequest request, Instant deadline) {
  constexpr std::int16_t kFirstOfBrokers = 4;
  const auto image = broker->publisher().published_image();
  const auto* registered = image->broker(coordinator);
  const auto* at = registered ? registered->endpoint(inter_broker_listener(broker->config())) : nullptr;
  if (!at) co_return fail(ErrorCode::kBrokerNotAvailable, "it has no listener for other brokers");
  CO_TRY(const auto channel,
         co_await broker->peers().to({coordinator, Purpose::kVerification}, {at->host, at->port}, deadline));
  CO_TRY(const auto version, PeerChannels::spoken_version(*channel, AddPartitionsToTxnRequest::kKey, kFirstOfBrokers,
                                                          AddPartitionsToTxnRequest::kMaxVersion));
  co_return co_await channel->send<AddPartitionsToTxnResponse>(std::move(request), version, deadline);
}

}  // namespace

TransactionVerifier::Send verification_channel(Broker& broker) {
  return [&broker](BrokerId coordinator, AddPartitionsToTxnRequest request, Instant deadline) {
    return exchange_with(&broker, coordinator, std::move(request), deadline);
  };
}

TransactionSupport support_of_produce(std::int16_t version) {
  if (version >= 12) return TransactionSupport::kAdds;
  return version >= 11 ? TransactionSupport::kAbortable : TransactionSupport::kOlder;
}

Task<std::vector<TransactionVerdict>> verify(const RequestContext& context, TransactionalProducer producer,
                                             std::vector<TransactionalBatch> batches) {
  const bool adds = producer.support == TransactionSupport::kAdds;
  if (!adds && !context.here.verifies_transactions) co_return std::vector<TransactionVerdict>(batches.size());
  const auto& config = context.here.broker.config();
  const Instant begun = context.now();
  const Instant until = later(begun, std::min(config.add_partitions_retry_max, config.request_timeout));
  for (;;) {
    auto verdicts = co_await begin(context, producer, batches);
    const bool passes = co_await settle(context, producer, batches, &verdicts);
    const bool again = adds && passes && context.now() < until;
    if (again) {
      co_await context.here.shard.clock.sleep_for(config.add_partitions_retry_backoff);
      continue;
    }
    context.note_wait_since(begun);
    co_return verdicts;
  }
}

Error as_produce_error(Error error, TransactionSupport support) {
  switch (error.code) {
    case ErrorCode::kConcurrentTransactions:
      if (support == TransactionSupport::kAdds) return error;
      [[fallthrough]];
    case ErrorCode::kNetworkException:
    case ErrorCode::kCoordinatorLoadInProgress:
    case ErrorCode::kCoordinatorNotAvailable:
    case ErrorCode::kNotCoordinator:
      return {ErrorCode::kNotEnoughReplicas,
              "whether the transaction includes the partition is not known yet: " + std::string(name(error.code))};
    default:
      return error;
  }
}

}  // namespace thalweg::broker
