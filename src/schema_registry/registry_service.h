// The schema registry's coordinator on this broker: registry::RegistryMachine over the partition _schemas-0, where this
// broker leads it. Who leads it otherwise, and how a request gets there: relay.h.
//
// Owner: shard 0, where all of this is called. The machine lives on the shard of the partition.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "registry/registry_machine.h"
#include "runtime/task.h"
#include "schema_registry/schemas_topic.h"
#include "schema_registry/workshop.h"

namespace thalweg::broker {
class Broker;
}

namespace thalweg::schema_registry {

// What a client is told of an error of the log or the controller.
registry::Failure failure_of(const Error& error);

class RegistryService {
 public:
  // Listens to the leadership of _schemas from now on. The broker outlives it. REQUIRES: the broker has not started
  RegistryService(broker::Broker& broker, Workers& workers);
  ~RegistryService();

  // After the broker has started.
  Task<> start();
  // Before the broker stops: answers everybody who waits, and serves no more.
  Task<> stop();

  // What the registry says, once everything that it says is on the disk, with the work that this takes. A Failure with
  // one of the codes 50001 to 50004 where there is no registry to ask. Compiled for each request at the end of
  // registry_service.cc, so that those who ask need not compile a coordinator.
  template <class Request>
  Task<typename Request::Response> ask(Request request, registry::RequestContext context);

  Workshop& workshop() { return workshop_; }
  SchemasTopic& topic() { return topic_; }

 private:
  struct Coordinators;
  using Reply = registry::Answer<registry::Reply>;
  // One request, whichever it is, as the machine is asked it; again when a job is done.
  using Question = std::function<registry::Effects(registry::RegistryMachine&, const registry::RequestContext&,
                                                   registry::RequestId, Instant now, Timestamp wall)>;

  Task<Reply> answer(Question question, registry::RequestContext context);
  Task<Reply> answer_once(const Question& question, const registry::RequestContext& context);
  // The shard on which the partition lives; kNotCoordinator where another broker leads it.
  Task<Result<std::size_t>> home();
  Instant deadline() const;
  // A little; false when that would be too late.
  Task<bool> wait_until(Instant deadline);

  broker::Broker& broker_;
  SchemasTopic topic_;
  Workshop workshop_;
  const std::unique_ptr<Coordinators> coordinators_;
};

}  // namespace thalweg::schema_registry
