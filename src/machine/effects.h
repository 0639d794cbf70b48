// What one step of a machine decides: values, which the host of the machine carries out in this order.
//
//   Record      what the log of the machine is made of; apply() alone changes hard state by it
//   Reply       a variant of the responses the machine gives
//   RequestId   a Strong that names a request until it is answered; given by the host
//   TimerKey    what a timer is for; ordered
#pragma once

#include <optional>
#include <vector>

#include "base/time.h"

namespace thalweg::machine {

template <class RequestId, class Reply>
struct ReplyTo {
  RequestId id;
  Reply reply;
  friend bool operator==(const ReplyTo&, const ReplyTo&) = default;
};

template <class TimerKey>
struct TimerChange {
  TimerKey key;
  std::optional<Instant> at;  // nothing: cleared
  friend bool operator==(const TimerChange&, const TimerChange&) = default;
};

template <class Record, class Reply, class RequestId, class TimerKey>
struct Effects {
  std::vector<Record> append;                      // in this order; all or nothing, unless the journal says otherwise
  std::vector<ReplyTo<RequestId, Reply>> replies;  // given once everything this step has seen is committed
  std::vector<TimerChange<TimerKey>> timers;
  friend bool operator==(const Effects&, const Effects&) = default;
};

}  // namespace thalweg::machine
