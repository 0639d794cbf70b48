#include "console/search_ranges.h"

#include <algorithm>

#include "broker/broker_shard.h"
#include "console/figures.h"

namespace thalweg::console {
namespace {

// Of one partition, before what is asked for narrows it.
struct Edges {
  Offset start, end;
  std::optional<Offset> at_from, at_until;  // the first records of those times, or the end; nothing: not asked for
};

class RangeFinder {
 public:
  RangeFinder(const Call& call, Uuid topic_id, const filter::Facts& facts, SearchBounds bounds, LeaderReader& leaders)
      : call_(call), topic_id_(topic_id), facts_(facts), bounds_(bounds), leaders_(leaders) {}

  Task<SearchRanges> find(std::vector<PartitionId> partitions) {
    std::vector<replica::PartitionKey> keys;
    for (const auto partition : partitions) keys.push_back({topic_id_, partition});
    const auto figures = co_await figures_here(call_.broker(), keys);
    std::vector<PartitionId> of_leaders;
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (!is_known_here(figures[i])) of_leaders.push_back(partitions[i]);
    auto theirs = co_await edges_at_leaders(of_leaders);
    SearchRanges ranges;
    for (std::size_t i = 0, next = 0; i < keys.size(); ++i) {
      const bool here = is_known_here(figures[i]);
      auto edges = here ? co_await edges_here(keys[i], *figures[i]) : std::move(theirs[next++]);
      if (edges)
        ranges.parts.push_back(co_await begun(keys[i], *edges));
      else
        ranges.unreached.emplace(partitions[i].value, std::move(edges.error()));
    }
    co_return ranges;
  }

 private:
  bool asks_for_times() const { return bounds_.from || bounds_.until; }
  // Any replica knows where its log begins and ends; nobody looks for times but the leader.
  bool is_known_here(const std::optional<Figures>& figures) const {
    return figures && !figures->offline && (figures->leads || !asks_for_times());
  }
  ReadIsolation read_isolation() const {
    return bounds_.committed ? ReadIsolation::kCommitted : ReadIsolation::kUncommitted;
  }
  replica::Isolation isolation() const {
    return bounds_.committed ? replica::Isolation::kLastStable : replica::Isolation::kHighWatermark;
  }
  // What the filter says itself only saves work.
  std::optional<Timestamp> not_before() const {
    const auto filtered = facts_.not_before && *facts_.not_before > 0 ? facts_.not_before : std::nullopt;
    return std::max(bounds_.from, filtered);
  }

  Task<Result<Edges>> edges_here(replica::PartitionKey key, const Figures& figures) const {
    Edges edges{.start = figures.offsets.start,
                .end = bounds_.committed ? figures.offsets.last_stable : figures.offsets.high_watermark,
                .at_from = {},
                .at_until = {}};
    if (!figures.leads) co_return edges;
    if (const auto from = not_before()) {
      CO_TRY(edges.at_from, co_await offset_at(key, *from, edges.end));
    }
    if (bounds_.until) {
      CO_TRY(edges.at_until, co_await offset_at(key, *bounds_.until, edges.end));
    }
    co_return edges;
  }

  // Of the first record of that time or later.
  Task<Result<Offset>> offset_at(replica::PartitionKey key, Timestamp time, Offset otherwise) const {
    auto& owner = call_.broker().owner_of(key);
    const replica::OffsetQuery query{.kind = replica::OffsetQuery::Kind::kTimestamp, .timestamp = time};
    CO_TRY(const auto found,
           co_await owner.shard.call(owner.partitions, &replica::Partitions::find_offset, key, query));
    co_return found.offset == kNoOffset ? otherwise : found.offset;
  }

  Task<std::vector<Result<Edges>>> edges_at_leaders(const std::vector<PartitionId>& partitions) {
    std::vector<Result<Edges>> all;
    if (partitions.empty()) co_return all;
    const auto begins = co_await leaders_.edges(partitions, not_before(), read_isolation());
    std::vector<Result<LogEdges>> ends;
    if (bounds_.until) ends = co_await leaders_.edges(partitions, bounds_.until, read_isolation());
    const auto at = [](const LogEdges& edges) { return edges.at_time == kNoOffset ? edges.end : edges.at_time; };
    for (std::size_t i = 0; i < partitions.size(); ++i) {
      if (!begins[i] || (bounds_.until && !ends[i])) {
        all.emplace_back(std::unexpected(begins[i] ? ends[i].error() : begins[i].error()));
        continue;
      }
      Edges edges{.start = begins[i]->start, .end = begins[i]->end, .at_from = {}, .at_until = {}};
      if (not_before()) edges.at_from = at(*begins[i]);
      if (bounds_.until) edges.at_until = at(*ends[i]);
      all.emplace_back(edges);
    }
    co_return all;
  }

  Task<search::Part> begun(replica::PartitionKey key, const Edges& edges) {
    Offset begin = std::max({edges.start, Offset{facts_.first_offset}, bounds_.first}), end = edges.end;
    if (Offset{facts_.last_offset} < end) end = Offset{facts_.last_offset} + 1;
    if (edges.at_from) begin = std::max(begin, *edges.at_from);
    if (edges.at_until) end = std::min(end, *edges.at_until);
    end = std::max(begin, end);
    search::Part part{.partition = key.partition,
                      .first_begin = begin,
                      .first_end = end,
                      .begin = begin,
                      .end = end,
                      .frontier = {},
                      .failed = {}};
    if (!part.is_done()) part.frontier = co_await time_at_edge({key, bounds_.order, isolation(), begin, end});
    co_return part;
  }

  // So that the partition that has the newest records goes first. Where that fails, so will the search of it, and says
  // why.
  Task<std::optional<Timestamp>> time_at_edge(search::EdgeWish wish) {
    auto& reader = call_.shared.searches.reader_of(wish.key);
    auto time = co_await reader.shard().call(reader, &search::ShardReader::edge_time, wish);
    if (!time) time = co_await leaders_.edge_time(wish);
    co_return time ? *time : std::nullopt;
  }

  const Call& call_;
  const Uuid topic_id_;
  const filter::Facts& facts_;
  const SearchBounds bounds_;
  LeaderReader& leaders_;
};

}  // namespace

Task<SearchRanges> find_ranges(const Call& call, Uuid topic_id, std::vector<PartitionId> partitions,
                               const filter::Facts& facts, SearchBounds bounds, LeaderReader& leaders) {
  RangeFinder finder(call, topic_id, facts, bounds, leaders);
  co_return co_await finder.find(std::move(partitions));
}

}  // namespace thalweg::console
