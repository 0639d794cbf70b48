#include "broker/controller_service.h"

#include "base/log.h"
#include "broker/quorum_view.h"

namespace thalweg::broker {
namespace {

using controller::ControllerMachine;

// What the controller takes for one change is what the quorum takes for one entry.
static_assert(controller::kMaxBytesPerBatch <= raft::Quorum::kEntryMax);

// Thousands of partitions may have to be opened.
constexpr Instant kInForceHereWithin = std::chrono::seconds(60);

constexpr Instant kConfirmedWithin = std::chrono::seconds(2), kHandedOverWithin = std::chrono::seconds(60);

// A new controller is loaded in milliseconds; later, patience tells as well.
constexpr Instant kGoneWithin = std::chrono::seconds(1), kGoneAgain = std::chrono::milliseconds(10);

replicated::HostOptions host_options() {
  return {.name = "controller",
          .loading = ErrorCode::kNotController,
          .not_here = ErrorCode::kNotController,
          .commit_timeout = std::chrono::seconds(60)};
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
      publisher_(publisher),
      journal_(std::make_shared<QuorumJournal>(shard, quorum, publisher)),
      host_(
          shard, journal_,
          [this, &publisher] {
            return std::make_unique<ControllerMachine>(empty_at(*publisher.current_image()),
                                                       controller::Options::from(config_), shard_.random.next());
          },
          host_options()),
      voters_(shard, config, quorum),
      others_(config.node_id) {}

void ControllerService::start() {
  quorum_.on_leader_change([this](raft::Leadership leadership) { on_leadership(leadership); });
  on_leadership(quorum_.leader());
}

void ControllerService::stop() {
  epoch_ = LeaderEpoch{-1};
  host_.resign();
  others_.reset();
  for (const auto& [index, waiter] : std::exchange(waiting_, {})) waiter.set(false);
}

std::string ControllerService::cluster_id() const { return publisher_.current_image()->cluster_id(); }

void ControllerService::on_published(BrokerId broker, Offset index) {
  others_.on_image(*publisher_.published_image());
  others_.on_published(broker, index);
  look_again();
}

void ControllerService::broker_gone(BrokerId broker, std::int64_t epoch) {
  if (epoch_ != LeaderEpoch{-1}) spawn(shard_, report_gone(broker, epoch));
}

Task<> ControllerService::report_gone(BrokerId broker, std::int64_t epoch) {
  const LeaderEpoch led = epoch_;
  const Instant until = later(shard_.clock.now(), kGoneWithin);
  while (epoch_ == led) {
    const auto answer = co_await host_.handle<controller::BrokerGoneResponse>(
        controller::BrokerGone{broker, epoch}, ControllerMachine::Context{.log_end = journal_->end()});
    if (answer && answer->fenced)
      log::warn("a broker's process is gone, it is fenced", field("broker", broker), field("epoch", epoch));
    if (answer || shard_.clock.now() >= until) co_return;
    co_await shard_.clock.sleep_for(kGoneAgain);
  }
}

void ControllerService::look_again() {
  const auto end = waiting_.upper_bound(others_.reached(shard_.clock.now()));
  for (auto at = waiting_.begin(); at != end; ++at) at->second.set(true);
  waiting_.erase(waiting_.begin(), end);
}

Task<Result<protocol::DescribeQuorumResponse>> ControllerService::describe_quorum(
    protocol::DescribeQuorumRequest request) {
  const auto leadership = quorum_.leader();
  if (!co_await quorum_.still_leads(leadership.epoch, shard_.clock.now() + kConfirmedWithin))
    co_return fail(ErrorCode::kNotController, "this node does not lead the metadata quorum");
  co_return broker::describe_quorum(view_of(quorum_, config_.node_id, shard_.clock), request);
}

// What is committed stays so, whatever happens here: it is not told as a failure that somebody does not show it yet. A
// leader's first entry and changes of members are applied and make no image, so it is the image's index that counts.
Task<> ControllerService::in_force() {
  const Offset index = publisher_.current_index();
  const Instant begun = shard_.clock.now();
  others_.on_committed(index, begun);
  co_await publisher_.published().reached(index, begun + kInForceHereWithin);
  others_.on_image(*publisher_.published_image());
  if (others_.reached(shard_.clock.now()) >= index) co_return;
  const OneShot<bool> reached;
  const auto at = waiting_.emplace(index, reached);
  const auto timer = shard_.clock.call_at(begun + InForce::kPatience, [this, at, reached] {
    if (reached.is_set()) return;
    waiting_.erase(at);
    reached.set(false);
  });
  co_await reached.wait();
}

Task<> ControllerService::hand_over() {
  log::error("this node was elected and cannot apply the metadata; another one has to lead",
             field("error", publisher_.health().error()));
  co_await quorum_.hand_over(shard_.clock.now() + kHandedOverWithin);
}

void ControllerService::on_leadership(raft::Leadership leadership) {
  const bool mine = quorum_.is_leader();  // the node id alone does not say which disk of the node leads
  if (mine && leadership.epoch == epoch_) return;
  stop();
  if (!mine) return;
  if (!publisher_.health()) {  // its image is not the cluster's any more: it may decide nothing
    spawn(shard_, hand_over());
    return;
  }
  epoch_ = leadership.epoch;
  journal_->lead(epoch_);
  log::info("controller active", field("epoch", epoch_));
  host_.lead();
}

}  // namespace thalweg::broker
