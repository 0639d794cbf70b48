// Passes clients' requests on to the controller, wherever it runs, and asks again while there is none or while it is
// being replaced, so that clients notice nothing but a pause. What a second attempt may meet: second_attempt.h.
//
// Owner: shard 0.
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

#include "broker/controller_link.h"
#include "broker/metadata_publisher.h"
#include "broker/second_attempt.h"
#include "runtime/shard.h"

namespace thalweg::broker {

class Forwarding {
 public:
  // All outlive it.
  Forwarding(const Shard& shard, ControllerLink& link, MetadataPublisher& publisher)
      : shard_(shard), link_(link), publisher_(publisher) {}

  // The controller's answer, or why there is none: kNotController when nobody led for kAgainWithin; kRequestTimedOut
  // when whoever was asked said nothing within `span`, and then the outcome is unknown.
  template <class Response, class Request>
  Task<Result<Response>> pass_on(Request request, std::int16_t version, ForwardedFrom from, Instant span) {
    const Instant begun = shard_.clock.now(), deadline = later(begun, span);
    const metadata::ImagePtr before = publisher_.published_image();
    Request attempt = request;
    Instant backoff = kBackoffFirst;
    for (bool again = false;; again = true) {
      auto answer = co_await link_.template forward_from<Response>(attempt, version, from, deadline);
      if (answer) {
        if (again) co_await settle(request, *before, *answer);
        co_return answer;
      }
      if (answer.error().code != ErrorCode::kNotController || shard_.clock.now() + backoff > begun + kAgainWithin)
        co_return answer;
      co_await shard_.clock.sleep_for(backoff);
      if (stopping_) co_return answer;
      backoff = std::min<Instant>(2 * backoff, kBackoffLast);
      if (!again) prepare_second(attempt, version, *before);
    }
  }

  // Nothing is asked again from now on.
  void stop() { stopping_ = true; }

  // Less than clients wait for an answer by default (30 s), more than several elections take.
  static constexpr Instant kAgainWithin = std::chrono::seconds(20);
  static constexpr Instant kBackoffFirst = std::chrono::milliseconds(5), kBackoffLast = std::chrono::milliseconds(100);
  // How long an image is waited for that explains the answer to a second attempt.
  static constexpr Instant kSettledWithin = std::chrono::seconds(1);

 private:
  template <class Request, class Response>
  Task<> settle(const Request& request, const metadata::Image& before, Response& answer) {
    const Instant deadline = shard_.clock.now() + kSettledWithin;
    while (!settle_second(request, before, *publisher_.published_image(), answer)) {
      const Offset next = publisher_.published().value() + 1;
      if (!co_await publisher_.published().reached(next, deadline)) co_return;
    }
  }

  const Shard& shard_;
  ControllerLink& link_;
  MetadataPublisher& publisher_;
  bool stopping_ = false;
};

}  // namespace thalweg::broker
