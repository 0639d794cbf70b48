#include "metadata/record_version.h"

#include <gtest/gtest.h>

#include "metadata/record.h"

namespace thalweg::metadata {
namespace {

template <std::size_t I = 0>
void expect_newest() {
  if constexpr (I < std::variant_size_v<Record>) {
    using R = std::variant_alternative_t<I, Record>;
    EXPECT_EQ(record_version(R::kRecordType, kLatestMetadataVersion), R::kMaxVersion) << "type " << R::kRecordType;
    expect_newest<I + 1>();
  }
}

TEST(RecordVersion, AtTheLatestLevelEveryRecordIsWrittenInItsNewestVersion) { expect_newest(); }

// What 4.2-IV1 reads of 4.3-IV0: no cordoned directories.
TEST(RecordVersion, ALevelEarlierNothingIsWrittenThatThatReleaseCannotRead) {
  EXPECT_EQ(record_version(protocol::RegisterBrokerRecord::kRecordType, 29), 3);
  EXPECT_EQ(record_version(protocol::BrokerRegistrationChangeRecord::kRecordType, 29), 2);
  EXPECT_EQ(record_version(protocol::PartitionRecord::kRecordType, 29), 2);
  EXPECT_EQ(record_version(protocol::PartitionRecord::kRecordType, 22), 1);
  EXPECT_EQ(record_version(protocol::PartitionChangeRecord::kRecordType, 16), 0);
  EXPECT_EQ(record_version(protocol::RegisterBrokerRecord::kRecordType, 7), 1);
}

TEST(RecordVersion, AnOlderReleaseReadsWhatIsWrittenAtItsLevelAndRefusesTheRest) {
  protocol::RegisterBrokerRecord broker;
  broker.broker_id = BrokerId{3};
  broker.log_dirs = {Uuid{1, 2}};
  const auto read = decode_records(encode_records({Record(broker)}, 29), 29);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(std::get<protocol::RegisterBrokerRecord>(read->front()).log_dirs, broker.log_dirs);
  const auto refused = decode_records(encode_records({Record(broker)}, 30), 29);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(refused.error().message,
            "version 4 of metadata record type 0 is from a newer release. Start the release that the other nodes run");
}

}  // namespace
}  // namespace thalweg::metadata
