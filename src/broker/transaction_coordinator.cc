#include "broker/transaction_coordinator.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/log.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/leadership.h"
#include "broker/listener_role.h"
#include "broker/own_api.h"
#include "broker/peer_channels.h"
#include "broker/producer_ids.h"
#include "broker/topics.h"
#include "broker/transaction_markers.h"
#include "broker/transaction_shard.h"
#include "record/hash.h"
#include "runtime/yielding.h"

namespace thalweg::broker {
namespace {

using namespace transaction;
using protocol::WriteTxnMarkersRequest;
using protocol::WriteTxnMarkersResponse;

// What a broker may take to have markers on the disks of all in-sync replicas. Asked again afterwards, which does no
// harm.
constexpr Instant kMarkersWithin = std::chrono::seconds(10);
constexpr Instant kWorkPauseFirst = std::chrono::milliseconds(5), kWorkPauseLast = std::chrono::seconds(1);

Instant doubled(Instant pause) { return std::min<Instant>(2 * pause, kWorkPauseLast); }

}  // namespace

struct TransactionCoordinator::Transactions
    : coordinator::Coordinator<transaction::TransactionMachine, TransactionsCodec> {
  using Coordinator::Coordinator;
};

// What a shard's coordinators need from outside: for each partition that is led there somebody who takes the machine's
// work, writes markers, and says when they are written. Owner: that shard.
class TransactionCoordinator::OnShard : public std::enable_shared_from_this<OnShard> {
 public:
  OnShard(BrokerShard& here, TransactionShard& machines) : here_(here), machines_(machines) {}

  // Links hold no part of a cycle.
  void link() {
    const std::weak_ptr<OnShard> weak = shared_from_this();
    markers_ = std::make_unique<TransactionMarkers>(
        here_.shard,
        MarkerLinks{.leader = [this](const auto& topic, auto partition) { return leader(topic, partition); },
                    .write = [this](BrokerId broker, auto request) { return write(broker, std::move(request)); },
                    .written =
                        [weak](auto session, auto id, auto metadata) {
                          if (const auto self = weak.lock())
                            spawn(self->here_.shard, complete(self, session, id, metadata));
                        }});
  }
  void lead(PartitionId partition, replica::PartitionPtr led) {
    machines_.lead(partition, led);
    end(partition);
    auto session = std::make_shared<MarkerSession>(
        MarkerSession{.partition = partition, .epoch = [led] { return led->leader_epoch(); }});
    sessions_[partition] = session;
    if (started_) spawn(here_.shard, work(shared_from_this(), std::move(session)));
  }
  void resign(PartitionId partition) {
    end(partition);
    machines_.resign(partition);
  }
  void start() {
    started_ = true;
    for (const auto& [partition, session] : sessions_) spawn(here_.shard, work(shared_from_this(), session));
  }
  void stop() {
    started_ = false;
    while (!sessions_.empty()) end(sessions_.begin()->first);
    if (peers_) peers_->close();
  }

 private:
  void end(PartitionId partition) {
    const auto node = sessions_.extract(partition);
    if (node) markers_->end(node.mapped());
  }

