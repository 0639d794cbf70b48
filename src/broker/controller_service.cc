#include "broker/controller_service.h"

#include "base/log.h"

namespace thalweg::broker {
namespace {

using controller::ControllerMachine;

// What the controller takes for one change is what the quorum takes for one entry.
static_assert(controller::kMaxBytesPerBatch <= raft::Quorum::kEntryMax);

replicated::HostOptions host_options() {
  return {.name = "controller",
          .loading = ErrorCode::kNotController,
          .not_here = ErrorCode::kNotController,
          .commit_timeout = std::chrono::seconds(60)};  // thousands of partitions may have to be opened
}

// Nothing yet, at the position of `image`: broker epochs grow with it, also when the brokers that had them are
// forgotten.
metadata::ImagePtr empty_at(const metadata::Image& image) {
  metadata::ImageBuilder builder(std::make_shared<const metadata::Image>(image.cluster_id()));
  CHECK(builder.apply(image.index(), image.term(), {}));
  return builder.build().image;
}

}  // namespace

ControllerService::ControllerService(const Shard& shard, const config::BrokerConfig& config, raft::Quorum& quorum,
                                     MetadataPublisher& publisher)
    : shard_(shard),
      config_(config),
      quorum_(quorum),
      journal_(std::make_shared<QuorumJournal>(shard, quorum, publisher)),
      host_(
          shard, journal_,
          [this, &publisher] {
            return std::make_unique<ControllerMachine>(empty_at(*publisher.current_image()),
                                                       controller::Options::from(config_), shard_.random.next());
          },
          host_options()) {}

void ControllerService::start() {
  quorum_.on_leader_change([this](raft::Leadership leadership) { on_leadership(leadership); });
  on_leadership(quorum_.leader());
}

void ControllerService::stop() {
  epoch_ = LeaderEpoch{-1};
  host_.resign();
}

void ControllerService::on_leadership(raft::Leadership leadership) {
  const bool mine = quorum_.is_leader();  // the node id alone does not say which disk of the node leads
  if (mine && leadership.epoch == epoch_) return;
  stop();
  if (!mine) return;
  epoch_ = leadership.epoch;
  journal_->lead(epoch_);
  log::info("controller active", field("epoch", epoch_));
  host_.lead();
}

}  // namespace thalweg::broker
