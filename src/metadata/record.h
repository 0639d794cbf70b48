// The records of the metadata log: Kafka's own, in Kafka's frame (frame version 1, type, version, body). One quorum
// entry carries one batch of them, applied all or nothing.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "metadata/record_version.h"
#include "protocol/access_control_entry_record.h"
#include "protocol/broker_registration_change_record.h"
#include "protocol/clear_elr_record.h"
#include "protocol/client_quota_record.h"
#include "protocol/config_record.h"
#include "protocol/delegation_token_record.h"
#include "protocol/feature_level_record.h"
#include "protocol/fence_broker_record.h"
#include "protocol/no_op_record.h"
#include "protocol/partition_change_record.h"
#include "protocol/partition_record.h"
#include "protocol/producer_ids_record.h"
#include "protocol/register_broker_record.h"
#include "protocol/register_controller_record.h"
#include "protocol/remove_access_control_entry_record.h"
#include "protocol/remove_delegation_token_record.h"
#include "protocol/remove_topic_record.h"
#include "protocol/remove_user_scram_credential_record.h"
#include "protocol/topic_record.h"
#include "protocol/unfence_broker_record.h"
#include "protocol/unregister_broker_record.h"
#include "protocol/unregister_controller_record.h"
#include "protocol/user_scram_credential_record.h"

namespace thalweg::metadata {

// One alternative per record type that we write or understand. A log that holds another type was written by a newer
// release, or by Apache Kafka for a feature that we lack: decoding it is refused rather than losing what it says.
using Record =
    std::variant<protocol::RegisterBrokerRecord, protocol::UnregisterBrokerRecord, protocol::TopicRecord,
                 protocol::PartitionRecord, protocol::ConfigRecord, protocol::PartitionChangeRecord,
                 protocol::FenceBrokerRecord, protocol::UnfenceBrokerRecord, protocol::RemoveTopicRecord,
                 protocol::DelegationTokenRecord, protocol::UserScramCredentialRecord, protocol::FeatureLevelRecord,
                 protocol::ClientQuotaRecord, protocol::ProducerIdsRecord, protocol::BrokerRegistrationChangeRecord,
                 protocol::AccessControlEntryRecord, protocol::RemoveAccessControlEntryRecord, protocol::NoOpRecord,
                 protocol::RemoveUserScramCredentialRecord, protocol::RemoveDelegationTokenRecord,
                 protocol::RegisterControllerRecord, protocol::UnregisterControllerRecord, protocol::ClearElrRecord>;

// Kafka's type number, as it stands in the frame.
std::int16_t type_of(const Record& record);
std::string to_string(const Record& record);

// A batch: each record as an unsigned varint size and its frame. The empty batch is empty. Each in the version of that
// level of metadata.version, which cannot say what came with later ones.
SharedBytes encode_records(const std::vector<Record>& records, std::int16_t metadata_version = kLatestMetadataVersion);
// How much a record adds to the batch.
std::size_t encoded_size(const Record& record);
// kCorruptMessage if the bytes are not such a batch, kUnsupportedVersion for a type or version from the future, as seen
// by a release that speaks metadata.version up to that level.
Result<std::vector<Record>> decode_records(const SharedBytes& batch,
                                           std::int16_t metadata_version_max = kLatestMetadataVersion);

// One record in its frame alone, as the value of a record in Kafka's own metadata log.
SharedBytes encode_record(const Record& record, std::int16_t metadata_version = kLatestMetadataVersion);
Result<Record> decode_record(const SharedBytes& frame, std::int16_t metadata_version_max = kLatestMetadataVersion);

}  // namespace thalweg::metadata