  // Takes what there is to do, as long as the leadership lasts. While the machine is loaded it is asked again and
  // again.
  static Task<> work(std::shared_ptr<OnShard> self, MarkerSessionPtr session) {
    bool all = true;
    for (Instant pause = kWorkPauseFirst; !session->over;) {
      auto work = co_await self->machines_.handle<Work>(session->partition, TakeWork{.all = all}, {});
      if (session->over) co_return;
      all = !work;  // what was handed out may have been lost with the answer
      if (work) {
        for (auto& [id, metadata] : work->markers) self->markers_->write(session, id, std::move(metadata));
        for (auto& timed_out : work->timed_out) spawn(self->here_.shard, abort(self, session, std::move(timed_out)));
        pause = kWorkPauseFirst;
        co_await give_way();
      } else {
        co_await self->here_.shard.clock.sleep_for(std::exchange(pause, doubled(pause)));
      }
    }
  }
  static Task<> complete(std::shared_ptr<OnShard> self, MarkerSessionPtr session, std::string id,
                         MetadataPtr metadata) {
    for (Instant pause = kWorkPauseFirst; !session->over;) {
      const MarkersWritten written{id, metadata->last_update};
      const auto known = co_await self->machines_.handle<Done>(session->partition, written, {});
      if (session->over) co_return;
      if (known) co_return self->markers_->confirmed(session, id, metadata->last_update);
      co_await self->here_.shard.clock.sleep_for(std::exchange(pause, doubled(pause)));
    }
  }
  // Where there is no producer id now, the machine asks again at the next look for transactions whose time is over.
  static Task<> abort(std::shared_ptr<OnShard> self, MarkerSessionPtr session, TimedOut timed_out) {
    auto& broker = self->here_.broker;
    const auto id = co_await broker.shard0().call(broker.producer_ids(), &ProducerIds::next);
    if (session->over || !id) co_return;
    const AbortTimedOut request{timed_out.transactional_id, timed_out.producer_id, timed_out.producer_epoch};
    co_await self->machines_.handle<Done>(session->partition, request, {.new_producer_id = *id});
  }

  MarkerLinks::Leader leader(const std::string& topic, PartitionId partition) const {
    using enum MarkerLinks::Where;
    const auto found = find_partition(*here_.image(), topic, partition);
    if (!found) return {kGone};
    const BrokerId leads = found->state->leader;
    const auto* broker = here_.image()->broker(leads);
    if (!broker || broker->fenced) return {kNoLeader};
    return {kLed, leads};
  }
  Task<Result<WriteTxnMarkersResponse>> write(BrokerId broker, WriteTxnMarkersRequest request) {
    const auto& config = here_.broker.config();
    if (broker == config.node_id) co_return co_await ask_own<WriteTxnMarkersResponse>(here_, std::move(request));
    const auto* registered = here_.image()->broker(broker);
    const auto* endpoint = registered ? registered->endpoint(inter_broker_listener(config)) : nullptr;
    if (!endpoint) co_return fail(ErrorCode::kBrokerNotAvailable, "it has no listener for other brokers");
    if (!peers_)
      peers_ = std::make_unique<PeerChannels>(here_.shard,
                                              PeerChannelsOptions{.client_id = "node-" + to_string(config.node_id),
                                                                  .cluster_id = here_.image()->cluster_id()});
    co_return co_await peers_->send<WriteTxnMarkersResponse>(
        {broker, Purpose::kMarkers}, Endpoint{endpoint->host, endpoint->port}, std::move(request),
        WriteTxnMarkersRequest::kMaxVersion, later(here_.shard.clock.now(), kMarkersWithin));
  }

