// What the tests and the fuzzer of this module share.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "runtime/network.h"

namespace thalweg::network {

// Gives the stream in pieces of at most the sizes asked for, in turn, then the end.
class ScriptedConnection : public Connection {
 public:
  // REQUIRES: no size is zero, and there is one
  ScriptedConnection(std::string stream, std::vector<std::size_t> at_once)
      : stream_(std::move(stream)), at_once_(std::move(at_once)) {}
  ScriptedConnection(std::string stream, std::size_t at_once)
      : ScriptedConnection(std::move(stream), std::vector{at_once}) {}

  Task<Result<std::size_t>> read_some(MutableBytes into) override {
    const std::size_t at_once = at_once_[reads++ % at_once_.size()];
    room_max = std::max(room_max, into.size());
    const std::size_t n = std::min({into.size(), at_once, stream_.size() - position_});
    if (n > 0) std::memcpy(into.data(), stream_.data() + position_, n);
    position_ += n;
    co_return n;
  }
  Task<Result<>> write(Pieces) override { co_return Result<>(); }
  void close() override {}
  Endpoint peer() const override { return {"test", 1}; }
  std::uint64_t transferred() const override { return position_; }

  std::size_t reads = 0;
  std::size_t room_max = 0;

 private:
  const std::string stream_;
  const std::vector<std::size_t> at_once_;
  std::size_t position_ = 0;
};

}  // namespace thalweg::network
