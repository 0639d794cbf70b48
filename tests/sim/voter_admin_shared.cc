// What all administrators have in common: topics that whoever comes first creates and somebody deletes, options of
// brokers, producer ids; and changes that are too large, of which nobody else may notice anything.
#include "controller/decision.h"
#include "voter_admin.h"
#include "voter_changes.h"
#include "voter_node.h"

namespace thalweg::simulation {
namespace {

using Change = SharedTopics::Change;
constexpr int kPerhapsMax = 3;  // more attempts of one change do not all take place

}  // namespace

Task<> VoterAdmin::meddle() {
  const auto name = shared_topic(below(kSharedTopics));
  switch (below(16)) {
    case 0:
      return too_many_bytes();
    case 1:
      return too_many_partitions();
    case 2:
    case 3:
      return configure_brokers();
    case 4:
    case 5:
      return take_producer_ids();
    case 6:
    case 7:
      return configure_shared(name);
    case 8:
    case 9:
    case 10:
    case 11:
      return remove_shared(name);
    default:
      return create_shared(name);
  }
}

void VoterAdmin::note(const std::string& name, Change change, const Attempts& attempts) {
  shared_.add(name, change, attempts.last_begun, shard_.clock.now());
}
void VoterAdmin::perhaps(const std::string& name, Change change, const Attempts& attempts) {
  for (int i = 0; i < std::min(attempts.unsure, kPerhapsMax); ++i)
    shared_.add(name, change, attempts.first_begun, shard_.clock.now());
}

Task<> VoterAdmin::create_shared(std::string name) {
  Attempts attempts;
  const auto answer = co_await ask<protocol::CreateTopicsResponse>(
      creation(name, 4, static_cast<std::int16_t>(1 + below(3))), kCreateVersion, &attempts);
  perhaps(name, Change::kPerhapsCreated, attempts);
  const auto code = answer.topics.front().error_code;
  if (code == ErrorCode::kNone) note(name, Change::kCreated, attempts);
  if (code == ErrorCode::kTopicAlreadyExists) note(name, Change::kFound, attempts);
}

Task<> VoterAdmin::remove_shared(std::string name) {
  Attempts attempts;
  const auto answer = co_await ask<protocol::DeleteTopicsResponse>(deletion(name), kDeleteVersion, &attempts);
  perhaps(name, Change::kPerhapsDeleted, attempts);
  const auto code = answer.responses.front().error_code;
  note(name, code == ErrorCode::kNone ? Change::kDeleted : Change::kMissed, attempts);
}

Task<> VoterAdmin::configure_shared(std::string name) {
  Attempts attempts;
  const auto answer = co_await ask<protocol::IncrementalAlterConfigsResponse>(
      set_config(metadata::ResourceType::kTopic, name, "unclean.leader.election.enable", below(2) ? "true" : "false"),
      kConfigsVersion, &attempts);
  const auto code = answer.responses.front().error_code;
  note(name, code == ErrorCode::kNone ? Change::kFound : Change::kMissed, attempts);
}

Task<> VoterAdmin::configure_brokers() {
  Attempts attempts;
  co_await ask<protocol::IncrementalAlterConfigsResponse>(
      set_config(metadata::ResourceType::kBroker, "", "min.insync.replicas", std::to_string(1 + below(2))),
      kConfigsVersion, &attempts);
}

// As one of the brokers would; a broker that has registered again meanwhile is refused.
Task<> VoterAdmin::take_producer_ids() {
  const int id = static_cast<int>(below(std::uint64_t(voters_.count())));
  auto* voter = voters_.at(id);
  if (!voter || !voter->lifecycle) co_return;
  protocol::AllocateProducerIdsRequest request;
  request.broker_id = BrokerId{id};
  request.broker_epoch = voter->lifecycle->epoch();
  Attempts attempts;
  const auto answer = co_await ask<protocol::AllocateProducerIdsResponse>(request, kProducerIdsVersion, &attempts);
  if (answer.error_code == ErrorCode::kNone) voters_.given(answer.producer_id_start.value);
}

// Small to ask for.
Task<> VoterAdmin::too_many_partitions() {
  Attempts attempts;
  const auto answer = co_await ask<protocol::CreateTopicsResponse>(
      creation(std::string(kNever) + std::to_string(number_), controller::kMaxRecordsPerBatch, 1), kCreateVersion,
      &attempts);
  if (answer.topics.front().error_code == ErrorCode::kNone) complain("a topic that is too large was created");
  ++counts_.too_large;
}

Task<> VoterAdmin::too_many_bytes() {
  const std::string value(32'000, 'x');
  auto request = set_config(metadata::ResourceType::kBroker, "", std::string(kNever) + "0", value);
  auto& configs = request.resources.front().configs;
  while (configs.size() <= controller::kMaxBytesPerBatch / value.size())
    configs.push_back({std::string(kNever) + std::to_string(configs.size()), 0, value});
  Attempts attempts;
  const auto answer =
      co_await ask<protocol::IncrementalAlterConfigsResponse>(std::move(request), kConfigsVersion, &attempts);
  if (answer.responses.front().error_code == ErrorCode::kNone) complain("a change that is too large was accepted");
  ++counts_.too_large;
}

}  // namespace thalweg::simulation
