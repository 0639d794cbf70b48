// What a start makes of the folders that it finds.
#include <gmock/gmock.h>

#include "broker/broker_shard.h"
#include "broker/testing.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "storage/data_directory.h"

namespace thalweg::broker {
namespace {

using testing::Contains;
using testing::Not;

constexpr const char* kIdFile = "/data/orders-0/partition.metadata";
constexpr const char* kLogFile = "/data/orders-0/00000000000000000000.log";

class BrokerStart : public ::testing::Test {
 protected:
  Disk& disk() { return b.broker().shards().front()->shard.disk; }

  void create_topic(const std::string& name) {
    const auto response = b.ask<protocol::CreateTopicsResponse>(creation_of(name));
    ASSERT_EQ(response.topics.at(0).error_code, ErrorCode::kNone);
  }
  void write(const std::string& path, std::string_view text) {
    const auto file = disk().open(path, OpenMode::kTruncate);
    ASSERT_TRUE(file && (*file)->write(0, std::as_bytes(std::span(text))));
  }
  std::vector<std::string> folders() {
    std::vector<std::string> names;
    for (const auto& entry : *disk().list("/data")) names.push_back(entry.name);
    return names;
  }

  BrokerUnderTest b;
};

// Set aside, it would be gone at the next start, and an empty partition in its place.
TEST_F(BrokerStart, LeavesAPartitionThatCannotBeOpenedWhereItIs) {
  create_topic("orders");
  write(kIdFile, "not what it should be");
  write(kLogFile, "a log that is not empty");
  for (int starts = 0; starts < 2; ++starts) {
    b.restart();
    EXPECT_THAT(folders(), Contains("orders-0"));
    EXPECT_EQ(disk().read_file(kLogFile)->text(), "a log that is not empty");
  }
}

TEST_F(BrokerStart, SetsAsideThePartitionOfATopicThatIsGone) {
  ASSERT_TRUE(disk().make_directory("/data/empty-0"));
  b.restart();
  EXPECT_THAT(folders(), Not(Contains("empty-0")));
  EXPECT_THAT(folders(), Not(Contains(testing::EndsWith("-stray")))) << "there is nothing in it to judge";
  ASSERT_TRUE(disk().make_directory("/data/strange-0"));
  write("/data/strange-0/00000000000000000000.log", "a log that is not empty");
  b.restart();
  EXPECT_THAT(folders(), Not(Contains("strange-0")));
  EXPECT_THAT(folders(), Contains(testing::EndsWith("-stray")));
}

// A start waits for most of its syncs. On a new disk: the names above /data 1, meta.properties 2, the folder of the
// metadata log 1, the name of its segment 1, its first records 5, the notes of the quorum and of the epoch 2 each.
TEST(BrokerStartSyncs, AreCounted) {
  BrokerUnderTest b;
  EXPECT_LE(b.node().disk().syncs(), 14u);
  const auto before = b.node().disk().syncs();
  b.restart();
  EXPECT_LE(b.node().disk().syncs() - before, 12u);
}

// Written at once, since nobody else has a say in it.
TEST(BrokerStartSyncs, ANodeAloneIsOfItsClusterFromTheFirstFileOn) {
  BrokerUnderTest b;
  const auto meta = storage::parse_meta_properties(b.node().disk().read_file("/data/meta.properties")->text());
  ASSERT_TRUE(meta);
  EXPECT_FALSE(meta->cluster_id.empty());
  EXPECT_FALSE(meta->directory_id.is_zero());
  b.restart();
  EXPECT_EQ(storage::parse_meta_properties(b.node().disk().read_file("/data/meta.properties")->text()), *meta);
}

}  // namespace
}  // namespace thalweg::broker
