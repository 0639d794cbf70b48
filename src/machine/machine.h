// What a machine is: ordinary synchronous code over values, without clock, file, socket or thread.
//
//  - Types: Record, Reply, RequestId, TimerKey and Effects as in effects.h; Context, what came with a request.
//  - `Effects on(Request, Context, RequestId, Instant now, Timestamp wall)`: one overload per request. It decides; it
//    changes soft state, and applies nothing of what it appends.
//  - `Effects on_timer(TimerKey, now, wall)`; `Effects on_loaded(now, wall)`, once, after everything was applied.
//  - `void apply(const Record&)`: the only way hard state changes. Called for every record of a step right after it.
//  - `void undo()`: the step just made was refused by the journal and never happened; soft state is as before it.
//    REQUIRES: that step appends. So a machine needs to remember soft state only in steps that may append.
//
// A request may be answered by a later step: until then it is parked in the machine under its id. What every machine
// must keep is tested for all of them in broker/machine_contract_test.cc.
#pragma once

#include <concepts>

#include "base/time.h"
#include "base/types.h"
#include "machine/effects.h"

namespace thalweg::machine {

template <class M>
concept Machine = requires(M& machine, const typename M::Record& record, typename M::TimerKey key, Instant now,
                           Timestamp wall) {
  requires std::same_as<typename M::Effects,
                        Effects<typename M::Record, typename M::Reply, typename M::RequestId, typename M::TimerKey>>;
  { machine.apply(record) } -> std::same_as<void>;
  { machine.undo() } -> std::same_as<void>;
  { machine.on_timer(key, now, wall) } -> std::same_as<typename M::Effects>;
  { machine.on_loaded(now, wall) } -> std::same_as<typename M::Effects>;
};

}  // namespace thalweg::machine
