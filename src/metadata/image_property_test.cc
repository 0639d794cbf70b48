// Random logs: what the builder says has changed is held against a plain comparison of images, and what it has given
// out against what it was then. A failure names its seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "metadata/image_builder.h"

namespace thalweg::metadata {
namespace {

// Makes records that fit the state, from few names, so that things come, go and come again.
class Writer {
 public:
  explicit Writer(std::uint64_t seed) : random_(seed) {}

  Record next(const Image& image) {
    for (;;)
      if (auto record = attempt(image)) return *std::move(record);
  }

 private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  BrokerId any_broker() { return BrokerId{static_cast<std::int32_t>(below(4))}; }

  std::optional<Record> attempt(const Image& image) {
    switch (below(13)) {
      case 0:
        return registration();
      case 1:
        return fence(image);
      case 2:
        return create(image);
      case 3:
      case 4:
        return grow(image);
      case 5:
        return change(image);
      case 6:
        return below(3) == 0 ? remove(image) : std::nullopt;
      case 7:
        return configure(image);
      case 8:
        return feature();
      case 9:
        return quota();
      case 10:
        return controller(image);
      case 11:
        return below(3) == 0 ? clear_eligible(image) : std::nullopt;
      default:
        return below(2) ? producer_ids(image) : acl();
    }
  }

  Record registration() {
    protocol::RegisterBrokerRecord record;
    record.broker_id = any_broker();
    record.broker_epoch = static_cast<std::int64_t>(below(3));
    record.fenced = below(2) == 0;
    return record;
  }
  std::optional<Record> fence(const Image& image) {
    const auto* broker = image.broker(any_broker());
    if (!broker) return std::nullopt;
    if (below(8) == 0) {
      protocol::UnregisterBrokerRecord record;
      record.broker_id = broker->id;
      record.broker_epoch = broker->epoch;
      return Record(record);
    }
    protocol::BrokerRegistrationChangeRecord record;
    record.broker_id = broker->id;
    record.broker_epoch = broker->epoch;
    record.fenced = below(2) ? 1 : -1;
    return Record(record);
  }
  std::optional<Record> create(const Image& image) {
    protocol::TopicRecord record;
    record.name = "t" + std::to_string(below(5));
    record.topic_id = Uuid{7, below(1000)};
    if (image.topic(record.name) || image.topic(record.topic_id)) return std::nullopt;
    return Record(record);
  }
  TopicPtr any_topic(const Image& image) { return image.topic("t" + std::to_string(below(5))); }
  std::optional<Record> grow(const Image& image) {
    const auto topic = any_topic(image);
    if (!topic || topic->partitions.size() > 6) return std::nullopt;
    protocol::PartitionRecord record;
    record.topic_id = topic->id;
    record.partition_id = PartitionId{static_cast<std::int32_t>(topic->partitions.size())};
    record.replicas = record.isr = {any_broker()};
    return Record(record);
  }
  std::optional<Record> change(const Image& image) {
    const auto topic = any_topic(image);
    if (!topic || topic->partitions.empty()) return std::nullopt;
    protocol::PartitionChangeRecord record;
    record.topic_id = topic->id;
    record.partition_id = PartitionId{static_cast<std::int32_t>(below(topic->partitions.size()))};
    if (below(2)) record.leader = any_broker();
    record.isr = std::vector{any_broker()};
    if (below(3) == 0) record.eligible_leader_replicas = std::vector{any_broker()};
    if (below(8) == 0) record.last_known_elr = std::vector{any_broker()};
    return Record(record);
  }
  std::optional<Record> remove(const Image& image) {
    const auto topic = any_topic(image);
    if (!topic) return std::nullopt;
    protocol::RemoveTopicRecord record;
    record.topic_id = topic->id;
    return Record(record);
  }
  std::optional<Record> configure(const Image& image) {
    protocol::ConfigRecord record;
    const auto topic = any_topic(image);
    record.resource_type = static_cast<std::int8_t>(topic ? ResourceType::kTopic : ResourceType::kBroker);
    record.resource_name = topic ? topic->name : "";
    record.name = below(2) ? "retention.ms" : "min.insync.replicas";
    if (below(3)) record.value = std::to_string(below(2));
    return Record(record);
  }
  std::optional<Record> controller(const Image& image) {
    const auto id = any_broker();
    if (below(3) == 0) {
      if (!image.controllers().contains(id)) return std::nullopt;
      protocol::UnregisterControllerRecord record;
      record.controller_id = id;
      return Record(record);
    }
    protocol::RegisterControllerRecord record;
    record.controller_id = id;
    record.incarnation_id = Uuid{9, below(3)};
    record.end_points.push_back({"CONTROLLER", "host", 9093, 0});
    record.features.push_back({"metadata.version", 7, 30});
    return Record(record);
  }
  std::optional<Record> clear_eligible(const Image& image) {
    protocol::ClearElrRecord record;
    if (below(2) == 0) return Record(record);
    const auto topic = any_topic(image);
    if (!topic) return std::nullopt;
    record.topic_name = topic->name;
    return Record(record);
  }
  Record feature() {
    protocol::FeatureLevelRecord record;
    record.name = below(2) ? "a" : "b";
    record.feature_level = static_cast<std::int16_t>(below(3));
    return record;
  }
  Record quota() {
    protocol::ClientQuotaRecord record;
    record.entity.push_back({"user", below(2) ? std::optional<std::string>("u") : std::nullopt});
    record.key = "producer_byte_rate";
    record.value = static_cast<double>(below(2));
    record.remove = below(3) == 0;
    return record;
  }
  Record producer_ids(const Image& image) {
    protocol::ProducerIdsRecord record;
    record.next_producer_id = ProducerId{image.next_producer_id().value + static_cast<std::int64_t>(below(2)) * 1000};
    return record;
  }
  Record acl() {
    if (below(3) == 0) {
      protocol::RemoveAccessControlEntryRecord record;
      record.id = Uuid{1, below(3)};
      return record;
    }
    protocol::AccessControlEntryRecord record;
    record.id = Uuid{1, below(3)};
    record.resource_name = below(2) ? "x" : "y";
    return record;
  }

