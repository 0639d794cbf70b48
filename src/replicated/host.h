// A Host runs a machine over a journal: it is the only place of a coordinator that knows about waiting.
//
//   handle(request):  effects = machine.on(request, ...)
//                     journal.append(effects.append); machine.apply(each)
//                     set timers
//                     hold replies until journal.committed() >= journal.end() at this moment;
//                     without records of its own, also until journal.confirm()
//   append refused:   machine.undo(); who asked is told why, nobody else notices. A timer fires again a little later
//   journal lost:     drop the machine, fail what waits, load again from the journal
//
// Replies wait for everything they have seen, also when they append nothing. What a step appends proves by its commit
// that we led when we decided; a reply without records ("exists already") has no such proof, and that what it saw is
// committed is none: somebody else may have committed more since. So it is asked for, unless nobody else could.
// Reads are then linearizable. What "committed" means is the journal's to say.
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
#include "machine/machine.h"
#include "replicated/journal.h"
#include "runtime/shard.h"
#include "runtime/watermark.h"

namespace thalweg::replicated {

struct HostOptions {
  std::string name;                                           // for log lines: "group coordinator __consumer_offsets-7"
  ErrorCode loading = ErrorCode::kCoordinatorLoadInProgress;  // answered while the journal is replayed
  ErrorCode not_here = ErrorCode::kNotCoordinator;            // answered when the machine runs somewhere else
  Instant commit_timeout = std::chrono::seconds(5);           // how long a reply waits to be committed
  Instant load_backoff = std::chrono::seconds(1);             // between two attempts to load, and two losses
  Instant timer_backoff = std::chrono::seconds(1);            // until a timer fires again whose step was refused
  std::size_t waiting_max = 100'000;                          // requests parked or waiting for their commit
};

template <class M, class Journal>
  requires machine::Machine<M> && JournalOf<Journal, typename M::Record>
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
    auto effects =
        session->machine->on(std::move(request), std::move(context), id, shard_.clock.now(), shard_.clock.wall());
    if (auto failure = perform(session, std::move(effects))) {
      session->answer(id, std::unexpected(failure->error));
      if (failure->kind == AppendFailure::Kind::kLost) start_over(*session, failure->error);
    }
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
    session_ = std::make_shared<Session>(Session{.journal = journal_});
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
    while (!co_await try_to_load(session)) {
      if (session->ended) co_return;
      co_await shard_.clock.sleep_for(options_.load_backoff);
      if (session->ended) co_return;
    }
  }

  // False when it should be tried again, or the session has ended.
  Task<bool> try_to_load(SessionPtr session) {
    // Made with the first record, so that it begins at what the journal holds by then, not when it was asked.
    session->machine = nullptr;
    std::uint64_t records = 0;
    const auto loaded = co_await session->journal->replay([this, session, &records](const Record& record) {
      if (session->ended) return;
      if (!session->machine) session->machine = new_machine_();
      ++records;
      session->machine->apply(record);
    });
    if (session->ended) co_return false;
    if (!loaded) {
      log::warn("coordinator cannot be loaded, trying again", field("name", options_.name),
                field("error", loaded.error().message));
      co_return false;
    }
    if (!session->machine) session->machine = new_machine_();
    const auto failure = perform(session, session->machine->on_loaded(shard_.clock.now(), shard_.clock.wall()));
    if (failure) {  // nobody waits yet, so there is nothing to keep
      log::warn("coordinator cannot begin, trying again", field("name", options_.name),
                field("error", failure->error.message));
      co_return false;
    }
    // Most partitions of an offsets topic are empty most of the time.
    if (records > 0) log::info("coordinator loaded", field("name", options_.name), field("records", records));
    session->serving = true;
    co_return true;
  }

  // Carries out a step, or says why its records could not be appended. Then nothing of it has happened, and after
  // kRefused the machine knows that.
  std::optional<AppendFailure> perform(const SessionPtr& session, Effects effects) {
    if (!effects.append.empty()) {
      if (auto appended = journal_->append(effects.append); !appended) {
        if (appended.error().kind == AppendFailure::Kind::kRefused) session->machine->undo();
        return std::move(appended.error());
      }
      for (const Record& record : effects.append) session->machine->apply(record);
    }
    for (auto& change : effects.timers) set_timer(session, change.key, change.at);
    if (effects.replies.empty()) return std::nullopt;
    const Offset seen = journal_->end();
    const bool proven = !effects.append.empty() || journal_->alone();
    if (proven && journal_->committed().value() >= seen) {
      for (auto& reply : effects.replies) session->answer(reply.id, std::move(reply.reply));
    } else {
      const Instant deadline = shard_.clock.now() + options_.commit_timeout;
      spawn(shard_, release(session, std::move(effects.replies), proven, seen, deadline));
    }
    return std::nullopt;
  }

  // The journal is not what the machine believes. It may stay so for a while, and then loading would be all that is
  // done; so there is a pause behind the second time.
  void start_over(Session& session, const Error& error) {
    log::warn("coordinator lost its journal, loading again", field("name", options_.name),
              field("error", std::string(name(error.code))), field("message", error.message));
    end(session, options_.not_here, "the coordinator is loading again");
    const Instant at = std::max(shard_.clock.now(), next_start_over_);
    next_start_over_ = at + options_.load_backoff;
    begin(at);
  }

  Task<> release(SessionPtr session, decltype(Effects::replies) replies, bool proven, Offset seen, Instant deadline) {
    const bool ours = proven || co_await session->journal->confirm(deadline);
    const bool committed = ours && co_await session->journal->committed().reached(seen, deadline);
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
    const auto failure = perform(session, session->machine->on_timer(key, shard_.clock.now(), shard_.clock.wall()));
    if (!failure) return;
    if (failure->kind == AppendFailure::Kind::kLost) return start_over(*session, failure->error);
    log::warn("coordinator could not append what time has brought, trying again", field("name", options_.name),
              field("error", failure->error.message));
    set_timer(session, key, shard_.clock.now() + options_.timer_backoff);
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
