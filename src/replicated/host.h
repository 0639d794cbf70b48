// A Host runs a machine over a journal: it is the only place of a coordinator that knows about waiting.
//
//   handle(request):  effects = machine.on(request, ...)
//                     journal.append(effects.append); machine.apply(each)
//                     set timers
//                     hold replies until journal.committed() >= journal.end() at this moment
//   append failed:    drop the machine, fail what waits, load again from the journal
//
// Replies wait for everything they have seen, also when they append nothing: reads are linearizable with no extra
// state. A failed append is answered with a reload, so no machine needs to undo anything.
//
// Owner: the journal's shard; not thread-safe. Others reach it with
// shard.call(host, &Host::handle<Response, Request>, …).
#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "base/result.h"
#include "base/types.h"
#include "runtime/shard.h"
#include "runtime/watermark.h"

namespace thalweg::replicated {

// What a journal is. append() writes in order, does not wait, and returns the end after it; when it fails, the journal
// is in a state that a machine can be loaded from. replay() reads everything from the beginning to the end at the time
// of the call. committed() fails when the journal is no longer ours to append to.
template <class J, class Record>
concept JournalOf = requires(J& journal, const std::vector<Record>& records) {
  { journal.append(records) } -> std::same_as<Result<Offset>>;
  { journal.end() } -> std::convertible_to<Offset>;
  { journal.committed() } -> std::same_as<Watermark&>;
  { journal.replay(std::function<void(const Record&)>()) } -> std::same_as<Task<Result<>>>;
};

// What a machine is: ordinary synchronous code over values.
//
//  - Types: Record; Reply, a variant of responses; RequestId, a Strong; TimerKey, ordered; Context, what came with a
//    request; Effects, with `append` (Records), `replies` ({id, reply}) and `timers` ({key, at}; no `at` clears it).
//  - `Effects on(Request, Context, RequestId, Instant now, Timestamp wall)`: one overload per request. It applies
//    nothing of what it appends.
//  - `Effects on_timer(TimerKey, now, wall)`; `Effects on_loaded(now, wall)`, once, after everything was applied.
//  - `void apply(const Record&)`: the only way hard state changes.
//
// A request may be answered by a later step: until then it is parked in the machine under its id.
template <class M>
concept Machine =
    requires(M& machine, const typename M::Record& record, typename M::TimerKey key, Instant now, Timestamp wall) {
      { machine.apply(record) };
      { machine.on_timer(key, now, wall) } -> std::same_as<typename M::Effects>;
      { machine.on_loaded(now, wall) } -> std::same_as<typename M::Effects>;
    };

struct HostOptions {
  std::string name;                                           // for log lines: "group coordinator __consumer_offsets-7"
  ErrorCode loading = ErrorCode::kCoordinatorLoadInProgress;  // answered while the journal is replayed
  ErrorCode not_here = ErrorCode::kNotCoordinator;            // answered when the machine runs somewhere else
  Instant commit_timeout = std::chrono::seconds(5);           // how long a reply waits to be committed
  Instant load_backoff = std::chrono::seconds(1);             // between two attempts to load, and two failed appends
  std::size_t waiting_max = 100'000;                          // requests parked or waiting for their commit
};

template <class M, class Journal>
  requires Machine<M> && JournalOf<Journal, typename M::Record>
class Host {
 public:
  using Record = typename M::Record;
  using Reply = typename M::Reply;
  using RequestId = typename M::RequestId;
  using TimerKey = typename M::TimerKey;
  using Effects = typename M::Effects;
  using Context = typename M::Context;
  using NewMachine = std::function<std::unique_ptr<M>()>;

  Host(const Shard& shard, std::shared_ptr<Journal> journal, NewMachine new_machine, HostOptions options)
      : shard_(shard),
        journal_(std::move(journal)),
        new_machine_(std::move(new_machine)),
        options_(std::move(options)) {}
  ~Host() { resign(); }
  Host(const Host&) = delete;

  // The journal became ours: load it, then serve. Also starts over when it was ours already.
  void lead() {
    resign();
    begin(shard_.clock.now());
  }
  // The journal went to somebody else: the machine is dropped and everybody who waits is told to look elsewhere.
  void resign() {
    if (const auto session = std::exchange(session_, nullptr))
      end(*session, options_.not_here, "moved to another broker");
  }
  bool leading() const { return session_ != nullptr; }
  bool serving() const { return session_ && session_->serving; }

  // Answers once everything the answer depends on is committed, or says why not.
  template <class Response, class Request>
  Task<Result<Response>> handle(Request request, Context context) {
    const auto session = session_;
    if (!session) co_return fail(options_.not_here);
    if (!session->serving || session->waiting.size() >= options_.waiting_max) co_return fail(options_.loading);
    const RequestId id{++last_request_};
    const OneShot<Result<Reply>> answer;
    session->waiting.emplace(id, answer);
    perform(session,
            session->machine->on(std::move(request), std::move(context), id, shard_.clock.now(), shard_.clock.wall()));
    Result<Reply> reply = co_await answer.wait();
    if (!reply) co_return std::unexpected(std::move(reply.error()));
    auto* response = std::get_if<Response>(&*reply);
    CHECK(response);
    co_return std::move(*response);
  }

