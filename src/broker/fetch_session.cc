#include "broker/fetch_session.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "broker/resting_session.h"

namespace thalweg::broker {
namespace {
using protocol::FetchRequest;
using protocol::FetchResponse;

constexpr std::int32_t kInitialEpoch = 0, kFinalEpoch = -1;
constexpr std::int32_t kNoSession = 0;
constexpr Instant kUnusedAfter = std::chrono::minutes(2);

std::int32_t next_epoch(std::int32_t epoch) {
  return epoch < 0 ? kFinalEpoch : epoch == std::numeric_limits<std::int32_t>::max() ? 1 : epoch + 1;
}

using Key = std::tuple<std::string, Uuid, std::int32_t>;  // name or id, the other one empty

Key key_of(bool by_id, const std::string& topic, Uuid topic_id, PartitionId partition) {
  return by_id ? Key("", topic_id, partition.value) : Key(topic, Uuid{}, partition.value);
}

FetchPartition wanted(const FetchRequest::FetchTopic& topic, const FetchRequest::FetchPartition& p) {
  return {.topic = topic.topic,
          .topic_id = topic.topic_id,
          .partition = p.partition,
          .current_leader_epoch = p.current_leader_epoch,
          .fetch_offset = p.fetch_offset,
          .last_fetched_epoch = p.last_fetched_epoch,
          .log_start_offset = p.log_start_offset,
          .max_bytes = p.partition_max_bytes,
          .durable_end = p.durable_end_offset};
}
}  // namespace

// Partitions in the order in which they are served: those that returned data move to the end, so that none starves.
// Those that rest are not served.
class FetchSession : public std::enable_shared_from_this<FetchSession> {
 public:
  struct Entry {
    FetchPartition wanted;
    Offset sent_high_watermark = kNoOffset;
    Offset sent_log_start = kNoOffset;
    std::uint64_t named_in = 0;   // the last request that named it
    std::uint64_t served_in = 0;  // the last one that reads it
    bool rests = false;
  };

  FetchSession(std::int32_t id, bool by_id, bool privileged, Instant now)
      : id(id), by_id(by_id), privileged(privileged), created(now), last_used(now) {}

  void put(FetchPartition partition) {
    const Key key = key_of(by_id, partition.topic, partition.topic_id, partition.partition);
    if (auto it = by_key_.find(key); it != by_key_.end()) {
      it->second->wanted = std::move(partition);
      it->second->named_in = requests;
      wake(it->second);
    } else {
      order_.push_back({.wanted = std::move(partition), .named_in = requests});
      by_key_.emplace(key, std::prev(order_.end()));
    }
  }
  void forget(const FetchRequest::ForgottenTopic& topic) {
    for (const PartitionId partition : topic.partitions) {
      auto it = by_key_.find(key_of(by_id, topic.topic, topic.topic_id, partition));
      if (it == by_key_.end()) continue;
      if (resting) resting->forget({topic.topic_id, partition});
      (it->second->rests ? resting_ : order_).erase(it->second);
      by_key_.erase(it);
    }
  }
  // What the latest request reads.
  std::vector<FetchPartition> partitions() {
    std::vector<FetchPartition> all;
    all.reserve(order_.size());
    for (auto& entry : order_) all.push_back(served(entry));
    stirred_.clear();
    return all;
  }
  std::size_t size() const { return by_key_.size(); }

  // It is served no more, unless a later request than `number` has named it.
  bool rest(const FetchPartition& partition, std::uint64_t number) {
    const auto it = by_key_.find(key_of(by_id, partition.topic, partition.topic_id, partition.partition));
    if (it == by_key_.end() || it->second->rests || it->second->named_in > number) return false;
    it->second->rests = true;
    resting_.splice(resting_.end(), order_, it->second);
    return true;
  }
  bool any_rest() const { return !resting_.empty(); }
  // It is served again, by the latest request as well.
  void stir(const replica::PartitionKey& key) {
    const auto it = by_key_.find(key_of(by_id, "", key.topic_id, key.partition));
    if (it == by_key_.end() || !wake(it->second) || it->second->served_in == requests) return;
    stirred_.push_back(it->first);
    if (const auto bell = std::exchange(stirred_bell_, nullptr)) bell->give();
  }
  std::vector<FetchPartition> take_stirred() {
    std::vector<FetchPartition> all;
    for (const Key& key : std::exchange(stirred_, {}))
      if (const auto it = by_key_.find(key); it != by_key_.end() && it->second->served_in != requests)
        all.push_back(served(*it->second));
    return all;
  }
  std::shared_ptr<StopSignal> next_stirred() {
    if (!stirred_bell_) stirred_bell_ = std::make_shared<StopSignal>();
    const auto bell = stirred_bell_;
    if (!stirred_.empty()) std::exchange(stirred_bell_, nullptr)->give();
    return bell;
  }