  BrokerShard& here_;
  TransactionShard& machines_;
  bool started_ = false;
  std::map<PartitionId, MarkerSessionPtr> sessions_;
  std::unique_ptr<PeerChannels> peers_;  // null until another broker is asked
  std::unique_ptr<TransactionMarkers> markers_;
};

TransactionCoordinator::TransactionCoordinator(Broker& broker)
    : broker_(broker),
      transactions_(std::make_unique<Transactions>(shards_of(broker), "transaction coordinator",
                                                   transaction_machines(broker.config(), [&broker](std::size_t shard) {
                                                     const auto& image = broker.shards()[shard]->image();
                                                     return image ? image->transaction_version() : std::int16_t{0};
                                                   }))) {
  for (std::size_t i = 0; i < broker.shards().size(); ++i) {
    auto& here = *broker.shards()[i];
    const auto mine = shards_.emplace_back(std::make_shared<OnShard>(here, transactions_->on_shard(i)));
    mine->link();
    auto listen = [mine = mine.get()](PartitionId partition, replica::PartitionPtr led) {
      if (led)
        mine->lead(partition, std::move(led));
      else
        mine->resign(partition);
    };
    here.on_leadership(std::string(kTransactionsTopic), std::move(listen));
  }
}
TransactionCoordinator::~TransactionCoordinator() = default;

Task<> TransactionCoordinator::start() {
  co_await transactions_->start();
  for (std::size_t i = 0; i < shards_.size(); ++i)
    co_await broker_.shards()[i]->shard.call(*shards_[i], &OnShard::start);
}
Task<> TransactionCoordinator::stop() {
  for (std::size_t i = 0; i < shards_.size(); ++i)
    co_await broker_.shards()[i]->shard.call(*shards_[i], &OnShard::stop);
  co_await transactions_->stop();
}

Result<TransactionCoordinator::Place> TransactionCoordinator::locate(const metadata::Image& image,
                                                                     const std::string& transactional_id) const {
  const auto topic = image.topic(kTransactionsTopic);
  if (!topic || topic->partitions.empty())
    return fail(ErrorCode::kCoordinatorNotAvailable, "there is no transactional id yet, so no coordinator");
  const auto partition = record::coordinator_partition(transactional_id, std::int32_t(topic->partitions.size()));
  if (topic->partition(partition)->leader != broker_.config().node_id)
    return fail(ErrorCode::kNotCoordinator, "another broker coordinates transactional id " + transactional_id);
  return Place{broker_.owner_of({topic->id, partition}).shard.id, partition};
}

template <class Response, class Request>
Task<Result<Response>> TransactionCoordinator::ask(const RequestContext& context, const std::string& transactional_id,
                                                   Request request) {
  CO_TRY(const auto place, locate(*context.image, transactional_id));
  const Instant begun = context.now();
  auto answer = co_await transactions_->ask<Response>(place.shard, place.partition, std::move(request), {});
  context.note_wait_since(begun);
  co_return answer;
}

template <class Request>
Task<ProducerReply> TransactionCoordinator::ask_for_producer(const RequestContext& context,
                                                             const std::string& transactional_id, Request request) {
  const auto place = locate(*context.image, transactional_id);
  if (!place) co_return ProducerReply{.error = place.error().code};
  transaction::RequestContext with;
  const Instant begun = context.now();
  for (;;) {
    auto answer = co_await transactions_->ask<ProducerReply>(place->shard, place->partition, request, with);
    context.note_wait_since(begun);
    if (!answer) co_return ProducerReply{.error = answer.error().code};
    // Whatever has changed between the two, an id is all that can be wanted.
    if (!answer->wants_producer_id || with.new_producer_id != kNoProducerId) co_return *answer;
    const auto id = co_await broker_.shard0().call(broker_.producer_ids(), &ProducerIds::next);
    // Clients try again after this one; what failed is the controller, not they.
    if (!id) co_return ProducerReply{.error = ErrorCode::kCoordinatorLoadInProgress};
    with.new_producer_id = *id;
  }
}

template <class Response, class Request>
Task<Result<std::vector<Response>>> TransactionCoordinator::ask_all(Request request) {
  return transactions_->ask_all<Response>(std::move(request), {});
}

// All that is asked of them; a new request adds its line.
using TransactionAsked = const RequestContext&;
using TransactionalId = const std::string&;
template Task<ProducerReply> TransactionCoordinator::ask_for_producer(TransactionAsked, TransactionalId, InitProducer);
template Task<ProducerReply> TransactionCoordinator::ask_for_producer(TransactionAsked, TransactionalId,
                                                                      EndTransaction);
template Task<Result<PartitionsReply>> TransactionCoordinator::ask(TransactionAsked, TransactionalId, AddPartitions);
template Task<Result<Described>> TransactionCoordinator::ask(TransactionAsked, TransactionalId, DescribeTransaction);
template Task<Result<std::vector<protocol::ListTransactionsResponse>>> TransactionCoordinator::ask_all(
    protocol::ListTransactionsRequest);

}  // namespace thalweg::broker
