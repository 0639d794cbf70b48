#include "schema_registry/registry_service.h"

#include "base/log.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/leadership.h"
#include "coordinator/coordinator.h"
#include "registry/registry_codec.h"

namespace thalweg::schema_registry {
namespace {

using namespace std::chrono_literals;
using registry::Code;

constexpr Instant kLoadedWithin = 10s;  // what a request waits for the registry to be read from its log
constexpr Instant kLookAgainAfter = 5ms;

struct SchemasCodec {
  using Record = registry::Record;
  static Result<coordinator::KeyValue> encode(const Record& record) {
    TRY(auto bytes, registry::encode_in_pieces(record));
    coordinator::KeyValue encoded{std::move(bytes.key), std::nullopt, registry::written_at(record)};
    if (!bytes.value) return encoded;
    encoded.value = std::move(bytes.value->front());
    encoded.more.assign(bytes.value->begin() + 1, bytes.value->end());
    return encoded;
  }
  static Result<std::optional<Record>> decode(const coordinator::KeyValue& bytes) {
    TRY(auto record, registry::decode(bytes.key, bytes.value));
    if (record && bytes.timestamp) registry::set_written_at(*record, *bytes.timestamp);
    return record;
  }
};

auto machines(const broker::Broker& broker) {
  return [&broker](const Shard&, const storage::LogConfig& log) {
    const auto& config = broker.config();
    const auto batch_max = std::int64_t(coordinator::LogJournal::batch_bytes_max(log));
    registry::RegistryConfig options;
    options.level = schema::compatibility_level_named(config.schema_compatibility_level).value_or(options.level);
    // Keys, and what a batch and a record have around them.
    constexpr std::int64_t kAround = 4096;
    options.record_bytes_max = std::size_t(std::max(batch_max - kAround, std::int64_t(0)));
    return std::make_unique<registry::RegistryMachine>(options);
  };
}

bool is_loading(const Error& error) { return error.code == ErrorCode::kCoordinatorLoadInProgress; }

// What is to be done before the question can be answered; null when it has been.
std::shared_ptr<const registry::Job> job_in(registry::Reply& reply) {
  return std::visit([](auto& answer) { return answer ? nullptr : std::move(answer.error().job); }, reply);
}

}  // namespace

registry::Failure failure_of(const Error& error) {
  const auto code = [&] {
    switch (error.code) {
      case ErrorCode::kNotCoordinator:
        return Code::kNoLeader;
      case ErrorCode::kCoordinatorLoadInProgress:
      case ErrorCode::kRequestTimedOut:
        return Code::kTimeout;
      default:
        return Code::kStoreFailure;
    }
  }();
  return {code, error.message.empty() ? std::string(name(error.code)) : error.message};
}

struct RegistryService::Coordinators : coordinator::Coordinator<registry::RegistryMachine, SchemasCodec> {
  using Coordinator::Coordinator;
};

RegistryService::RegistryService(broker::Broker& broker, Workers& workers)
    : broker_(broker),
      topic_(broker),
      workshop_(workers),
      coordinators_(std::make_unique<Coordinators>(broker::shards_of(broker), "schema registry", machines(broker))) {
  broker::follow_leadership(broker, kSchemasTopic, *coordinators_);
}
RegistryService::~RegistryService() = default;

Task<> RegistryService::start() { return coordinators_->start(); }
Task<> RegistryService::stop() { return coordinators_->stop(); }

Task<RegistryService::Reply> RegistryService::answer(Question question, registry::RequestContext context) {
  Workshop::Seat seat;
  bool large = false;
  for (;;) {
    auto reply = co_await answer_once(question, context);
    auto job = reply ? job_in(*reply) : nullptr;
    if (!job) {
      if (large) spawn(broker_.shard0(), workshop_.put_away(std::exchange(context.findings, nullptr)));
      co_return reply;
    }
    large |= job->bytes > kSmallMax;
    context.findings = co_await workshop_.carry_out(std::move(job), context.findings, seat);
  }
}

Task<RegistryService::Reply> RegistryService::answer_once(const Question& question,
                                                          const registry::RequestContext& context) {
  const auto at = co_await home();
  if (!at) co_return std::unexpected(failure_of(at.error()));
  const Instant give_up = deadline();
  for (;;) {
    auto step = [question, context](registry::RegistryMachine& machine, auto id, auto now, auto wall) {
      return question(machine, context, id, now, wall);
    };
    auto answer = co_await coordinators_->ask(*at, PartitionId{0}, std::move(step));
    if (answer) co_return *std::move(answer);
    if (!is_loading(answer.error()) || !co_await wait_until(give_up))
      co_return std::unexpected(failure_of(answer.error()));
  }
}

Task<Result<std::size_t>> RegistryService::home() {
  CO_TRY(const auto place, co_await topic_.find());
  if (place.leader != broker_.config().node_id)
    co_return fail(ErrorCode::kNotCoordinator, "another broker leads _schemas");
  co_return broker_.owner_of({place.topic, PartitionId{0}}).shard.id;
}

Instant RegistryService::deadline() const { return broker_.shard0().clock.now() + kLoadedWithin; }

Task<bool> RegistryService::wait_until(Instant deadline) {
  auto& clock = broker_.shard0().clock;
  if (clock.now() >= deadline) co_return false;
  co_await clock.sleep_for(kLookAgainAfter);
  co_return true;
}

template <class Request>
Task<typename Request::Response> RegistryService::ask(Request request, registry::RequestContext context) {
  auto question = [request = std::move(request)](registry::RegistryMachine& machine, const auto& context, auto id,
                                                 auto now,
                                                 auto wall) { return machine.on(request, context, id, now, wall); };
  CO_TRY(auto reply, co_await answer(std::move(question), std::move(context)));
  co_return std::get<typename Request::Response>(std::move(reply));
}

// All that the registry is asked; a new request adds its line.
using Context = registry::RequestContext;
using namespace registry;
template Task<RegisterSchema::Response> RegistryService::ask(RegisterSchema, Context);
template Task<LookUpSchema::Response> RegistryService::ask(LookUpSchema, Context);
template Task<GetSubjects::Response> RegistryService::ask(GetSubjects, Context);
template Task<GetVersions::Response> RegistryService::ask(GetVersions, Context);
template Task<GetVersion::Response> RegistryService::ask(GetVersion, Context);
template Task<GetReferencedBy::Response> RegistryService::ask(GetReferencedBy, Context);
template Task<DeleteSubject::Response> RegistryService::ask(DeleteSubject, Context);
template Task<DeleteVersion::Response> RegistryService::ask(DeleteVersion, Context);
template Task<GetLatestWithMetadata::Response> RegistryService::ask(GetLatestWithMetadata, Context);
template Task<GetById::Response> RegistryService::ask(GetById, Context);
template Task<GetSubjectsById::Response> RegistryService::ask(GetSubjectsById, Context);
template Task<GetVersionsById::Response> RegistryService::ask(GetVersionsById, Context);
template Task<GetByGuid::Response> RegistryService::ask(GetByGuid, Context);
template Task<GetIdsByGuid::Response> RegistryService::ask(GetIdsByGuid, Context);
template Task<GetSchemas::Response> RegistryService::ask(GetSchemas, Context);
template Task<CheckCompatibility::Response> RegistryService::ask(CheckCompatibility, Context);
template Task<GetConfig::Response> RegistryService::ask(GetConfig, Context);
template Task<PutConfig::Response> RegistryService::ask(PutConfig, Context);
template Task<DeleteConfig::Response> RegistryService::ask(DeleteConfig, Context);
template Task<GetMode::Response> RegistryService::ask(GetMode, Context);
template Task<PutMode::Response> RegistryService::ask(PutMode, Context);
template Task<DeleteMode::Response> RegistryService::ask(DeleteMode, Context);
template Task<GetContexts::Response> RegistryService::ask(GetContexts, Context);
template Task<DeleteContext::Response> RegistryService::ask(DeleteContext, Context);

}  // namespace thalweg::schema_registry
