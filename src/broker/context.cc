#include "broker/context.h"

#include "broker/broker_shard.h"

namespace thalweg::broker {

Instant RequestContext::now() const { return here.shard.clock.now(); }

void RequestContext::note_wait_since(Instant begun) const {
  if (request.noted) request.noted->waited += now() - begun;
}

}  // namespace thalweg::broker
