// The schema registry's coordinator on this broker: registry::RegistryMachine over the partition _schemas-0, which is
// made when it is first needed.
//
// Owner: shard 0, where all of this is called. The machine lives on the shard of the partition.
#pragma once

#include <utility>

#include "coordinator/coordinator.h"
#include "registry/registry_codec.h"
#include "registry/registry_machine.h"
#include "schema_registry/workshop.h"

namespace thalweg::broker {
class Broker;
}

namespace thalweg::schema_registry {

// Confluent's name for it, so that either registry can go on with what the other wrote.
inline constexpr std::string_view kSchemasTopic = "_schemas";

struct SchemasCodec {
  using Record = registry::Record;
  static Result<coordinator::KeyValue> encode(const Record& record) {
    TRY(auto bytes, registry::encode(record));
    return coordinator::KeyValue{std::move(bytes.key), std::move(bytes.value)};
  }
  static Result<std::optional<Record>> decode(const coordinator::KeyValue& bytes) {
    return registry::decode(bytes.key, bytes.value);
  }
};

class RegistryService {
 public:
  // Listens to the leadership of _schemas from now on. The broker outlives it. REQUIRES: the broker has not started
  RegistryService(broker::Broker& broker, Workers& workers);

  // After the broker has started.
  Task<> start() { return coordinators_.start(); }
  // Before the broker stops: answers everybody who waits, and serves no more.
  Task<> stop() { return coordinators_.stop(); }

  // What the registry says, once everything that it says is on the disk, with the work that this takes. A Failure with
  // one of the codes 50001 to 50004 where there is no registry to ask.
  template <class Request>
  Task<typename Request::Response> ask(Request request, registry::RequestContext context) {
    Workshop::Seat seat;
    for (;;) {
      auto answer = co_await ask_once(request, context);
      if (answer || !answer.error().job) co_return answer;
      context.findings = co_await workshop_.carry_out(std::move(answer.error().job), context.findings, seat);
    }
  }

  Workshop& workshop() { return workshop_; }

 private:
  template <class Request>
  Task<typename Request::Response> ask_once(Request request, registry::RequestContext context) {
    auto at = co_await place();
    if (!at) co_return std::unexpected(failure_of(at.error()));
    const Instant give_up = deadline();
    for (;;) {
      auto answer =
          co_await coordinators_.template ask<typename Request::Response>(at->shard, PartitionId{0}, request, context);
      if (answer) co_return std::move(*answer);
      if (!is_loading(answer.error()) || !co_await wait_until(give_up))
        co_return std::unexpected(failure_of(answer.error()));
    }
  }

  struct Place {
    std::size_t shard;
  };
  // Where the partition lives; the topic is made if there is none.
  Task<Result<Place>> place();
  Task<Result<>> create_topic();
  Instant deadline() const;
  // A little; false when that would be too late.
  Task<bool> wait_until(Instant deadline);
  static bool is_loading(const Error& error) { return error.code == ErrorCode::kCoordinatorLoadInProgress; }
  static registry::Failure failure_of(const Error& error);

  broker::Broker& broker_;
  Workshop workshop_;
  coordinator::Coordinator<registry::RegistryMachine, SchemasCodec> coordinators_;
};

}  // namespace thalweg::schema_registry
