// Puts operations on the router: reads what was asked, finds out who asks, writes the answer or the problem.
//
//   routes.add<GetTopics, topics>();
#pragma once

#include "console/call.h"
#include "console/once.h"
#include "console/problem.h"
#include "http/router.h"

namespace thalweg::console {

class Routes {
 public:
  static constexpr std::size_t kBodyMax = 1u << 20;        // bytes
  static constexpr std::size_t kRecordBodyMax = 3u << 20;  // the same, of what carries a record

  // Both outlive it.
  Routes(http::Router& router, Shared& shared) : router_(router), shared_(shared) {}

  // An operation that asks for somebody who has signed in.
  template <class Operation, auto operation, std::size_t body_max = kBodyMax>
  void add() {
    const auto handle = [&shared = shared_](http::Request request) {
      return serve<Operation, operation>(shared, std::move(request));
    };
    router_.add(Operation::kMethod, Operation::kPattern, handle, {.body_max = has_body<Operation> ? body_max : 0});
  }
  // The same, and as server-sent events where the client likes these best: `stream` gives them.
  template <class Operation, auto operation, auto stream>
  void add_streamed() {
    const auto handle = [&shared = shared_](http::Request request) {
      return wants_events(request) ? serve_stream<Operation, stream>(shared, std::move(request))
                                   : serve<Operation, operation>(shared, std::move(request));
    };
    router_.add(Operation::kMethod, Operation::kPattern, handle);
  }
  http::Router& router() { return router_; }
  Shared& shared() { return shared_; }

 private:
  template <class Operation>
  static constexpr bool has_body = requires { typename Operation::Body; };

  // A write that names itself is done once.
  template <class Operation, auto operation>
  static Task<http::Response> serve(Shared& shared, http::Request request) {
    if constexpr (std::string_view(Operation::kMethod) == "GET") {
      co_return co_await serve_now<Operation, operation>(shared, std::move(request));
    } else {
      auto once = Once::begin(shared, request);
      if (!once) co_return problem_response(shared, std::move(once.error()));
      if (auto again = once->again()) co_return std::move(*again);
      auto response = co_await serve_now<Operation, operation>(shared, std::move(request));
      once->keep(response);
      co_return response;
    }
  }
  template <class Operation, auto operation>
  static Task<http::Response> serve_now(Shared& shared, http::Request request) {
    auto answer = co_await answer_of<Operation, operation>(shared, request);
    if (!answer) co_return problem_response(shared, std::move(answer.error()));
    if constexpr (std::is_same_v<typename Operation::Answer, Download>)
      co_return download_response(*std::move(answer));
    else
      co_return answer_response<Operation>(request, *answer);
  }
  template <class Operation>
  static http::Response answer_response(const http::Request& request, const typename Operation::Answer& answer) {
    std::string text;
    append_json(text, answer);
    if constexpr (std::string_view(Operation::kMethod) == "GET" && requires { answer.as_of; })
      return unless_known(request, std::move(text), answer.as_of);
    else
      return json_response(std::move(text));
  }
  template <class Operation, auto stream>
  static Task<http::Response> serve_stream(Shared& shared, http::Request request) {
    auto begun = co_await answer_of<Operation, stream, std::unique_ptr<http::BodyStream>>(shared, request);
    co_return begun ? event_response(*std::move(begun)) : problem_response(shared, std::move(begun.error()));
  }
  template <class Operation, auto operation, class Answer = typename Operation::Answer>
  static Task<Outcome<Answer>> answer_of(Shared& shared, const http::Request& request) {
    CO_TRY(auto client, shared.access.who(request));
    CO_TRY_VOID(shared.access.check_write(request));
    CO_TRY(auto asked, Operation::read(request));
    const Call call = call_for(shared, std::move(client));
    co_return co_await operation(call, std::move(asked));
  }

  http::Router& router_;
  Shared& shared_;

 public:
  static Call call_for(Shared& shared, Access::Client client);
  static http::Response json_response(std::string text);
  static bool wants_events(const http::Request& request);
  static http::Response event_response(std::unique_ptr<http::BodyStream> events);
  // To be saved and never shown: no browser takes it for a page.
  static http::Response download_response(Download download);
  // 304 where the client has the same already, apart from when it was looked at.
  static http::Response unless_known(const http::Request& request, std::string text, std::int64_t as_of);
  static http::Response problem_response(const Shared& shared, Problem problem);
};

void add_session(Routes& routes);
void add_cluster(Routes& routes);
void add_changes(Routes& routes);
void add_names(Routes& routes);
void add_brokers(Routes& routes);
void add_quorum(Routes& routes);
void add_topics(Routes& routes);
void add_partitions(Routes& routes);
void add_records(Routes& routes);
void add_record(Routes& routes);
void add_new_records(Routes& routes);
void add_configurations(Routes& routes);
void add_groups(Routes& routes);
void add_group(Routes& routes);
void add_topic_groups(Routes& routes);
void add_search(Routes& routes);
void add_series(Routes& routes);
void add_topic_changes(Routes& routes);
void add_option_changes(Routes& routes);
void add_record_deletion(Routes& routes);
void add_group_changes(Routes& routes);
void add_offset_reset(Routes& routes);
void add_dead_letters(Routes& routes);
void add_letters(Routes& routes);
void add_letter_replay(Routes& routes);
void add_schemas(Routes& routes);
void add_schema_changes(Routes& routes);
void add_schema_deletions(Routes& routes);

}  // namespace thalweg::console
