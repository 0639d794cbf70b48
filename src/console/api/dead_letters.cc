// /dead-letters: which topics have some, and why the newest of them died.
#include <algorithm>

#include "console/letter_reading.h"
#include "console/record_places.h"
#include "console/routes.h"
#include "runtime/yielding.h"

namespace thalweg::console {
namespace {

constexpr std::size_t kQueuesTold = 500;
constexpr std::size_t kTopicsLookedAtOnce = 2000;

Task<std::vector<metadata::TopicPtr>> queues_in(const Call& call) {
  std::vector<metadata::TopicPtr> queues;
  Pace pace(kTopicsLookedAtOnce);
  for (const auto& [name, topic] : call.image->topics()) {
    if (pace.due()) co_await give_way();
    if (letters::is_queue_name(name) && call.allows(broker::Operation::kDescribe, broker::topic_resource(name)))
      queues.push_back(topic);
  }
  std::ranges::sort(queues, {}, [](const auto& topic) -> const std::string& { return topic->name; });
  co_return queues;
}

// One request for all of them.
Task<> add_counts(const Call& call, const std::vector<metadata::TopicPtr>& queues, DeadLetterTopics& list) {
  std::vector<thalweg::TopicPartition> partitions;
  for (const auto& topic : queues)
    for (std::size_t i = 0; i < topic->partitions.size(); ++i)
      partitions.push_back({topic->name, PartitionId{std::int32_t(i)}});
  const auto extents = co_await extents_of(call, std::move(partitions));
  auto extent = extents.begin();
  for (std::size_t i = 0; i < queues.size(); ++i) {
    std::optional<std::int64_t> records = 0;
    for (std::size_t p = 0; p < queues[i]->partitions.size(); ++p, ++extent)
      records = records && *extent ? std::optional(*records + ((*extent)->end - (*extent)->start)) : std::nullopt;
    list.items[i].records = records;
  }
}

Task<Outcome<DeadLetterTopics>> dead_letter_topics(const Call& call, GetDeadLetters) {
  auto queues = co_await queues_in(call);
  DeadLetterTopics list{.total = std::int32_t(queues.size()), .as_of = call.now, .items = {}};
  if (queues.size() > kQueuesTold) queues.resize(kQueuesTold);
  for (const auto& topic : queues)
    list.items.push_back(
        {.name = topic->name, .partitions = std::int32_t(topic->partitions.size()), .records = std::nullopt});
  co_await add_counts(call, queues, list);
  co_return list;
}

Task<Outcome<LetterCauses>> letter_causes(const Call& call, GetDeadLetterCauses asked) {
  CO_TRY(auto topic, find_readable_topic(call, asked.topic));
  const auto census = std::make_shared<LetterCensus>();
  CO_TRY(auto looked,
         co_await look_at_newest(call, std::move(topic), [census](const auto& place, const auto&, auto headers) {
           census->count(place, headers);
         }));
  co_return LetterCauses{.topic = std::move(asked.topic),
                         .looked_at = census->looked_at(),
                         .complete = looked.complete,
                         .others = census->others(),
                         .problem = std::move(looked.problem),
                         .as_of = call.now,
                         .items = census->causes()};
}

}  // namespace

void add_dead_letters(Routes& routes) {
  routes.add<GetDeadLetters, dead_letter_topics>();
  routes.add<GetDeadLetterCauses, letter_causes>();
}

}  // namespace thalweg::console
