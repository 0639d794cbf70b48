// The hosts of one kind of coordinator on one shard: one for every partition of its internal topic that this broker
// leads there, following leadership as it comes and goes.
//
// Owner: that shard.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "coordinator/partition_journal.h"
#include "replicated/host.h"
#include "runtime/shard.h"

namespace thalweg::coordinator {

template <machine::Machine M, Codec C>
class CoordinatorShard {
 public:
  using Journal = PartitionJournal<C>;
  using Host = replicated::Host<M, Journal>;
  using Context = typename M::Context;
  using Reply = typename M::Reply;
  // What is asked of one machine after the other.
  using AskEach = std::function<typename M::Effects(M&, typename M::RequestId, Instant now, Timestamp wall)>;
  // The machine of a partition, whose log has these settings; made anew whenever the partition is loaded.
  using NewMachine = std::function<std::unique_ptr<M>(const Shard&, const storage::LogConfig&)>;

  // `kind` is for log lines ("group coordinator"); the partition is put behind it.
  CoordinatorShard(const Shard& shard, std::string kind, NewMachine new_machine)
      : shard_(shard), kind_(std::move(kind)), new_machine_(std::move(new_machine)) {}

  // Loads what is led here, and from now on whatever comes to be. Before, leaderships are only noted: a broker that
  // comes back loses and regains all of them when it registers, and would load everything twice.
  void start() {
    started_ = true;
    for (const auto& [partition, host] : hosts_) host->lead();
  }
  void lead(PartitionId partition, replica::PartitionPtr led) {
    replicated::HostOptions options{.name = kind_ + " " + to_string(led->log().partition())};
    auto new_machine = [this, led] { return new_machine_(shard_, led->log().config()); };
    auto& host = hosts_[partition];
    host = std::make_unique<Host>(shard_, std::make_shared<Journal>(led), std::move(new_machine), std::move(options));
    if (started_) host->lead();
  }
  void resign(PartitionId partition) { hosts_.erase(partition); }
  void resign_all() { hosts_.clear(); }

  // Calls for the machine of every partition that serves.
  template <class F>
  void each_machine(F call) const {
    for (const auto& [partition, host] : hosts_)
      if (host->serving()) call(host->machine());
  }
  // Of one partition; nullptr unless it serves. Not to be kept over a suspension.
  const M* machine_of(PartitionId partition) const {
    const auto at = hosts_.find(partition);
    return at != hosts_.end() && at->second->serving() ? &at->second->machine() : nullptr;
  }
  std::vector<PartitionId> partitions() const {
    std::vector<PartitionId> led;
    for (const auto& [partition, host] : hosts_) led.push_back(partition);
    return led;
  }

  // kNotCoordinator if the partition is not led from here.
  Task<Result<Reply>> ask(PartitionId partition, typename Host::Ask what) {
    const auto at = hosts_.find(partition);
    if (at == hosts_.end()) co_return fail(ErrorCode::kNotCoordinator);
    co_return co_await at->second->handle(std::move(what));
  }
  template <class Response, class Request>
  Task<Result<Response>> handle(PartitionId partition, Request request, Context context) {
    auto reply = co_await ask(partition, replicated::asking<M>(std::move(request), std::move(context)));
    co_return replicated::only<Response>(std::move(reply));
  }
  // The same for every partition here; the first error is the answer. One that is lost meanwhile is left out: its next
  // coordinator speaks for it.
  Task<Result<std::vector<Reply>>> ask_all(AskEach what) {
    std::vector<Reply> replies;
    for (const auto partition : partitions()) {
      auto reply = co_await ask(partition, what);
      if (reply)
        replies.push_back(std::move(*reply));
      else if (reply.error().code != ErrorCode::kNotCoordinator)
        co_return std::unexpected(std::move(reply.error()));
    }
    co_return replies;
  }

 private:
  const Shard& shard_;
  const std::string kind_;
  const NewMachine new_machine_;
  bool started_ = false;
  // Requests in flight survive their host's end: it answers them, and they touch it no more.
  std::map<PartitionId, std::unique_ptr<Host>> hosts_;
};

}  // namespace thalweg::coordinator
