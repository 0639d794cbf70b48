#include "console/registry_client.h"

#include "broker/broker_shard.h"
#include "broker/registry_door.h"
#include "console/ask.h"
#include "http/target.h"
#include "json/parser.h"
#include "json/writer.h"

namespace thalweg::console {
namespace {

using broker::RegistryDoor;

constexpr std::string_view kRegistryTopic = "_schemas";
// As long as a registry waits for the one that leads: a large schema against many versions takes seconds.
constexpr AskOptions kRegistryTakes{.version = {}, .within = std::chrono::seconds(30)};
// Longer answers are read elsewhere: a shard reads a megabyte of JSON in some milliseconds.
constexpr std::size_t kReadHereMax = 32 * 1024;
constexpr std::size_t kAnswerMax = 64u << 20;

std::optional<BrokerId> registry_leader(const Call& call) {
  const auto topic = call.image->topic(kRegistryTopic);
  if (!topic || topic->partitions.empty()) return std::nullopt;
  return topic->partitions.front().leader;
}

Task<Result<RegistryDoor::Response>> send_question(const Call& call, RegistryDoor::Request request) {
  auto& door = call.broker().registry_door();
  if (door.is_open()) co_return co_await door.ask_anywhere(std::move(request));
  const auto leader = registry_leader(call);
  if (!leader)
    co_return fail(ErrorCode::kResourceNotFound, "there is no schema registry; schema.registry.listeners turns it on");
  if (*leader == kNoBroker) co_return fail(ErrorCode::kLeaderNotAvailable, "nobody leads _schemas at the moment");
  if (*leader == call.self()) co_return co_await door.ask(std::move(request));
  co_return co_await ask_broker<RegistryDoor::Response>(call, *leader, std::move(request), kRegistryTakes);
}

Result<json::Value> tree_in(const SharedBytes& body) {
  auto tree = json::parse(body.text(), {.bytes = kAnswerMax});
  if (!tree) return fail(ErrorCode::kUnknownServerError, "the schema registry's answer is no JSON");
  return *std::move(tree);
}

}  // namespace

std::int32_t RegistryAnswer::code() const { return number_in(body, "error_code"); }
std::string RegistryAnswer::message() const {
  return text_in(body, "message", "the schema registry answers " + std::to_string(status));
}

bool has_registry_topic(const Call& call) { return registry_leader(call).has_value(); }

Task<Result<RegistryAnswer>> ask_registry(const Call& call, RegistryQuestion question) {
  RegistryDoor::Request request;
  request.method = std::move(question.method);
  request.target = std::move(question.target);
  request.client_host = call.client->client_host;
  if (question.body) request.body = SharedBytes::copy_of(json::write(*std::move(question.body)));
  CO_TRY(const auto response, co_await send_question(call, std::move(request)));
  if (response.error_code != ErrorCode::kNone)
    co_return fail(response.error_code, response.error_message.value_or(std::string(name(response.error_code))));
  const auto read = [body = response.body] { return tree_in(body); };
  auto tree = response.body.size() <= kReadHereMax ? read() : co_await call.shared.workers.run(read);
  if (!tree) co_return std::unexpected(std::move(tree.error()));
  co_return RegistryAnswer{response.status, *std::move(tree)};
}

Problem problem_of(const RegistryAnswer& refused) {
  const std::int32_t code = refused.code();
  // 50002 to 50004: nobody leads, or it did not answer. Asking again may help.
  const bool is_away = code >= 50002 && code <= 50004;
  return {.type = "/problems/schema-registry",
          .title = refused.message(),
          .status = is_away ? 503 : refused.status,
          .code = std::to_string(code),
          .hint = is_away ? std::optional<std::string>("ask again in a moment") : std::nullopt};
}

Task<Outcome<json::Value>> told_by_registry(const Call& call, RegistryQuestion question) {
  CO_TRY(auto answer, told(co_await ask_registry(call, std::move(question))));
  if (!answer.ok()) co_return std::unexpected(problem_of(answer));
  co_return std::move(answer.body);
}

std::string subject_path(std::string_view subject, std::string_view behind) {
  return "/subjects/" + http::percent_encoded(subject) + std::string(behind);
}

std::string text_in(const json::Value& object, std::string_view member, std::string otherwise) {
  const auto* found = object.find(member);
  const auto* text = found ? found->if_string() : nullptr;
  return text ? *text : std::move(otherwise);
}

std::int32_t number_in(const json::Value& object, std::string_view member) {
  const auto* found = object.find(member);
  const auto number = found && found->if_number() ? found->if_number()->as_int64() : std::nullopt;
  return number && std::in_range<std::int32_t>(*number) ? std::int32_t(*number) : 0;
}

}  // namespace thalweg::console