  // Whether the answer for this partition says anything new; remembers it as sent. An error forgets what was sent, so
  // that the next good answer is sent whatever it says.
  bool note(const FetchResponse::FetchableTopicResponse& topic, const FetchResponse::PartitionData& data) {
    auto it = by_key_.find(key_of(by_id, topic.topic, topic.topic_id, data.partition_index));
    if (it == by_key_.end()) return true;
    Entry& entry = *it->second;
    bool news = data.preferred_read_replica != kNoBroker || data.diverging_epoch.end_offset != kNoOffset;
    const bool has_records = data.records && size_of(*data.records) > 0;
    if (has_records) {
      wake(it->second);
      order_.splice(order_.end(), order_, it->second);
      news = true;
    }
    news |= entry.sent_high_watermark != data.high_watermark || entry.sent_log_start != data.log_start_offset;
    entry.sent_high_watermark = data.high_watermark;
    entry.sent_log_start = data.log_start_offset;
    if (data.error_code != ErrorCode::kNone) {
      entry.sent_high_watermark = kNoOffset;
      news = true;
    }
    if (news) wake(it->second);  // the next request says whether there is more
    return news;
  }

  const std::int32_t id;
  const bool by_id, privileged;
  const Instant created;
  Instant last_used;
  std::int32_t epoch = kInitialEpoch + 1;
  std::shared_ptr<StopSignal> parked;       // of the request that waits, if one does
  std::uint64_t requests = 1;               // so far
  std::unique_ptr<RestingSession> resting;  // of a follower

 private:
  using Entries = std::list<Entry>;
  bool wake(Entries::iterator entry) {
    if (!std::exchange(entry->rests, false)) return false;
    order_.splice(order_.end(), resting_, entry);
    return true;
  }
  FetchPartition served(Entry& entry) const {
    entry.served_in = requests;
    FetchPartition partition = entry.wanted;
    partition.told_high_watermark = entry.sent_high_watermark;
    return partition;
  }

