// The schema registry's coordinator on this broker: registry::RegistryMachine over the partition _schemas-0, which is
// made when it is first needed.
//
// Owner: shard 0, where all of this is called. The machine lives on the shard of the partition.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "registry/registry_machine.h"
#include "runtime/task.h"
#include "schema_registry/workshop.h"

namespace thalweg::broker {
class Broker;
}

namespace thalweg::schema_registry {

// Confluent's name for it, so that either registry can go on with what the other wrote.
inline constexpr std::string_view kSchemasTopic = "_schemas";

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

 private:
  struct Coordinators;
  using Reply = registry::Answer<registry::Reply>;
  // One request, whichever it is, as the machine is asked it; again when a job is done.
  using Question = std::function<registry::Effects(registry::RegistryMachine&, const registry::RequestContext&,
                                                   registry::RequestId, Instant now, Timestamp wall)>;

  Task<Reply> answer(Question question, registry::RequestContext context);
  Task<Reply> answer_once(const Question& question, const registry::RequestContext& context);
  struct Place {
    std::size_t shard;
  };
  // Where the partition lives; the topic is made if there is none.
  Task<Result<Place>> place();
  Task<Result<>> create_topic();
  Instant deadline() const;
  // A little; false when that would be too late.
  Task<bool> wait_until(Instant deadline);

  broker::Broker& broker_;
  Workshop workshop_;
  const std::unique_ptr<Coordinators> coordinators_;
};

}  // namespace thalweg::schema_registry
