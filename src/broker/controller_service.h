// The controller on this node: the machine's host while this node leads the metadata quorum.
// Owner: shard 0; others ask with ask_controller() (broker/ask_controller.h).
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "broker/quorum_journal.h"
#include "config/broker_config.h"
#include "controller/controller_machine.h"
#include "raft/quorum.h"
#include "replicated/host.h"
#include "runtime/shard.h"

namespace thalweg::broker {

class ControllerService {
 public:
  ControllerService(const Shard& shard, const config::BrokerConfig& config, raft::Quorum& quorum,
                    MetadataPublisher& publisher);

  // Follows the quorum's leadership from now on.
  void start();
  // Takes the machine out of service; what waits is answered kNotController.
  void stop();

  // Answers when the outcome is in force on this broker. kNotController when this node does not lead.
  template <class Response, class Request>
  Task<Result<Response>> handle(Request request, std::int16_t version) {
    co_return co_await host_.template handle<Response>(std::move(request),
                                                       {.version = version, .log_end = journal_->end()});
  }

 private:
  void on_leadership(raft::Leadership leadership);

  const Shard& shard_;
  const config::BrokerConfig& config_;
  raft::Quorum& quorum_;
  const std::shared_ptr<QuorumJournal> journal_;
  replicated::Host<controller::ControllerMachine, QuorumJournal> host_;
  LeaderEpoch epoch_{-1};
};

}  // namespace thalweg::broker
