// AssignReplicasToDirs (73), version 0 (KIP-858): a broker says in which log directory its replicas lie.
#include "broker/api/api.h"
#include "broker/api/at_controller.h"
#include "protocol/assign_replicas_to_dirs_request.h"
#include "protocol/assign_replicas_to_dirs_response.h"

namespace thalweg::broker {
namespace {

Task<Staged<protocol::AssignReplicasToDirsResponse>> assign_replicas_to_dirs(
    const RequestContext& context, protocol::AssignReplicasToDirsRequest request) {
  co_return staged_answer_as_controller<protocol::AssignReplicasToDirsResponse>(context, std::move(request));
}

}  // namespace

extern const Api kAssignReplicasToDirs = serve<&assign_replicas_to_dirs>;

}  // namespace thalweg::broker
