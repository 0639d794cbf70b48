#include "admin/consumer.h"

#include <algorithm>

namespace thalweg::admin {
namespace {
constexpr Millis kRefreshPause{200};
}  // namespace

std::shared_ptr<Consumer> Consumer::create(Client& client, ConsumerOptions options) {
  return std::shared_ptr<Consumer>(new Consumer(client, std::move(options)));
}

void Consumer::subscribe(std::vector<std::string> topics) { subscribed_ = std::move(topics); }
void Consumer::subscribe_matching(std::function<bool(const std::string&)> matches) { matches_ = std::move(matches); }

void Consumer::assign(std::map<TopicPartition, std::int64_t> partitions) {
  for (const auto& [tp, offset] : partitions) positions_[tp] = {.next = offset, .fetched = offset};
  ++round_;
}

std::set<TopicPartition> Consumer::assignment() const {
  std::set<TopicPartition> all;
  for (const auto& [tp, position] : positions_) all.insert(tp);
  return all;
}

std::int64_t Consumer::reached(const TopicPartition& partition) const {
  const auto& position = positions_.at(partition);
  const bool some_wait =
      std::ranges::any_of(ready_, [&](const ConsumedRecord& record) { return record.partition == partition; });
  return position.next < 0 || some_wait ? position.next : std::max(position.next, position.fetched);
}

void Consumer::wakeup() {
  woken_ = true;
  client_.interrupt();
  changed_.notify();
}

Task<> Consumer::wait_until(Instant when) {
  const auto timer = client_.shard().clock.call_at(when, [self = shared_from_this()] { self->changed_.notify(); });
  co_await changed_.wait();
}

Task<Result<std::vector<ConsumedRecord>>> Consumer::poll(Instant deadline) {
  const auto self = shared_from_this();
  for (;;) {
    if (woken_) co_return std::vector<ConsumedRecord>();
    if (failure_) co_return std::unexpected(*failure_);
    if (!ready_.empty()) {
      auto records = take_ready();
      start_fetches();  // the next ones come while these are used
      co_return records;
    }
    const Instant now = client_.shard().clock.now();
    if (now >= deadline) co_return std::vector<ConsumedRecord>();
    const auto prepared = co_await prepare(deadline);
    if (woken_) continue;
    if (!prepared && !is_retriable(prepared.error().code)) co_return std::unexpected(prepared.error());
    if (prepared) start_fetches();
    const Instant pause = prepared ? Instant(metadata_due_) : now + kRefreshPause;
    if (ready_.empty() && !failure_) co_await wait_until(std::min({deadline, pause, commit_due_}));
  }
}

// Everything that has to be true before fetching; does nothing when it is.
Task<Result<>> Consumer::prepare(Instant deadline) {
  const Instant now = client_.shard().clock.now();
  if (metadata_stale_ || now >= metadata_due_) CO_TRY_VOID(co_await refresh_metadata(deadline));
  if (in_group()) {
    CO_TRY_VOID(co_await commit_if_due());
    if (rejoin_ && !wanted_topics(topics_).empty()) CO_TRY_VOID(co_await join(deadline));
  } else {
    commit_due_ = Instant::max();
  }
  co_return co_await look_up_positions();
}

Task<Result<>> Consumer::commit_if_due() {
  const Instant now = client_.shard().clock.now();
  if (!options_.auto_commit) {
    commit_due_ = Instant::max();
  } else if (now >= commit_due_) {
    const bool first = commit_due_ == Instant{};
    commit_due_ = later(now, options_.auto_commit_interval);
    if (!first) CO_TRY_VOID(co_await commit());
  }
  co_return Result<>();
}

std::vector<std::string> Consumer::wanted_topics(const std::map<std::string, Topic>& topics) const {
  std::vector<std::string> names;
  for (const auto& [name, topic] : topics)
    if (matches_ ? matches_(name) : std::ranges::find(subscribed_, name) != subscribed_.end()) names.push_back(name);
  return names;
}

Task<Result<>> Consumer::refresh_metadata(Instant deadline) {
  std::optional<std::vector<std::string>> names;
  if (!matches_) {
    std::set<std::string> all(subscribed_.begin(), subscribed_.end());
    for (const auto& [tp, position] : positions_) all.insert(tp.topic);
    names.emplace(all.begin(), all.end());
  }
  CO_TRY(const auto metadata, co_await client_.metadata(names, options_.create_topics && !matches_, deadline));
  std::map<std::string, Topic> topics;
  bool incomplete = false;
  for (const auto& found : metadata.topics) {
    if (found.error_code == ErrorCode::kTopicAuthorizationFailed ||
        found.error_code == ErrorCode::kInvalidTopicException)
      co_return std::unexpected(error_of(found.error_code));
    if (found.error_code != ErrorCode::kNone || !found.name) {
      incomplete = true;
      continue;
    }
    auto& topic = topics[*found.name];
    topic.id = found.topic_id;
    for (const auto& p : found.partitions) {
      topic.leaders[p.partition_index] = p.leader_id;
      incomplete = incomplete || p.leader_id == kNoBroker;
    }
  }
  // Whoever leads the group hands out again when there is something new to hand out.
  const auto shape = [&](const std::map<std::string, Topic>& all) {
    std::vector<std::pair<std::string, std::size_t>> sizes;
    for (const auto& name : wanted_topics(all)) sizes.emplace_back(name, all.at(name).leaders.size());
    return sizes;
  };
  if (in_group() && (leader_ || matches_ || generation_ < 0) && shape(topics) != shape(topics_)) rejoin_ = true;
  topics_ = std::move(topics);
  metadata_stale_ = false;
  const Instant now = client_.shard().clock.now();
  metadata_due_ = incomplete ? now + kRefreshPause : later(now, options_.metadata_age_max);
  co_return Result<>();
}

Task<Result<>> Consumer::look_up_positions() {
  std::map<TopicPartition, std::int64_t> places;
  for (const auto& [tp, position] : positions_)
    if (position.next < 0) places[tp] = position.next;
  if (places.empty()) co_return Result<>();
  const auto round = round_;
  CO_TRY(const auto found, co_await list_offsets(client_, std::move(places), options_.read_committed));
  if (round != round_) co_return Result<>();
  for (const auto& [tp, at] : found) {
    if (!at) {
      if (!is_retriable(at.error().code)) co_return std::unexpected(at.error());
      metadata_stale_ = true;
      continue;
    }
    auto& position = positions_.at(tp);
    position = {.next = at->offset.value, .fetched = at->offset.value, .epoch = at->leader_epoch};
  }
  co_return Result<>();
}

std::vector<ConsumedRecord> Consumer::take_ready() {
  std::vector<ConsumedRecord> records(std::make_move_iterator(ready_.begin()), std::make_move_iterator(ready_.end()));
  ready_.clear();
  for (const auto& record : records) {
    auto& position = positions_.at(record.partition);
    position.next = record.offset.value + 1;
    position.epoch = record.leader_epoch;
  }
  return records;
}

void Consumer::seek(const TopicPartition& partition, Offset next) {
  const auto at = positions_.find(partition);
  if (at == positions_.end()) return;
  at->second.next = at->second.fetched = next.value;
  std::erase_if(ready_, [&](const ConsumedRecord& record) { return record.partition == partition; });
}

Task<> Consumer::close() {
  const auto self = shared_from_this();
  client_.resume();
  ++round_;  // what is still being fetched is not wanted any more
  if (in_group() && generation_ >= 0) {
    if (options_.auto_commit) co_await commit();
    co_await leave();
  }
  // What is under way uses the client, which may go after us.
  woken_ = true;
  client_.interrupt();
  while (!fetching_.empty() || heartbeats_under_way_ > 0) co_await changed_.wait();
  client_.resume();
}

}  // namespace thalweg::admin