  std::mt19937_64 random_;
};

template <class Key>
std::set<Key> keys(const std::set<Key>& set) {
  return set;
}
template <class Key, class Value>
std::set<Key> keys(const std::map<Key, Value>& map) {
  std::set<Key> out;
  for (const auto& [key, value] : map) out.insert(key);
  return out;
}

template <class Set>
bool includes(const Set& all, const Set& some) {
  return std::ranges::includes(keys(all), keys(some));
}

// The builder may name what went there and back between two builds; it may leave out nothing, and name nothing that no
// record touched.
void expect_tells(const Delta& said, const Delta& truth) {
  EXPECT_TRUE(includes(said.brokers, truth.brokers));
  EXPECT_TRUE(includes(said.partitions, truth.partitions));
  EXPECT_TRUE(includes(said.configs, truth.configs));
  EXPECT_EQ(said.topics_created, truth.topics_created);
  EXPECT_EQ(keys(said.topics_deleted), keys(truth.topics_deleted));
  EXPECT_GE(said.controllers, truth.controllers);
  EXPECT_GE(said.features, truth.features);
  EXPECT_GE(said.quotas, truth.quotas);
  EXPECT_GE(said.acls, truth.acls);
  EXPECT_GE(said.scram, truth.scram);
  EXPECT_GE(said.tokens, truth.tokens);
  EXPECT_GE(said.producer_ids, truth.producer_ids);
}

ImagePtr replayed(const std::vector<Record>& log) {
  ImageBuilder builder(std::make_shared<const Image>("cluster"));
  EXPECT_TRUE(builder.apply(log));
  return builder.build().image;
}

TEST(ImageProperty, TheBuildersDeltaIsTheDifferenceOfItsImages) {
  std::size_t partitions = 0, deleted = 0, exact = 0, builds = 0;
  for (std::uint64_t seed = 0; seed < 300 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Writer writer(seed);
    std::mt19937_64 random(seed);
    ImageBuilder builder(std::make_shared<const Image>("cluster"));
    ImagePtr before = builder.build().image;
    for (int i = 0; i < 40; ++i) {
      for (auto n = random() % 6; n > 0; --n) {
        ASSERT_TRUE(builder.apply(writer.next(builder.current())));
        if (random() % 4 == 0) builder.pin();
      }
      auto built = builder.build();
      const Delta truth = diff(*before, *built.image);
      expect_tells(built.delta, truth);
      partitions += truth.partitions.size();
      deleted += truth.topics_deleted.size();
      exact += built.delta.partitions == truth.partitions;
      ++builds;
      before = std::move(built.image);
    }
  }
  EXPECT_GT(partitions, 1000u);
  EXPECT_GT(deleted, 100u);
  EXPECT_GT(exact, builds * 9 / 10);  // there and back is rare
}

TEST(ImageProperty, NothingDiffersBetweenAnImageAndItsCopy) {
  Writer writer(3);
  std::vector<Record> log;
  ImageBuilder builder(std::make_shared<const Image>("cluster"));
  for (int i = 0; i < 400; ++i) {
    log.push_back(writer.next(builder.current()));
    ASSERT_TRUE(builder.apply(log.back()));
  }
  const auto image = builder.build().image;
  EXPECT_TRUE(diff(*image, *replayed(log)).empty());
  EXPECT_TRUE(diff(*image, *replayed(image->snapshot())).empty());
  EXPECT_FALSE(diff(*image, Image("cluster")).empty());
}

// Whoever writes a snapshot holds the image while records go on arriving.
TEST(ImageProperty, AnImageThatWasPinnedNeverChanges) {
  for (std::uint64_t seed = 0; seed < 100 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Writer writer(seed);
    std::vector<Record> log;
    ImageBuilder builder(std::make_shared<const Image>("cluster"));
    std::vector<std::pair<std::size_t, ImagePtr>> pinned;
    for (int i = 0; i < 120; ++i) {
      log.push_back(writer.next(builder.current()));
      ASSERT_TRUE(builder.apply(log.back()));
      if (i % 7 == 0) pinned.emplace_back(log.size(), builder.pin());
    }
    for (const auto& [records, image] : pinned) {
      const std::vector<Record> then(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(records));
      EXPECT_EQ(*image, *replayed(then)) << "after " << records << " records";
    }
  }
}

TEST(ImageProperty, PinningTakesNothingFromTheNextBuild) {
  Writer a(5), b(5);
  ImageBuilder pinning(std::make_shared<const Image>("cluster")), plain(std::make_shared<const Image>("cluster"));
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(pinning.apply(a.next(pinning.current())));
    ASSERT_TRUE(plain.apply(b.next(plain.current())));
    pinning.pin();
  }
  const auto one = pinning.build(), two = plain.build();
  EXPECT_EQ(*one.image, *two.image);
  EXPECT_EQ(one.delta.partitions, two.delta.partitions);
  EXPECT_EQ(one.delta.topics_created, two.delta.topics_created);
  EXPECT_EQ(one.image, pinning.pin()) << "nothing was applied since: the same image is given again";
}

}  // namespace
}  // namespace thalweg::metadata
