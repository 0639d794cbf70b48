// The lines of the log that say what changed the cluster and by whom: written after the change is in force, at info,
// one for each thing that changed. `by` is the principal, the address it came from, and what the client calls itself.
#pragma once

#include <string>

#include "base/log.h"
#include "broker/context.h"

namespace thalweg::broker {

inline log::Field by(const RequestContext& context) {
  return field("by", context.connection->principal + "@" + context.connection->client_host +
                         (context.client_id.empty() ? "" : " (" + context.client_id + ")"));
}

}  // namespace thalweg::broker
