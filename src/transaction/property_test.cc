// Clients, zombies, lost answers, late requests, time-outs, coordinators that fail anywhere, and markers of
// coordinators that have been replaced, in any order:
//
//  - no transaction is committed in one place and aborted in another;
//  - what a client was told is what the markers say;
//  - no marker of the coordinator's has an epoch below one that is already written;
//  - who was fenced commits nothing any more;
//  - every transaction ends.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <memory>

#include "base/check.h"
#include "base/log.h"
#include "transaction/testing_cluster.h"
#include "transaction/transaction_machine.h"

namespace thalweg::transaction {
namespace {
using namespace std::chrono_literals;

constexpr int kPartitions = 4;
const std::string kTopic = "t";
const std::array<std::string, 2> kIds{"a", "b"};

using Request = std::variant<InitProducer, AddPartitions, EndTransaction, TakeWork, MarkersWritten, AbortTimedOut>;

// A producer process. It has one request under way, and asks again when it has waited long enough.
struct Client {
  std::string id;
  std::int16_t version = 0;  // of transaction.version that it speaks
  ProducerId producer = kNoProducerId;
  ProducerEpoch epoch = kNoProducerEpoch;
  TransactionNumber transaction = 0;
  bool wrote = false;
  enum class Doing { kNothing, kInit, kWrite, kCommit, kAbort, kDead } doing = Doing::kInit;
  int partition = 0;  // that is being written to
  int guard = 0;
  std::uint64_t asked = 0;  // the request that is under way; 0: none
  bool fenced = false;      // another one has begun under its id
  bool ended_before_fence = false;
};

class PropertyWorld {
 public:
  PropertyWorld(std::uint64_t seed, std::int16_t cluster) : dice_(seed), cluster_(cluster) {
    // So near the last epoch that they are used up.
    if (dice_.one_in(2)) preset(kIds[0], 100, 32'760 + dice_.below(7));
    elect();
    for (int i = 0; i < 2; ++i) begin_client();
  }

  void step() {
    const int choice = dice_.below(40);
    if (choice < 10)
      deliver_request();
    else if (choice < 16)
      deliver_reply();
    else if (choice < 22)
      commit_log();
    else if (choice < 30)
      client_acts();
    else if (choice < 37)
      worker_acts();
    else if (choice == 37)
      pass(Millis(dice_.below(4000)));
    else if (choice == 38 && dice_.one_in(6))
      fail_over();
    else if (choice == 39 && dice_.one_in(12))
      begin_client();
    else if (!replies_.empty() && dice_.one_in(10))
      replies_.erase(replies_.begin() + dice_.below(int(replies_.size())));  // lost
  }

  // Without further faults and with clients that do nothing more.
  void expect_all_to_end() {
    for (auto& client : clients_) client.doing = Client::Doing::kDead;
    for (int round = 0; round < 60; ++round) {
      while (!requests_.empty()) deliver_request();
      commit_log();
      while (!replies_.empty()) deliver_reply();
      for (int i = 0; i < 400; ++i) worker_acts();
      pass(10s);
    }
    for (const auto& id : kIds) {
      const auto state = described(id);
      EXPECT_TRUE(state == "Empty" || state == "CompleteCommit" || state == "CompleteAbort" || state.empty())
          << id << " is left in " << state;
    }
    for (auto& partition : partitions_) EXPECT_FALSE(partition.has_open()) << "a transaction is open for ever";
    for (const auto& [transaction, told] : told_) {
      if (!outcomes_.contains(transaction)) continue;  // nothing was written
      EXPECT_EQ(outcomes_.at(transaction), told)
          << "the client of transaction " << transaction << " was told otherwise";
    }
  }
  int commits() const {
    return int(std::ranges::count_if(outcomes_, [](const auto& o) { return o.second == Outcome::kCommitted; }));
  }
  int aborts() const { return int(outcomes_.size()) - commits(); }
  int fail_overs() const { return coordinator_epoch_; }
  int exchanged() const { return exchanged_; }

 private:
  struct Under {
    std::uint64_t number;
    Request request;
    RequestContext context;
    int worker = -1;  // which asks; else a client
  };
  struct Held {
    std::size_t seen;  // of the log, which must be committed first
    std::uint64_t request;
    Reply reply;
  };
  // Who writes the markers of one coordinator. That of one which has been replaced goes on until it notices.
  struct Worker {
    int coordinator_epoch = 0;
    std::uint64_t asked = 0;
    bool all = true;
    struct Writing {
      MarkersToWrite work;
      std::set<PartitionId> left;
    };
    // Until the coordinator has said that it knows.
    std::map<std::string, Writing> writing;
  };

  void preset(const std::string& id, std::int64_t producer, int epoch) {
    TransactionMetadata metadata{.producer_id = ProducerId{producer},
                                 .producer_epoch = ProducerEpoch{static_cast<std::int16_t>(epoch)},
                                 .timeout_ms = 60'000,
                                 .last_update = wall()};
    log_.push_back(bytes_of({id, std::make_shared<const TransactionMetadata>(metadata), 1}));
    committed_ = log_.size();
    next_producer_ = producer + 1;
  }
  static KeyValue bytes_of(const TransactionRecord& record) {
    auto bytes = encode(record);
    CHECK(bytes);
    return std::move(*bytes);
  }
  Timestamp wall() const { return 1'700'000'000'000 + std::chrono::duration_cast<Millis>(now_).count(); }

  // ---------------------------------------------------------------------------------------------- the coordinator

  void elect() {
    ++coordinator_epoch_;
    machine_ = std::make_unique<TransactionMachine>(TransactionConfig{}, [this] { return cluster_; });
    for (const auto& [key, value] : log_) {
      const auto record = decode(key, value);
      CHECK(record && *record);
      machine_->apply(**record);
    }
    timers_.clear();
    waiting_.clear();
    perform(machine_->on_loaded(now_, wall()));
    workers_.push_back({.coordinator_epoch = coordinator_epoch_});
    if (workers_.size() > 3) workers_.pop_front();
  }
  // What is not committed may be lost; answers that waited for it are.
  void fail_over() {
    log_.resize(committed_ + std::size_t(dice_.below(int(log_.size() - committed_) + 1)));
    committed_ = log_.size();
    held_.clear();
    elect();
  }
  void commit_log() {
    committed_ = log_.size();
    for (auto& held : held_) replies_.push_back(std::move(held));
    held_.clear();
  }

  bool perform(Effects effects) {
    if (!effects.append.empty() && dice_.one_in(20)) {
      machine_->undo();
      return false;
    }
    for (const auto& record : effects.append) {
      log_.push_back(bytes_of(record));
      machine_->apply(record);
      if (record.value && record.value->next_producer_id != kNoProducerId) ++exchanged_;
    }
    for (const auto& change : effects.timers) {
      if (change.at)
        timers_[change.key] = *change.at;
      else
        timers_.erase(change.key);
    }
    for (auto& reply : effects.replies) {
      EXPECT_EQ(waiting_.erase(reply.id.value), 1u) << "nobody waits for it";
      held_.push_back({log_.size(), reply.id.value, std::move(reply.reply)});
    }
    return true;
  }

  void pass(Instant time) {
    now_ += time;
    for (;;) {
      const auto next = std::ranges::min_element(timers_, {}, [](const auto& t) { return t.second; });
      if (next == timers_.end() || next->second > now_) break;
      const TimerKey key = next->first;
      timers_.erase(next);
      if (!perform(machine_->on_timer(key, now_, wall()))) timers_[key] = now_ + 1s;
    }
  }
  std::string described(const std::string& id) {
    waiting_.insert(++last_);
    const auto effects = machine_->on(DescribeTransaction{id}, {}, RequestId{last_}, now_, wall());
    return std::get<Described>(effects.replies.at(0).reply).transaction_state;
  }

  // ---------------------------------------------------------------------------------------------- messages

  std::uint64_t send(Request request, int worker, RequestContext context = {}) {
    requests_.push_back({++last_, std::move(request), context, worker});
    return last_;
  }
  // Any of them is next.
  void deliver_request() {
    if (requests_.empty()) return;
    const auto at = requests_.begin() + dice_.below(int(requests_.size()));
    Under under = std::move(*at);
    requests_.erase(at);
    if (under.worker >= 0 && under.worker != coordinator_epoch_) return;  // to one that is none any more
    waiting_.insert(under.number);
    sent_[under.number] = under;
    const bool done = std::visit(
        [&](const auto& request) {
          return perform(machine_->on(request, under.context, RequestId{under.number}, now_, wall()));
        },
        under.request);
    if (!done) waiting_.erase(under.number);
  }
  void deliver_reply() {
    if (replies_.empty()) return;
    const Held held = std::move(replies_.front());
    replies_.pop_front();
    Under under = sent_.at(held.request);
    sent_.erase(held.request);
    if (const auto* answer = std::get_if<ProducerReply>(&held.reply); answer && answer->wants_producer_id) {
      // As the broker does: asked again in the name of who asked.
      const auto was = under.number;
      const auto number = send(under.request, under.worker, {ProducerId{next_producer_++}});
      for (auto& client : clients_)
        if (client.asked == was) client.asked = number;
      return;
    }
    if (under.worker >= 0) return worker_hears(under, held.reply);
    for (auto& client : clients_)
      if (client.asked == held.request) return client_hears(client, under, held.reply);
  }

  // ---------------------------------------------------------------------------------------------- clients

  void begin_client() {
    Client client;
    client.id = kIds[std::size_t(dice_.below(int(kIds.size())))];
    client.version = cluster_ >= kEpochBumpFrom && !dice_.one_in(8) ? kEpochBumpFrom : std::int16_t{0};
    clients_.push_back(client);
  }

  void client_acts() {
    auto& client = clients_[std::size_t(dice_.below(int(clients_.size())))];
    if (client.asked != 0) {
      // Nobody has answered for so long. Before KIP-890 a repeated end could end the transaction behind it: clients of
      // that time rely on the order of their connection, so the first one has arrived or is gone.
      const bool queued = std::ranges::any_of(requests_, [&](const auto& u) { return u.number == client.asked; });
      if (!dice_.one_in(8) || (queued && client.version < kEpochBumpFrom)) return;
      client.asked = 0;
    }
    using enum Client::Doing;
    if (client.doing == kNothing) {
      if (!client.transaction) client.transaction = ++last_transaction_;
      const int what = dice_.below(4);
      client.partition = dice_.below(kPartitions);
      client.doing = what < 2 || !client.wrote ? kWrite : what == 2 ? kCommit : kAbort;
      if (dice_.one_in(30)) client.doing = kInit;  // after an error of its own
    }
    ask(client);
  }
  void ask(Client& client) {
    using enum Client::Doing;
    if (client.doing == kInit) {
      client.asked = send(InitProducer{client.id, 20'000, client.producer, client.epoch}, -1);
    } else if (client.doing == kWrite) {
      client.guard = partitions_[std::size_t(client.partition)].guard(client.producer);
      client.asked = send(AddPartitions{client.id,
                                        client.producer,
                                        client.epoch,
                                        {{kTopic, {PartitionId{client.partition}}}},
                                        false,
                                        client.version},
                          -1);
    } else if (client.doing != kDead && client.doing != kNothing) {
      client.asked =
          send(EndTransaction{client.id, client.producer, client.epoch, client.doing == kCommit, client.version}, -1);
    }
  }

  void client_hears(Client& client, const Under&, const Reply& reply) {
    client.asked = 0;
    if (const auto* added = std::get_if<PartitionsReply>(&reply)) return hears_added(client, added->error);
    const auto& answer = std::get<ProducerReply>(reply);
    if (answer.error == ErrorCode::kConcurrentTransactions) return;  // it asks again
    using enum Client::Doing;
    if (client.doing == kInit) return hears_init(client, answer);
    if (client.doing == kCommit || client.doing == kAbort) hears_end(client, answer);
  }
  void hears_added(Client& client, ErrorCode error) {
    if (client.doing != Client::Doing::kWrite || error == ErrorCode::kConcurrentTransactions) return;
    if (error != ErrorCode::kNone) {
      client.doing = Client::Doing::kDead;
      return;
    }
    client.doing = Client::Doing::kNothing;
    auto& partition = partitions_[std::size_t(client.partition)];
    if (!partition.append(client.producer, client.epoch, client.transaction, client.guard)) return;
    outcomes_.try_emplace(client.transaction, Outcome::kOpen);
    client.wrote = true;
  }
  void hears_init(Client& client, const ProducerReply& answer) {
    if (answer.error != ErrorCode::kNone) {
      client.doing = Client::Doing::kDead;
      return;
    }
    EXPECT_LT(answer.producer_epoch.value, 32'767) << "the epoch of a fence is nobody's";
    const std::pair now{answer.producer_id, answer.producer_epoch};
    for (auto& other : clients_)
      if (&other != &client && other.id == client.id && other.producer != kNoProducerId &&
          std::pair{other.producer, other.epoch} < now)
        fence(other);
    // What it had open has been aborted, or was never there.
    if (client.transaction != 0 && client.wrote) tell(client.transaction, Outcome::kAborted);
    next_transaction(client, answer);
  }
  // Whatever of it is not decided by now is never committed.
  void fence(Client& client) {
    client.fenced = true;
    if (client.transaction == 0 || !client.wrote) return;
    const auto at = outcomes_.find(client.transaction);
    client.ended_before_fence = at != outcomes_.end() && at->second == Outcome::kCommitted;
  }
  void hears_end(Client& client, const ProducerReply& answer) {
    if (answer.error != ErrorCode::kNone) {
      client.doing = Client::Doing::kDead;  // what became of it is not known
      return;
    }
    const bool commit = client.doing == Client::Doing::kCommit;
    if (commit && client.fenced && client.wrote)
      EXPECT_TRUE(client.ended_before_fence) << "a fenced producer has committed";
    tell(client.transaction, commit ? Outcome::kCommitted : Outcome::kAborted);
    next_transaction(client, answer);
  }
  void next_transaction(Client& client, const ProducerReply& answer) {
    if (answer.producer_id != kNoProducerId) {
      client.producer = answer.producer_id;
      client.epoch = answer.producer_epoch;
    }
    client.transaction = 0;
    client.wrote = false;
    client.doing = Client::Doing::kNothing;
  }
  void tell(TransactionNumber transaction, Outcome outcome) { told_[transaction] = outcome; }

  // ---------------------------------------------------------------------------------------------- markers

  void worker_acts() {
    auto& worker = workers_[std::size_t(dice_.below(int(workers_.size())))];
    const bool current = worker.coordinator_epoch == coordinator_epoch_;
    if (current && (worker.asked == 0 || dice_.one_in(50))) {
      worker.all = worker.all || worker.asked != 0;
      worker.asked = send(TakeWork{worker.all}, worker.coordinator_epoch);
      worker.all = false;
    }
    if (worker.writing.empty()) return;
    auto at = std::next(worker.writing.begin(), dice_.below(int(worker.writing.size())));
    auto& [id, writing] = *at;
    const auto& metadata = *writing.work.metadata;
    if (!writing.left.empty()) {
      const PartitionId partition = *writing.left.begin();
      const Marker marker{metadata.producer_id, metadata.producer_epoch, metadata.commits(), metadata.client_version,
                          worker.coordinator_epoch};
      // The answer may be lost, and it is written again.
      if (partitions_[std::size_t(partition.value)].write(marker, outcomes_) && !dice_.one_in(6))
        writing.left.erase(partition);
      return;
    }
    // Sometimes more than once.
    if (current && dice_.one_in(3)) send(MarkersWritten{id, metadata.last_update}, worker.coordinator_epoch);
  }
  void worker_hears(const Under& under, const Reply& reply) {
    auto worker = std::ranges::find(workers_, under.worker, &Worker::coordinator_epoch);
    if (worker == workers_.end()) return;
    if (worker->asked == under.number) worker->asked = 0;
    if (const auto* written = std::get_if<MarkersWritten>(&under.request)) {
      const auto at = worker->writing.find(written->transactional_id);
      if (at != worker->writing.end() && at->second.work.metadata->last_update == written->prepared_at)
        worker->writing.erase(at);
    }
    const auto* work = std::get_if<Work>(&reply);
    if (!work) return;
    for (const auto& markers : work->markers) {
      const auto known = worker->writing.find(markers.transactional_id);
      if (known != worker->writing.end() && known->second.work.metadata->last_update == markers.metadata->last_update)
        continue;
      auto& writing = worker->writing[markers.transactional_id];
      writing = {markers, {}};
      for (const auto& [topic, partitions] : markers.metadata->partitions) writing.left = partitions;
    }
    for (const auto& late : work->timed_out)
      send(AbortTimedOut{late.transactional_id, late.producer_id, late.producer_epoch}, under.worker,
           {ProducerId{next_producer_++}});
  }

  Dice dice_;
  const std::int16_t cluster_;
  std::unique_ptr<TransactionMachine> machine_;
  Instant now_{1h};
  std::map<TimerKey, Instant> timers_;
  std::vector<KeyValue> log_;
  std::size_t committed_ = 0;
  int coordinator_epoch_ = 0, exchanged_ = 0;
  std::int64_t next_producer_ = 1;
  std::uint64_t last_ = 0;
  std::set<std::uint64_t> waiting_;  // at the machine
  std::map<std::uint64_t, Under> sent_;
  std::deque<Under> requests_;
  std::deque<Held> held_, replies_;
  std::deque<Worker> workers_;
  std::deque<Client> clients_;
  std::array<ModelPartition, kPartitions> partitions_;
  TransactionNumber last_transaction_ = 0;
  std::map<TransactionNumber, Outcome> outcomes_, told_;
};

class TransactionProperty : public testing::TestWithParam<std::int16_t> {
 protected:
  void SetUp() override { log::set_level(log::Level::kError); }
  void TearDown() override { log::set_level(log::Level::kInfo); }
};

TEST_P(TransactionProperty, EveryTransactionEndsInOneWayWhateverHappens) {
  int commits = 0, aborts = 0, fail_overs = 0, exchanged = 0;
  for (std::uint64_t seed = 1; seed <= 300 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    PropertyWorld world(seed, GetParam());
    for (int i = 0; i < 3000 && !HasFailure(); ++i) world.step();
    if (!HasFailure()) world.expect_all_to_end();
    commits += world.commits();
    aborts += world.aborts();
    fail_overs += world.fail_overs();
    exchanged += world.exchanged();
  }
  EXPECT_GT(commits, 1000) << "too few to say anything";
  EXPECT_GT(aborts, 1000);
  EXPECT_GT(fail_overs, 1000);
  if (GetParam() >= kEpochBumpFrom) EXPECT_GT(exchanged, 20) << "no epochs were used up";
}

INSTANTIATE_TEST_SUITE_P(TransactionVersions, TransactionProperty, testing::Values(std::int16_t{1}, std::int16_t{2}),
                         [](const auto& info) { return "TV" + std::to_string(info.param); });

}  // namespace
}  // namespace thalweg::transaction
