// /changes: what has changed lately.
#include "broker/broker_shard.h"
#include "console/routes.h"

namespace thalweg::console {
namespace {

Task<Outcome<ChangeList>> changes(const Call& call, GetChanges) {
  auto list = co_await call.shared.changes.list(call.image);
  // Names of topics that the user may not describe are none of the user's business.
  std::erase_if(list.items, [&call](const Change& change) {
    return change.kind == ResourceKind::kTopic &&
           !call.allows(broker::Operation::kDescribe, broker::topic_resource(change.name));
  });
  co_return list;
}

}  // namespace

void add_changes(Routes& routes) { routes.add<GetChanges, changes>(); }

}  // namespace thalweg::console
