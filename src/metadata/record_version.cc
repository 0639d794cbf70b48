#include "metadata/record_version.h"

#include "protocol/broker_registration_change_record.h"
#include "protocol/partition_change_record.h"
#include "protocol/partition_record.h"
#include "protocol/register_broker_record.h"

namespace thalweg::metadata {
namespace {

constexpr std::int16_t kControlledShutdown = 7, kMigration = 8, kDirectories = 17, kEligibleReplicas = 23,
                       kCordonedDirectories = 30;

struct Row {
  std::int16_t type, since, version;
};
// Of one type, the last one that is not above the level counts.
constexpr Row kRows[] = {
    {protocol::RegisterBrokerRecord::kRecordType, kControlledShutdown, 1},
    {protocol::RegisterBrokerRecord::kRecordType, kMigration, 2},
    {protocol::RegisterBrokerRecord::kRecordType, kDirectories, 3},
    {protocol::RegisterBrokerRecord::kRecordType, kCordonedDirectories, 4},
    {protocol::BrokerRegistrationChangeRecord::kRecordType, kControlledShutdown, 1},
    {protocol::BrokerRegistrationChangeRecord::kRecordType, kDirectories, 2},
    {protocol::BrokerRegistrationChangeRecord::kRecordType, kCordonedDirectories, 3},
    {protocol::PartitionRecord::kRecordType, kDirectories, 1},
    {protocol::PartitionRecord::kRecordType, kEligibleReplicas, 2},
    {protocol::PartitionChangeRecord::kRecordType, kDirectories, 1},
    {protocol::PartitionChangeRecord::kRecordType, kEligibleReplicas, 2},
};

}  // namespace

std::int16_t record_version(std::int16_t type, std::int16_t metadata_version) {
  std::int16_t version = 0;
  for (const Row& row : kRows)
    if (row.type == type && row.since <= metadata_version) version = row.version;
  return version;
}

}  // namespace thalweg::metadata
