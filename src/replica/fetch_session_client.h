// A follower's side of an incremental fetch session (KIP-227): the first request names all partitions, later ones only
// what has changed. Values in and out: it knows no connection.
//
// Which request told the leader what is remembered, so that an answer can be judged by what was asked: a request may
// be sent while the one before it waits at the leader.
// Source: org.apache.kafka.clients.FetchSessionHandler.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "protocol/fetch_request.h"
#include "protocol/fetch_response.h"
#include "replica/partition_key.h"
#include "replication/following.h"

namespace thalweg::replica {

class FetchSessionClient {
 public:
  struct Wanted {
    replication::Position position;
    Offset claim;  // what is on disk, at most position.end
    Offset log_start = kNoOffset;
    std::int32_t bytes_max = 0;
    friend bool operator==(const Wanted&, const Wanted&) = default;
  };
  using Number = std::uint64_t;  // of a request; they rise

  // To be fetched from there. Says so to the leader with the next request, unless it knows.
  void put(const PartitionKey& key, const Wanted& wanted);
  void forget(const PartitionKey& key);
  // The leader knows nothing any more: a new connection, or an error of the session.
  void reset();

  bool empty() const { return all_.empty(); }
  bool has_changes() const { return !changed_.empty() || !forgotten_.empty(); }
  // The leader has a session: a request may be sent before the last one is answered.
  bool established() const { return epoch_ > 0; }

  // The next request, its partitions and session filled in.
  struct Next {
    Number number = 0;
    protocol::FetchRequest request;
  };
  Next next();
  // Of the whole answer. False: the session is gone, and the next request begins another.
  bool on_answer(const protocol::FetchResponse& response);
  // What this request asked for the partition. Nothing if a later one asked from another place, or it is not fetched.
  const replication::Position* asked(Number request, const PartitionKey& key) const;

 private:
  struct Entry {
    Wanted wanted;
    std::optional<Wanted> told;
    Number told_in = 0;  // the first request that asked from told->position
    bool in_session = false;
  };
  void add(protocol::FetchRequest& request, const PartitionKey& key, Entry& entry);

  std::map<PartitionKey, Entry> all_;
  std::set<PartitionKey> changed_, forgotten_;
  Number last_ = 0;
  std::int32_t id_ = 0, epoch_ = 0;
};

}  // namespace thalweg::replica
