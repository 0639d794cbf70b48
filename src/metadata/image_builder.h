// Applies records to an image. Between two calls of build() it owns private copies of what it has touched and changes
// those in place, so a batch of a thousand records copies a section once; what build() and pin() have given out never
// changes again.
//
// Also the working state of whoever decides (the controller): it applies as it appends and reads current().
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "metadata/image.h"

namespace thalweg::metadata {

// What changed between two images, for those who have to act: open and close logs, change roles, reload configs.
struct Delta {
  std::set<BrokerId> brokers;  // registered, changed, fenced, unfenced or gone
  struct PartitionChange {
    Uuid topic_id;
    PartitionId partition;
    friend auto operator<=>(const PartitionChange&, const PartitionChange&) = default;
  };
  std::set<PartitionChange> partitions;        // new or changed; look them up in the new image
  std::map<Uuid, std::string> topics_created;  // id to name
  std::map<Uuid, TopicPtr> topics_deleted;     // as they last were
  std::set<ConfigResource> configs;
  bool controllers = false, features = false, quotas = false, acls = false, scram = false, tokens = false,
       producer_ids = false;

  bool empty() const;
  friend bool operator==(const Delta&, const Delta&) = default;
};

// What brings a reader of `from` to `to`, whatever lies between them: for who skipped records (a snapshot came). Costs
// a comparison of pointers for each topic that both share.
Delta diff(const Image& from, const Image& to);

struct Built {
  ImagePtr image;
  Delta delta;  // against the image of the last build(), or the base
};

// A registration as the image keeps it.
Broker broker_from(const protocol::RegisterBrokerRecord& record);
Controller controller_from(const protocol::RegisterControllerRecord& record);

// What one record does to a partition: sets what it names, and counts the change in the partition's epoch and, if it
// names a leader, in the leader's.
void apply_change(Partition& partition, const protocol::PartitionChangeRecord& record);

class ImageBuilder {
 public:
  explicit ImageBuilder(ImagePtr base);

  // An error means that the log contradicts itself (a partition of an unknown topic, say): the caller must not go on.
  Result<> apply(const Record& record);
  Result<> apply(const std::vector<Record>& records);
  // All records of one entry of the log; moves the position.
  Result<> apply(std::int64_t index, std::int64_t term, const std::vector<Record>& records);

  // The state now. References into it are valid until the next apply(), pin() or build().
  const Image& current() const { return image_; }
  // The state now as an image that never changes. What changed since the last build() is still to be built.
  ImagePtr pin();
  Built build();
  // For who never builds: what changed so far is of no interest, and not kept.
  void forget_changes() { delta_ = {}; }

 private:
  Result<> on(const protocol::RegisterBrokerRecord& record);
  Result<> on(const protocol::UnregisterBrokerRecord& record);
  Result<> on(const protocol::TopicRecord& record);
  Result<> on(const protocol::PartitionRecord& record);
  Result<> on(const protocol::ConfigRecord& record);
  Result<> on(const protocol::PartitionChangeRecord& record);
  Result<> on(const protocol::FenceBrokerRecord& record);
  Result<> on(const protocol::UnfenceBrokerRecord& record);
  Result<> on(const protocol::RemoveTopicRecord& record);
  Result<> on(const protocol::DelegationTokenRecord& record);
  Result<> on(const protocol::UserScramCredentialRecord& record);
  Result<> on(const protocol::FeatureLevelRecord& record);
  Result<> on(const protocol::ClientQuotaRecord& record);
  Result<> on(const protocol::ProducerIdsRecord& record);
  Result<> on(const protocol::BrokerRegistrationChangeRecord& record);
  Result<> on(const protocol::AccessControlEntryRecord& record);
  Result<> on(const protocol::RemoveAccessControlEntryRecord& record);
  Result<> on(const protocol::NoOpRecord& record);
  Result<> on(const protocol::RemoveUserScramCredentialRecord& record);
  Result<> on(const protocol::RemoveDelegationTokenRecord& record);
  Result<> on(const protocol::RegisterControllerRecord& record);
  Result<> on(const protocol::UnregisterControllerRecord& record);
  Result<> on(const protocol::ClearElrRecord& record);

  Result<Broker*> registered(BrokerId id, std::int64_t epoch);
  // A private copy of the topic, which both indexes point to.
  Topic* topic_for_change(Uuid id);
  void clear_eligible(Uuid id);

  Image image_;
  // Private copies; null when the section is still shared with an image given out.
  std::shared_ptr<BrokersSection> brokers_;
  std::shared_ptr<ControllersSection> controllers_;
  std::shared_ptr<TopicsSection> topics_;
  std::shared_ptr<ConfigsSection> configs_;
  std::shared_ptr<FeaturesSection> features_;
  std::shared_ptr<QuotasSection> quotas_;
  std::shared_ptr<SecuritySection> security_;
  std::map<Uuid, std::shared_ptr<Topic>> own_topics_;
  ImagePtr pinned_;  // null once something was applied since
  Delta delta_;
};

}  // namespace thalweg::metadata
