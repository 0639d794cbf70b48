#include "storage/data_directory.h"

#include <gtest/gtest.h>

#include "storage/testing_log_manager.h"

namespace thalweg::storage {
namespace {

class DataDirectoryTest : public LogManagerTest {};

TEST_F(DataDirectoryTest, WritesItsIdentityAndKeepsIt) {
  auto manager = start();
  const auto ids = manager->directory_ids();
  EXPECT_NE(text(dirs[0] + "/meta.properties").find("cluster.id=c1\n"), std::string::npos);
  ASSERT_TRUE(t.run(manager->stop()));
  manager.reset();
  manager = start("");
  EXPECT_EQ(manager->cluster_id(), "c1");
  EXPECT_EQ(manager->directory_ids(), ids);
}

TEST_F(DataDirectoryTest, RefusesTheDirectoryOfAnotherClusterOrARunningBroker) {
  auto manager = start();
  EXPECT_NE(t.run(make()->start("c1")).error().message.find("is another broker running"), std::string::npos);
  ASSERT_TRUE(t.run(manager->stop()));
  manager.reset();
  EXPECT_EQ(t.run(make()->start("c2")).error().code, ErrorCode::kInconsistentClusterId);
}

TEST_F(DataDirectoryTest, AMetaPropertiesThatIsCutIsRefusedWithWords) {
  {
    auto manager = start();
    ASSERT_TRUE(t.run(manager->stop()));
  }
  ASSERT_TRUE((*t.disk.open(dirs[0] + "/meta.properties", OpenMode::kTruncate))->write(0, as_bytes("#\ncluster.i")));
  const auto started = t.run(make()->start("c1"));
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find(dirs[0] + "/meta.properties"), std::string::npos);
  EXPECT_NE(started.error().message.find("write it again"), std::string::npos);
}

TEST_F(DataDirectoryTest, RefusesAFolderOfApacheKafkaAndLeavesItAlone) {
  const std::string metadata = dirs[0] + "/__cluster_metadata-0";
  ASSERT_TRUE(t.disk.make_directory(metadata));
  ASSERT_TRUE(t.disk.open(metadata + "/quorum-state", OpenMode::kCreate));
  const auto started = t.run(make()->start("c1"));
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("belongs to Apache Kafka"), std::string::npos);
  EXPECT_EQ(t.disk.list(dirs[0])->size(), 1u);
}

TEST(DataDirectory, ReadsKafkasMetaProperties) {
  const auto meta = parse_meta_properties(
      "#\n#Tue Nov 24 21:00:00 UTC 2026\ncluster.id=MkU3OEVBNTcwNTJENDM2Qk\n"
      "directory.id=hjKu8mWzTZuQZ3nUqwC2Gg\nnode.id=3\nversion=1\n");
  ASSERT_TRUE(meta);
  EXPECT_EQ(meta->cluster_id, "MkU3OEVBNTcwNTJENDM2Qk");
  EXPECT_EQ(meta->node_id, BrokerId{3});
  EXPECT_EQ(to_string(meta->directory_id), "hjKu8mWzTZuQZ3nUqwC2Gg");
  EXPECT_EQ(*parse_meta_properties(to_text(*meta)), *meta);
  EXPECT_FALSE(parse_meta_properties("version=0\nbroker.id=4\ncluster.id=x\n"));  // from the days of ZooKeeper
  EXPECT_FALSE(parse_meta_properties("version=9\nnode.id=3\n"));
}

TEST(DataDirectory, SaysWhatToDoAboutADiskThatCannotBeUsed) {
  for (const auto& [why, advice] : {std::pair{Disk::full("/d/x"), "make room"},
                                    {Disk::denied("/d/x"), "chown"},
                                    {Disk::out_of_files("/d/x"), "LimitNOFILE"},
                                    {platform::os_failure("/d/x", EROFS).error(), "mount it writable"}}) {
    const Error said = DataDirectory::explained("/d", why);
    EXPECT_NE(said.message.find(advice), std::string::npos) << said.message;
    EXPECT_NE(said.message.find(why.message), std::string::npos) << said.message;
  }
}

TEST(DataDirectory, TellsPartitionFoldersFromOthers) {
  EXPECT_EQ(parse_folder_name("orders-3"), (TopicPartition{"orders", {3}}));
  EXPECT_EQ(parse_folder_name("my-topic-12"), (TopicPartition{"my-topic", {12}}));
  for (const auto name : {"orders", "orders-", "-3", "orders-3.abc-delete", "orders-+1", "__cluster_metadata-0"})
    EXPECT_FALSE(parse_folder_name(name)) << name;
}

}  // namespace
}  // namespace thalweg::storage