  // For read-only looks that need not be linearizable (metrics, listings). REQUIRES: serving()
  const M& machine() const {
    CHECK(serving());
    return *session_->machine;
  }

 private:
  // One leadership. Coroutines and timers hold it, and stop touching the host once it has ended.
  struct Session {
    std::shared_ptr<Journal> journal;
    std::unique_ptr<M> machine;
    bool serving = false;
    bool ended = false;
    std::map<RequestId, OneShot<Result<Reply>>> waiting;
    std::map<TimerKey, std::unique_ptr<Clock::Timer>> timers;
    std::unique_ptr<Clock::Timer> fired;  // the timer whose call is under way must not be destroyed by it

    void answer(RequestId id, Result<Reply> reply) {
      const auto at = waiting.find(id);
      if (at == waiting.end()) return;
      at->second.set(std::move(reply));
      waiting.erase(at);
    }
  };
  using SessionPtr = std::shared_ptr<Session>;

  void begin(Instant at) {
    session_ = std::make_shared<Session>(Session{.journal = journal_, .machine = new_machine_()});
    spawn(shard_, load(session_, at));
  }

  static void end(Session& session, ErrorCode code, const std::string& why) {
    session.ended = true;
    session.timers.clear();
    for (auto& [id, answer] : std::exchange(session.waiting, {})) answer.set(fail(code, why));
  }

  Task<> load(SessionPtr session, Instant at) {
    if (session->ended) co_return;
    if (shard_.clock.now() < at) co_await shard_.clock.sleep_until(at);
    if (session->ended) co_return;
    for (;;) {
      std::uint64_t records = 0;
      const auto loaded = co_await session->journal->replay([session, &records](const Record& record) {
        ++records;
        session->machine->apply(record);
      });
      if (session->ended) co_return;
      if (loaded) {
        // Most partitions of an offsets topic are empty most of the time.
        if (records > 0) log::info("coordinator loaded", field("name", options_.name), field("records", records));
        break;
      }
      log::warn("coordinator cannot be loaded, trying again", field("name", options_.name),
                field("error", loaded.error().message));
      session->machine = new_machine_();
      co_await shard_.clock.sleep_for(options_.load_backoff);
      if (session->ended) co_return;
    }
    session->serving = true;
    perform(session, session->machine->on_loaded(shard_.clock.now(), shard_.clock.wall()));
  }

  void perform(const SessionPtr& session, Effects effects) {
    if (!effects.append.empty()) {
      if (const auto appended = journal_->append(effects.append); !appended) {
        for (auto& reply : effects.replies) session->answer(reply.id, std::unexpected(appended.error()));
        start_over(*session, appended.error());
        return;
      }
      for (const Record& record : effects.append) session->machine->apply(record);
    }
    for (auto& change : effects.timers) set_timer(session, change.key, change.at);
    if (effects.replies.empty()) return;
    const Offset seen = journal_->end();
    if (journal_->committed().value() >= seen) {
      for (auto& reply : effects.replies) session->answer(reply.id, std::move(reply.reply));
    } else {
      spawn(shard_, release(session, std::move(effects.replies), seen, shard_.clock.now() + options_.commit_timeout));
    }
  }

  // What the machine decided is not in the journal, so the machine is wrong from here on. A full disk refuses the next
  // append as well, and then loading would be all that is done; so there is a pause behind the second failure.
  void start_over(Session& session, const Error& error) {
    log::warn("coordinator append failed, loading again", field("name", options_.name),
              field("error", std::string(name(error.code))), field("message", error.message));
    end(session, options_.not_here, "the coordinator is loading again");
    const Instant at = std::max(shard_.clock.now(), next_start_over_);
    next_start_over_ = at + options_.load_backoff;
    begin(at);
  }

  Task<> release(SessionPtr session, decltype(Effects::replies) replies, Offset seen, Instant deadline) {
    const bool committed = co_await session->journal->committed().reached(seen, deadline);
    if (session->ended) co_return;  // everybody has been answered
    const ErrorCode why = shard_.clock.now() >= deadline ? ErrorCode::kRequestTimedOut : options_.not_here;
    for (auto& reply : replies)
      session->answer(reply.id, committed ? Result<Reply>(std::move(reply.reply)) : fail(why, "not committed"));
  }

  void set_timer(const SessionPtr& session, const TimerKey& key, std::optional<Instant> at) {
    if (!at) {
      session->timers.erase(key);
      return;
    }
    session->timers[key] = shard_.clock.call_at(*at, [this, key, weak = std::weak_ptr(session)] {
      if (const auto session = weak.lock(); session && !session->ended) on_timer(session, key);
    });
  }

  void on_timer(const SessionPtr& session, TimerKey key) {
    if (auto node = session->timers.extract(key)) session->fired = std::move(node.mapped());
    perform(session, session->machine->on_timer(key, shard_.clock.now(), shard_.clock.wall()));
  }

  const Shard& shard_;
  const std::shared_ptr<Journal> journal_;
  const NewMachine new_machine_;
  const HostOptions options_;
  std::uint64_t last_request_ = 0;
  Instant next_start_over_{0};
  SessionPtr session_;  // null while the journal is not ours
};

}  // namespace thalweg::replicated
