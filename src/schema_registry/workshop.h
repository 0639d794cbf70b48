// Where the long work of requests is done: on Workers, so that no shard is held, and only so much of it at a time, so
// that what is made of strangers' texts in memory has a bound. A megabyte of schema becomes some tens of them while it
// is looked at.
//
// A request takes a seat with its first piece of work and keeps it until it is answered, for so long live its findings.
// Large ones have one seat, small ones others, so that they do not wait for the large; each in the order in which they
// came. Owner: shard 0.
#pragma once

#include <memory>
#include <utility>

#include "registry/job.h"
#include "runtime/budget.h"
#include "runtime/workers.h"

namespace thalweg::schema_registry {

// Of texts; up to here they are small. About what a shard could do in a millisecond or two.
inline constexpr std::size_t kSmallMax = 32 * 1024;

class Workshop {
 public:
  static constexpr std::size_t kLargeSeats = 1, kSmallSeats = 8;

  explicit Workshop(Workers& workers) : workers_(workers) {}

  class Seat {
    friend class Workshop;
    Charge charge_;
    bool large_ = false;
  };

  // Waits for a seat as the bytes ask for, unless `seat` is one already.
  template <class F>
  Task<std::invoke_result_t<F&>> run(F work, std::size_t bytes, Seat& seat) {
    co_await take(seat, bytes > kSmallMax);
    co_return co_await workers_.run(std::move(work));
  }
  Task<registry::FindingsPtr> carry_out(std::shared_ptr<const registry::Job> job, registry::FindingsPtr known,
                                        Seat& seat) {
    const std::size_t bytes = job->bytes;
    co_return co_await run([job = std::move(job), known = std::move(known)] { return job->carry_out(known); }, bytes,
                           seat);
  }
  // To free what a large schema was read into takes milliseconds, too. REQUIRES: nobody else holds it much longer
  Task<> put_away(registry::FindingsPtr findings) {
    co_await workers_.run([findings = std::move(findings)]() mutable {
      findings = nullptr;
      return true;
    });
  }
  // For what is bounded by something that is in memory already.
  Workers& workers() { return workers_; }

 private:
  Task<> take(Seat& seat, bool large) {
    if (seat.charge_.bytes() > 0 && (seat.large_ || !large)) co_return;
    seat.charge_.release();  // nobody waits for one seat on another
    seat.charge_ = co_await (large ? large_ : small_).admit(1);
    seat.large_ = large;
  }

  Workers& workers_;
  Budget large_{kLargeSeats}, small_{kSmallSeats};
};

}  // namespace thalweg::schema_registry
