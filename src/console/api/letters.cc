// /dead-letters/{topic}/letters: the letters themselves, what is in them, why they died, and whether they can go back.
#include <algorithm>

#include "console/letter_reading.h"
#include "console/letter_view.h"
#include "console/listing.h"
#include "console/record_places.h"
#include "console/replay_memory.h"
#include "console/routes.h"

namespace thalweg::console {
namespace {

using Places = std::vector<LetterCensus::Place>;

// The newest first, by partition and offset where times are equal.
bool comes_first(const LetterCensus::Place& a, const LetterCensus::Place& b) {
  return std::tuple(a.timestamp, b.partition, a.offset) > std::tuple(b.timestamp, a.partition, b.offset);
}

struct Gathered {
  Places places;
  std::int32_t looked_at = 0;
};

Places page_in(Places places, std::int32_t from, std::int32_t limit) {
  std::ranges::sort(places, comes_first);
  const auto begin = std::min(places.size(), std::size_t(from));
  const auto end = std::min(places.size(), begin + std::size_t(limit));
  return {places.begin() + std::ptrdiff_t(begin), places.begin() + std::ptrdiff_t(end)};
}

Task<> add_letters_at(const Call& call, const metadata::Topic& queue, const Places& places, LetterPage& page) {
  std::map<PartitionId, std::vector<Offset>> wanted;
  for (const auto& place : places) wanted[PartitionId{place.partition}].push_back(Offset{place.offset});
  for (auto& [partition, offsets] : wanted) {
    std::ranges::sort(offsets);
    RecordView view{.topic = queue.name, .partition = partition.value, .last_stable = {}};
    auto read = co_await read_letters(call, place_in(queue, partition), std::move(offsets), std::move(view));
    if (read)
      std::ranges::move(*read, std::back_inserter(page.items));
    else
      page.problem = read.error().message;
  }
  std::ranges::sort(page.items, [](const Letter& a, const Letter& b) {
    return comes_first({a.partition, a.offset, a.timestamp}, {b.partition, b.offset, b.timestamp});
  });
}

Task<> mark_sent(const Call& call, LetterPage& page, const std::string& queue) {
  const auto marks = co_await recall_replayed(call, queue);
  if (!marks) page.problem = "what was sent back before is not known: " + marks.error().title;
  if (!marks) co_return;
  for (auto& letter : page.items)
    if (const auto known = marks->find(PartitionId{letter.partition}); known != marks->end())
      letter.sent_before = known->second.has(Offset{letter.offset});
}

Task<Outcome<LetterPage>> letters_of(const Call& call, GetDeadLetterLetters asked) {
  CO_TRY(const auto topic, find_readable_topic(call, asked.topic));
  CO_TRY_VOID(check_page(asked.from, asked.limit));
  const auto gathered = std::make_shared<Gathered>();
  const auto gather = [gathered, cause = asked.cause](const auto& place, const auto&, auto headers) {
    ++gathered->looked_at;
    if (!cause || cause_of(place, headers).id == *cause) gathered->places.push_back(place);
  };
  CO_TRY(auto looked, co_await look_at_newest(call, topic, gather));
  LetterPage page{.total = std::int32_t(gathered->places.size()),
                  .from = asked.from,
                  .as_of = call.now,
                  .looked_at = gathered->looked_at,
                  .complete = looked.complete,
                  .problem = std::move(looked.problem),
                  .items = {}};
  co_await add_letters_at(call, *topic, page_in(std::move(gathered->places), asked.from, asked.limit), page);
  co_await mark_sent(call, page, topic->name);
  co_return page;
}

}  // namespace

void add_letters(Routes& routes) { routes.add<GetDeadLetterLetters, letters_of>(); }

}  // namespace thalweg::console