  Entries order_, resting_;
  std::map<Key, Entries::iterator> by_key_;
  std::vector<Key> stirred_;  // since the latest request, which does not serve them yet
  std::shared_ptr<StopSignal> stirred_bell_;
};

std::shared_ptr<StopSignal> FetchContext::park() const {
  if (!session) return nullptr;
  session->parked = std::make_shared<StopSignal>();
  return session->parked;
}

void FetchContext::heard(BrokerShard& here, BrokerId follower, std::int64_t broker_epoch, Instant now) const {
  if (!session || !session->by_id) return;
  auto& resting = session->resting;
  if (resting && resting->broker_epoch() != broker_epoch) resting->end();
  if (!resting || resting->broker_epoch() != broker_epoch)
    resting = std::make_unique<RestingSession>(here, follower, broker_epoch,
                                               [weak = session->weak_from_this()](const replica::PartitionKey& key) {
                                                 if (const auto stirred = weak.lock()) stirred->stir(key);
                                               });
  resting->heard(now, session->any_rest());
}

bool FetchContext::others_rest() const { return session && session->any_rest(); }

bool FetchContext::join_stirred() {
  if (!session || number != session->requests) return false;
  auto stirred = session->take_stirred();
  std::ranges::move(stirred, std::back_inserter(partitions));
  return !stirred.empty();
}

std::shared_ptr<StopSignal> FetchContext::next_stirred() const {
  return session && number == session->requests ? session->next_stirred() : nullptr;
}

void FetchContext::rest(const std::vector<Rest>& rests) const {
  if (!session || !session->resting) return;
  std::vector<RestingSession::Told> told;
  for (const auto& [i, stamp] : rests) {
    const FetchPartition& p = partitions[i];
    if (session->rest(p, number)) told.push_back({{p.topic_id, p.partition}, p.fetch_offset, stamp});
  }
  if (!told.empty()) session->resting->rest(std::move(told));
}

FetchSessionCache::FetchSessionCache(std::size_t slots, std::int32_t first_id, std::int32_t id_step)
    : slots_(slots), id_step_(id_step), next_id_(first_id) {}
FetchSessionCache::~FetchSessionCache() = default;

Result<FetchContext> FetchSessionCache::begin(const FetchRequest& request, std::int16_t version, Instant now) {
  const bool by_id = version >= 13;
  if (version < 7) return full(request, by_id, now);
  const bool starts_over = request.session_epoch == kInitialEpoch || request.session_epoch == kFinalEpoch;
  if (!starts_over) return incremental(request, by_id, now);
  if (request.session_id != kNoSession) sessions_.erase(request.session_id);
  return full(request, by_id, now);
}

Result<FetchContext> FetchSessionCache::full(const FetchRequest& request, bool by_id, Instant now) {
  FetchContext context;
  for (const auto& topic : request.topics)
    for (const auto& partition : topic.partitions) context.partitions.push_back(wanted(topic, partition));
  const bool wants_session = request.session_epoch == kInitialEpoch;
  const bool privileged = request.replica_id.value >= 0 || request.replica_state.replica_id.value >= 0;
  if (!wants_session || !make_room(context.partitions.size(), privileged, now)) return context;

  const std::int32_t id = next_id_;
  next_id_ = next_id_ > std::numeric_limits<std::int32_t>::max() - id_step_ ? next_id_ % id_step_ + id_step_
                                                                            : next_id_ + id_step_;
  context.session = std::make_shared<FetchSession>(id, by_id, privileged, now);
  for (const auto& partition : context.partitions) context.session->put(partition);
  context.number = context.session->requests;
  sessions_[id] = context.session;
  return context;
}

Result<FetchContext> FetchSessionCache::incremental(const FetchRequest& request, bool by_id, Instant now) {
  const auto it = sessions_.find(request.session_id);
  if (it == sessions_.end()) return fail(ErrorCode::kFetchSessionIdNotFound);
  const auto session = it->second;
  if (session->epoch != request.session_epoch) return fail(ErrorCode::kInvalidFetchSessionEpoch);
  if (session->by_id != by_id) return fail(ErrorCode::kFetchSessionTopicIdError);
  session->last_used = now;
  if (const auto parked = std::exchange(session->parked, nullptr)) parked->give();
  session->epoch = next_epoch(session->epoch);
  ++session->requests;
  for (const auto& topic : request.forgotten_topics_data) session->forget(topic);
  for (const auto& topic : request.topics)
    for (const auto& partition : topic.partitions) session->put(wanted(topic, partition));
  if (session->size() == 0) {  // nothing left to remember: the client goes on without a session
    sessions_.erase(it);
    return FetchContext{};
  }
  return FetchContext{session->partitions(), session, true, session->requests};
}

// A full cache gives way to a newcomer only where a session is unused for two minutes, or where the newcomer is
// privileged (a follower) or larger than an ordinary one that has had its two minutes.
bool FetchSessionCache::make_room(std::size_t new_size, bool privileged, Instant now) {
  if (slots_ == 0) return false;
  if (sessions_.size() < slots_) return true;
  auto victim = sessions_.end();
  for (auto it = sessions_.begin(); it != sessions_.end(); ++it) {
    const FetchSession& s = *it->second;
    const bool unused = now - s.last_used > kUnusedAfter;
    const bool had_its_time = now - s.created > kUnusedAfter;
    const bool outranked =
        (privileged && !s.privileged) || (privileged == s.privileged && had_its_time && s.size() < new_size);
    if (!unused && !outranked) continue;
    if (victim == sessions_.end() || s.last_used < victim->second->last_used) victim = it;
  }
  if (victim == sessions_.end()) return false;
  sessions_.erase(victim);
  return true;
}

std::vector<std::size_t> finish_fetch(const FetchContext& context, FetchResponse& response) {
  std::vector<std::size_t> without_news;
  if (!context.session) return without_news;
  std::size_t i = 0;
  response.session_id = context.session->id;
  for (auto& topic : response.responses) {
    auto& partitions = topic.partitions;
    auto keep = partitions.begin();
    for (auto& data : partitions) {
      const bool news = context.session->note(topic, data);
      if (!news) without_news.push_back(i);
      ++i;
      if (news || !context.incremental) {
        if (&*keep != &data) *keep = std::move(data);
        ++keep;
      }
    }
    partitions.erase(keep, partitions.end());
  }
  std::erase_if(response.responses, [](const auto& topic) { return topic.partitions.empty(); });
  return without_news;
}

}  // namespace thalweg::broker
