// A TCP connection. Owner: the shard that accepted or connected it.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>

#include "runtime/network.h"

namespace thalweg::platform {

class OsConnection : public Connection, public std::enable_shared_from_this<OsConnection> {
 public:
  // Takes a connected socket; sets what every Kafka connection wants: no delay, keepalive, not blocking.
  // `counted` lives as long as it does.
  OsConnection(boost::asio::ip::tcp::socket socket, std::shared_ptr<void> counted);

  Task<Result<std::size_t>> read_some(MutableBytes into) override;
  Task<Result<>> write(Pieces pieces) override;
  void close() override;
  Endpoint peer() const override { return peer_; }
  std::uint64_t transferred() const override { return transferred_; }

 private:
  // Where in the pieces a write stands.
  struct Cursor {
    std::size_t piece = 0, offset = 0;
    void skip(const Pieces& pieces, std::size_t sent);
  };
  static void put_in_unwritten(Pieces& pieces);
  static void copy_small_ranges(Pieces& pieces);
  enum class Sent { kSome, kSocketIsFull, kFileIsCold, kFailed };
  Sent send_some(const Pieces& pieces, Cursor& cursor);
  Sent send_memory(const Pieces& pieces, Cursor& cursor);
  Sent send_file(const FilePiece& file, const Pieces& pieces, Cursor& cursor);
  Sent sent(std::size_t bytes, const Pieces& pieces, Cursor& cursor);
  Sent failed(int error);
  Task<Result<>> warm(const Pieces& pieces, Cursor cursor);

  const std::shared_ptr<void> counted_;
  boost::asio::ip::tcp::socket socket_;
  Endpoint peer_;
  std::uint64_t transferred_ = 0;
  int error_ = 0;            // errno of the last failed send
  std::size_t checked_ = 0;  // bytes of the current file piece known to be in memory
};

}  // namespace thalweg::platform
