// One connection of a Server: a coroutine that reads and starts requests, and one that writes responses in the order of
// requests. Owner: the shard. Both coroutines and every unfinished stage two hold it.
#pragma once

#include <deque>

#include "network/idle_watch.h"
#include "network/server.h"

namespace thalweg::network {

// What a connection holds while its client keeps us waiting.
enum class Stalled { kNo, kMemory, kLargeFrame };

// Whether bytes move fast enough, while we do nothing but wait for them. Looked at now and then.
class Progress {
 public:
  // We wait from now on.
  void begin(Instant now, std::uint64_t transferred) {
    waiting_ = true;
    suspected_ = false;
    since_ = now;
    from_ = transferred;
  }
  void end() { waiting_ = false; }
  bool is_stalled(Instant now, std::uint64_t transferred);

 private:
  bool waiting_ = false, suspected_ = false;
  Instant since_{};
  std::uint64_t from_ = 0;  // transferred at that time
};

class ServerConnection : public Handler, public std::enable_shared_from_this<ServerConnection> {
 public:
  ServerConnection(Server& server, ConnectionInfo info, ConnectionPtr connection, std::unique_ptr<Session> session);

  void start() override;
  void stop() override;
  void close() override { connection_->close(); }

  // Whether it has stalled since it was last looked at, and with what.
  Stalled look();
  void close_stalled();

 private:
  using Self = std::shared_ptr<ServerConnection>;
  // A request whose response has not been sent.
  struct Pending {
    std::optional<Reply> reply;
    Charge memory;  // of the reply
    Measured measured;
  };
  using PendingPtr = std::shared_ptr<Pending>;
  struct Received {
    SharedBytes frame;
    Charge memory;  // of the frame, and of what it becomes
  };

  static Task<> read_loop(Self self);
  static Task<> write_loop(Self self);
  static Task<> finish_later(Self self, PendingPtr pending, Task<Reply> rest);
  Task<Result<>> read_requests();
  Task<Result<std::optional<Received>>> receive(std::size_t size);
  Task<Result<SharedBytes>> read_large(std::size_t size);
  Task<Result<SharedBytes>> read_body(bool large);
  Task<Result<bool>> handle(Received received);
  Result<Request> parse(SharedBytes frame) const;
  Task<> wait_until_welcome();
  Task<Result<>> write_batch();
  void finish(Pending& pending, Reply reply, Instant now);

  Server& server_;
  const ConnectionInfo info_;
  const ConnectionPtr connection_;
  const std::unique_ptr<Session> session_;
  FrameReader frames_;

  std::deque<PendingPtr> pending_;  // in the order of requests
  std::size_t unsent_bytes_ = 0;    // of replies in pending_
  Instant muted_until_{0};
  bool handling_ = false;  // between the arrival of a request and the end of its stage one
  bool waiting_ = false;   // for memory
  bool writing_ = false;
  bool reading_done_ = false;
  bool stopping_ = false;
  bool reads_large_ = false;
  Progress reading_, sending_;
  Signal reply_ready_, room_;
  IdleWatch idleness_;
};

}  // namespace thalweg::network
