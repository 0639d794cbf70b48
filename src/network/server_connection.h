// One connection of a Server: a coroutine that reads and starts requests, and one that writes responses in the order of
// requests. Owner: the shard. Both coroutines and every unfinished stage two hold it.
#pragma once

#include <deque>

#include "network/server.h"

namespace thalweg::network {

class ServerConnection : public std::enable_shared_from_this<ServerConnection> {
 public:
  ServerConnection(Server& server, ConnectionInfo info, ConnectionPtr connection, std::unique_ptr<Session> session);

  void start();
  // Ends it once what was started is answered; at once when that is nothing.
  void stop();
  void close() { connection_->close(); }
  const ConnectionInfo& info() const { return info_; }

 private:
  using Self = std::shared_ptr<ServerConnection>;
  // A request whose response has not been sent.
  struct Pending {
    std::size_t charged = 0;  // taken from the budget
    std::optional<Reply> reply;
  };
  using PendingPtr = std::shared_ptr<Pending>;

  static Task<> read_loop(Self self);
  static Task<> write_loop(Self self);
  static Task<> finish_later(Self self, PendingPtr pending, Task<Reply> rest);
  Task<Result<>> read_requests();
  Task<Result<bool>> handle(SharedBytes frame);
  Result<Request> parse(SharedBytes frame) const;
  Task<> wait_until_welcome();
  Task<Result<>> write_batch();
  void finish(Pending& pending, Reply reply);
  void mark_active();
  void close_if_idle();
  void watch_idleness(Instant when);

  Server& server_;
  const ConnectionInfo info_;
  const ConnectionPtr connection_;
  const std::unique_ptr<Session> session_;
  FrameReader frames_;

  std::deque<PendingPtr> pending_;  // in the order of requests
  std::size_t unsent_bytes_ = 0;    // of replies in pending_
  Instant muted_until_{0};
  Instant last_active_{0};
  std::uint64_t transferred_ = 0;  // at last_active_
  bool handling_ = false;          // between the arrival of a request and the end of its stage one
  bool writing_ = false;
  bool reading_done_ = false;
  bool stopping_ = false;
  Signal reply_ready_, room_;
  std::unique_ptr<Clock::Timer> idle_timer_;
};

}  // namespace thalweg::network
