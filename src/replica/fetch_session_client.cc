#include "replica/fetch_session_client.h"

#include <limits>
#include <utility>

namespace thalweg::replica {

void FetchSessionClient::put(const PartitionKey& key, const Wanted& wanted) {
  auto& entry = all_[key];
  entry.wanted = wanted;
  if (forgotten_.erase(key) > 0) entry.in_session = true;
  if (entry.told == wanted)
    changed_.erase(key);
  else
    changed_.insert(key);
}

void FetchSessionClient::forget(const PartitionKey& key) {
  const auto node = all_.extract(key);
  if (!node) return;
  changed_.erase(key);
  if (node.mapped().in_session) forgotten_.insert(key);
}

void FetchSessionClient::reset() {
  id_ = epoch_ = 0;
  forgotten_.clear();
  for (auto& [key, entry] : all_) {
    entry.told.reset();
    entry.in_session = false;
    changed_.insert(key);
  }
}

void FetchSessionClient::add(protocol::FetchRequest& request, const PartitionKey& key, Entry& entry) {
  if (request.topics.empty() || request.topics.back().topic_id != key.topic_id)
    request.topics.emplace_back().topic_id = key.topic_id;
  auto& partition = request.topics.back().partitions.emplace_back();
  const Wanted& wanted = entry.wanted;
  partition.partition = key.partition;
  partition.current_leader_epoch = wanted.position.leader_epoch;
  partition.fetch_offset = wanted.position.end;
  partition.last_fetched_epoch = wanted.position.last_epoch;
  partition.log_start_offset = wanted.log_start;
  partition.partition_max_bytes = wanted.bytes_max;
  partition.durable_end_offset = wanted.claim;
  if (!entry.told || entry.told->position != wanted.position) entry.told_in = last_;
  entry.told = wanted;
  entry.in_session = true;
}

FetchSessionClient::Next FetchSessionClient::next() {
  Next next{.number = ++last_};
  auto& request = next.request;
  request.session_id = id_;
  request.session_epoch = epoch_;
  if (epoch_ == 0) {  // all of them
    forgotten_.clear();
    for (auto& [key, entry] : all_) add(request, key, entry);
  } else {
    for (const auto& key : changed_) add(request, key, all_.at(key));
    for (const auto& key : std::exchange(forgotten_, {})) {
      auto& topics = request.forgotten_topics_data;
      if (topics.empty() || topics.back().topic_id != key.topic_id) topics.emplace_back().topic_id = key.topic_id;
      topics.back().partitions.push_back(key.partition);
    }
    epoch_ = epoch_ == std::numeric_limits<std::int32_t>::max() ? 1 : epoch_ + 1;
  }
  changed_.clear();
  return next;
}

// A leader that keeps no session is asked for everything each time.
bool FetchSessionClient::on_answer(const protocol::FetchResponse& response) {
  if (response.error_code != ErrorCode::kNone || response.session_id == 0) {
    reset();
    return response.error_code == ErrorCode::kNone;
  }
  if (epoch_ == 0) {
    id_ = response.session_id;
    epoch_ = 1;
  }
  return true;
}

const replication::Position* FetchSessionClient::asked(Number request, const PartitionKey& key) const {
  const auto found = all_.find(key);
  if (found == all_.end() || !found->second.told || request < found->second.told_in) return nullptr;
  return &found->second.told->position;
}

}  // namespace thalweg::replica
