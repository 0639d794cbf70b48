#include "console/once.h"

#include <algorithm>

#include "console/plan.h"

namespace thalweg::console {
namespace {

constexpr std::size_t kKeyMax = 255;  // characters

// The header is a string of RFC 9651, which stands in quotes; most who send one leave them out.
Outcome<std::string> key_in(std::string_view header) {
  if (header.size() >= 2 && header.starts_with('"') && header.ends_with('"'))
    header = header.substr(1, header.size() - 2);
  const bool plain = std::ranges::all_of(header, [](char c) { return c > ' ' && c < '\x7f' && c != '"'; });
  if (header.empty() || header.size() > kKeyMax || !plain)
    return std::unexpected(invalid("Idempotency-Key", "1 to 255 visible characters of ASCII, as those of a UUID"));
  return std::string(header);
}

std::string digest_of(const http::Request& request) {
  return Facts()
      .add(request.head.method)
      .add(request.head.target)
      .add(request.head.headers.find("If-Match").value_or(""))
      .add(as_text(request.body.view()))
      .digest();
}

Problem refused(KeptAnswers::Begun begun) {
  using enum KeptAnswers::Begun;
  if (begun == kAnotherRequest)
    return {.type = "/problems/idempotency-key-reused",
            .title = "This Idempotency-Key was used for another request",
            .status = 422,
            .hint = "a key is of one request: use another for another"};
  if (begun == kUnderWay)
    return {.type = "/problems/idempotency-key-under-way",
            .title = "The request with this Idempotency-Key is under way",
            .status = 409,
            .hint = "ask again in a moment: its answer is kept"};
  return {.type = "/problems/idempotency-keys-too-many",
          .title = "Too many requests with an Idempotency-Key are under way",
          .status = 429,
          .hint = "ask again in a moment"};
}

http::Response as_response(const KeptAnswers::Answer& answer) {
  auto response = http::text_response(answer.status, answer.body, answer.type);
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Idempotency-Replayed", "true");
  return response;
}

bool is_come_back_later(int status) { return status == 401 || status == 429 || status == 503; }

}  // namespace

Outcome<Once> Once::begin(Shared& shared, const http::Request& request) {
  Once once(shared);
  const auto header = request.head.headers.find("Idempotency-Key");
  if (!header || request.head.method == "GET" || request.query_flag("dry_run")) return once;
  TRY(const auto client, shared.access.who(request));
  TRY(auto key, key_in(*header));
  KeptAnswers::Key named{client->principal, std::move(key)};
  const auto begun = shared.kept_answers.begin(named, digest_of(request), shared.broker.shard0().clock.now());
  if (begun == KeptAnswers::Begun::kAnswered)
    once.again_ = as_response(shared.kept_answers.answer(named));
  else if (begun == KeptAnswers::Begun::kNew)
    once.key_ = std::move(named);
  else
    return std::unexpected(refused(begun));
  return once;
}

Once::~Once() {
  if (key_) shared_.kept_answers.end(*key_, std::nullopt, shared_.broker.shard0().clock.now());
}

void Once::keep(const http::Response& response) {
  const auto* body = std::get_if<std::string>(&response.body);
  if (!key_ || !body || is_come_back_later(response.status)) return;
  const auto type = response.headers.find("Content-Type").value_or("application/json");
  shared_.kept_answers.end(*std::exchange(key_, std::nullopt),
                           KeptAnswers::Answer{response.status, std::string(type), *body},
                           shared_.broker.shard0().clock.now());
}

}  // namespace thalweg::console
