#include "storage/checkpoint_file.h"

#include <gtest/gtest.h>

#include "storage/partition_metadata_file.h"

namespace thalweg::storage {
namespace {

TEST(CheckpointFile, RoundTripsOffsetsOfPartitions) {
  const OffsetCheckpoint offsets = {{{"a.b-c", {0}}, {0}}, {{"orders", {3}}, {1LL << 40}}, {{"orders", {12}}, {7}}};
  const std::string text = print_offset_checkpoint(offsets);
  EXPECT_EQ(text, "0\n3\na.b-c 0 0\norders 3 1099511627776\norders 12 7\n");
  EXPECT_EQ(parse_offset_checkpoint(text), offsets);
  EXPECT_EQ(parse_offset_checkpoint("0\n0\n"), OffsetCheckpoint{});
}

TEST(CheckpointFile, RefusesWhatIsCutOrChanged) {
  for (const std::string_view text :
       {"", "0", "0\n", "1\n0\n", "0\n2\nt 0 5\n", "0\n0\nt 0 5\n", "0\n-1\n", "0\n1\nt 0\n", "0\n1\nt x 5\n",
        "0\n1\nt 0 5x\n", "0\n1\n 0 5\n", "0\n1\nt -1 5\n"})
    EXPECT_FALSE(parse_offset_checkpoint(text)) << text;
}

TEST(PartitionMetadataFile, RoundTripsTheTopicId) {
  const Uuid id{0x0123456789abcdef, 0xfedcba9876543210};
  EXPECT_EQ(print_partition_metadata(id), "version: 0\ntopic_id: ASNFZ4mrze_-3LqYdlQyEA");
  EXPECT_EQ(parse_partition_metadata(print_partition_metadata(id)), id);
  EXPECT_EQ(parse_partition_metadata(print_partition_metadata(id) + "\n"), id);
  EXPECT_FALSE(parse_partition_metadata("version: 1\ntopic_id: ASNFZ4mrze_-3LqYdlQyEA"));
  EXPECT_FALSE(parse_partition_metadata("version: 0\n"));
  EXPECT_FALSE(parse_partition_metadata("version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA"));
}

}  // namespace
}  // namespace thalweg::storage
