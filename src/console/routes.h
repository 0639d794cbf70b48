// Puts operations on the router: reads what was asked, finds out who asks, writes the answer or the problem.
//
//   routes.add<GetTopics, topics>();
#pragma once

#include "console/call.h"
#include "console/problem.h"
#include "http/router.h"

namespace thalweg::console {

class Routes {
 public:
  static constexpr std::size_t kBodyMax = 1u << 20;

  // Both outlive it.
  Routes(http::Router& router, Shared& shared) : router_(router), shared_(shared) {}

  // An operation that asks for somebody who has signed in.
  template <class Operation, auto operation>
  void add() {
    const auto handle = [&shared = shared_](http::Request request) {
      return serve<Operation, operation>(shared, std::move(request));
    };
    router_.add(Operation::kMethod, Operation::kPattern, handle, {.body_max = has_body<Operation> ? kBodyMax : 0});
  }
  http::Router& router() { return router_; }
  Shared& shared() { return shared_; }

 private:
  template <class Operation>
  static constexpr bool has_body = requires { typename Operation::Body; };

  template <class Operation, auto operation>
  static Task<http::Response> serve(Shared& shared, http::Request request) {
    auto answer = co_await answer_of<Operation, operation>(shared, request);
    if (!answer) co_return problem_response(shared, std::move(answer.error()));
    std::string text;
    append_json(text, *answer);
    if constexpr (std::string_view(Operation::kMethod) == "GET" && requires { answer->as_of; })
      co_return unless_known(request, std::move(text), answer->as_of);
    else
      co_return json_response(std::move(text));
  }
  template <class Operation, auto operation>
  static Task<Outcome<typename Operation::Answer>> answer_of(Shared& shared, const http::Request& request) {
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
  // 304 where the client has the same already, apart from when it was looked at.
  static http::Response unless_known(const http::Request& request, std::string text, std::int64_t as_of);
  static http::Response problem_response(const Shared& shared, Problem problem);
};

void add_session(Routes& routes);
void add_cluster(Routes& routes);
void add_names(Routes& routes);
void add_brokers(Routes& routes);
void add_quorum(Routes& routes);
void add_topics(Routes& routes);
void add_partitions(Routes& routes);
void add_configurations(Routes& routes);
void add_groups(Routes& routes);
void add_group(Routes& routes);
void add_topic_groups(Routes& routes);
void add_series(Routes& routes);
void add_topic_changes(Routes& routes);
void add_option_changes(Routes& routes);
void add_record_deletion(Routes& routes);
void add_group_changes(Routes& routes);
void add_offset_reset(Routes& routes);

}  // namespace thalweg::console
