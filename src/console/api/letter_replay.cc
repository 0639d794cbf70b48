// POST /dead-letters/{topic}/replay: letters go back to where they come from, by the rules of `thalweg dlq replay`.
#include <fmt/format.h>

#include <algorithm>

#include "broker/topics.h"
#include "console/letter_reading.h"
#include "console/letter_sender.h"
#include "console/plan.h"
#include "console/record_places.h"
#include "console/replay_choice.h"
#include "console/routes.h"

namespace thalweg::console {
namespace {

constexpr std::size_t kLettersChosenMax = 500;

struct PlannedReplay {
  Planned planned;
  std::shared_ptr<ReplayChoice> choice;
  std::string began;  // with which the same letters are looked at again
};

Outcome<> check_wanted(const Call& call, const metadata::Topic& queue, const ReplayLetters& wanted) {
  const auto letters = wanted.letters ? wanted.letters->size() : 0;
  if (wanted.letters && (letters == 0 || letters > kLettersChosenMax))
    return std::unexpected(invalid("/letters", fmt::format("1 to {} of them", kLettersChosenMax)));
  if (wanted.letters && wanted.cause) return std::unexpected(invalid("/letters", "left out, with a cause"));
  if (wanted.letters && wanted.from) return std::unexpected(invalid("/from", "left out, with letters"));
  if (wanted.again.value_or(false) && !wanted.letters)
    return std::unexpected(invalid("/again", "said of letters that are named one by one"));
  if (wanted.to && *wanted.to == queue.name)
    return std::unexpected(invalid("/to", "another topic: the letters would come back to it"));
  if (wanted.to && !call.image->topic(std::string_view(*wanted.to)))
    return std::unexpected(invalid("/to", "a topic that is there"));
  return {};
}

Outcome<ReplayWish> wish_of(const metadata::Topic& queue, const ReplayLetters& wanted) {
  ReplayWish wish{.cause = wanted.cause, .letters = {}, .to = wanted.to, .again = wanted.again.value_or(false)};
  if (!wanted.letters) return wish;
  for (const auto& [partition, offset] : *wanted.letters) {
    if (partition < 0 || std::size_t(partition) >= queue.partitions.size() || offset < 0)
      return std::unexpected(invalid("/letters", "partitions of the topic, and offsets from 0"));
    wish.letters[PartitionId{partition}].insert(Offset{offset});
  }
  return wish;
}

Outcome<std::optional<LetterStretch>> stretch_of(const metadata::Topic& queue, const ReplayLetters& wanted) {
  if (!wanted.from) return std::nullopt;
  auto stretch = LetterStretch::of(*wanted.from);
  const auto count = std::int32_t(queue.partitions.size());
  if (!stretch || stretch->from.topic_id != queue.id || stretch->from.offsets.rbegin()->first.value >= count)
    return std::unexpected(invalid("/from", "what the act before said in next, of this topic"));
  return stretch;
}

// What is left out is what moves by itself: which letters lie there, and how many went already. So the same plan goes
// on until none is left.
Facts facts_of(const metadata::Topic& queue, const ReplayWish& wish) {
  Facts facts;
  facts.add("replay").add(to_string(queue.id)).add_optional(wish.cause).add_optional(wish.to).add(wish.again ? 1 : 0);
  for (const auto& [partition, offsets] : wish.letters)
    for (const auto offset : offsets) facts.add(partition.value).add(offset.value);
  return facts;
}

// 403 where the user may not write to one of them.
Outcome<> leave_where_nothing_is_taken(const Call& call, ReplayChoice& choice) {
  for (const auto& [name, letters] : choice.targets()) {
    if (!call.image->topic(std::string_view(name)))
      choice.leave_those_to(name, fmt::format("comes from {}, which is not there", name));
    else if (broker::is_internal_topic(name))
      choice.leave_those_to(name, fmt::format("comes from {}, which belongs to its coordinator", name));
    else
      TRY_VOID(check_allowed(call, broker::Operation::kWrite, broker::topic_resource(name)));
  }
  return {};
}

std::string letters_text(std::int64_t count) { return fmt::format("{} {}", count, count == 1 ? "letter" : "letters"); }

ReplayFigures figures_of(const std::map<std::string, std::int64_t>& by_topic) {
  ReplayFigures figures;
  for (const auto& [topic, letters] : by_topic) {
    figures.targets.push_back({topic, letters});
    figures.letters += letters;
  }
  return figures;
}

std::string title_of(const std::string& queue, const ReplayFigures& figures, const ReplayWish& wish) {
  std::string title = fmt::format("Send {} of {} {}", letters_text(figures.letters), queue, wish.to ? "on" : "back");
  if (figures.targets.size() == 1) title += " to " + figures.targets.front().topic;
  if (figures.targets.size() > 1) title += fmt::format(" to {} topics", figures.targets.size());
  return title;
}

// `goes_on`: the wish is not at its end here, or did not begin here.
void say_what_stays(const ReplayChoice& choice, const ReplayWish& wish, const LettersLookedAt& looked, bool goes_on,
                    Plan& plan) {
  std::int64_t named = 0;
  for (const auto& [partition, offsets] : wish.letters) named += std::int64_t(offsets.size());
  auto& figures = *plan.replay;
  for (const auto& [why, letters] : choice.stay()) {
    figures.stay += letters;
    plan.warnings.push_back(letters == 1 ? "1 letter stays; it " + why
                                         : fmt::format("{} letters stay; each {}", letters, why));
  }
  figures.sent_before = choice.sent_before();
  if (figures.sent_before > 0)
    plan.warnings.push_back(letters_text(figures.sent_before) + (figures.sent_before == 1
                                                                     ? " was sent back before and is left out"
                                                                     : " were sent back before and are left out"));
  if (named > choice.considered() && looked.complete)
    plan.warnings.push_back(letters_text(named - choice.considered()) + " can not be found any more");
  if (looked.rest)
    plan.warnings.emplace_back("more letters lie behind these: they are looked at when these have gone, and go too");
  if (looked.problem) plan.warnings.push_back("some letters could not be read: " + *looked.problem);
  if (figures.letters > 0 || goes_on) return;
  plan.blocked_by.emplace_back(figures.sent_before > 0 && figures.stay == 0
                                   ? "All of these letters were sent back before"
                               : figures.stay > 0 ? "None of these letters can be sent back"
                                                  : "There is no such letter any more");
}

std::string replay_line(const std::string& queue, const ReplayWish& wish) {
  std::vector<std::string> words{queue};
  if (wish.to) words.insert(words.end(), {"--to", *wish.to});
  return shell_line("thalweg dlq replay", words);
}

// Looks on until there is a letter that goes, for as long as an act may take.
Task<Outcome<LettersLookedAt>> look_for_some(const Call& call, metadata::TopicPtr queue,
                                             std::optional<LetterStretch> stretch,
                                             std::shared_ptr<const ReplayChoice> choice, UseLetter use) {
  auto& clock = call.broker().shard0().clock;
  const Instant until = later(clock.now(), kReplayedWithin);
  for (;;) {
    CO_TRY(auto looked, co_await look_on(call, queue, std::move(stretch), use));
    const bool is_enough = choice->count() > 0 || clock.now() >= until || call.shared.searches.is_stopping();
    if (is_enough || !looked.rest) co_return looked;
    stretch = std::move(looked.rest);
  }
}

Task<Outcome<PlannedReplay>> plan_of_replay(const Call& call, metadata::TopicPtr queue, const ReplayLetters& wanted) {
  CO_TRY_VOID(check_wanted(call, *queue, wanted));
  CO_TRY(const auto wish, wish_of(*queue, wanted));
  CO_TRY(auto stretch, stretch_of(*queue, wanted));
  CO_TRY(auto marks, co_await recall_replayed(call, queue->name));
  const auto choice = std::make_shared<ReplayChoice>(queue->name, wish, std::move(marks));
  const UseLetter use = [choice](const auto& place, const auto& record, auto headers) {
    choice->consider(place, record.key.has_value(), record.value.has_value(), headers);
  };
  LettersLookedAt looked;
  if (wish.letters.empty()) {
    CO_TRY(looked, co_await look_for_some(call, queue, std::move(stretch), choice, use));
  } else {
    std::map<PartitionId, std::vector<Offset>> named;
    for (const auto& [partition, offsets] : wish.letters) named[partition].assign(offsets.begin(), offsets.end());
    looked = co_await look_at_letters(call, queue, std::move(named), use);
  }
  CO_TRY_VOID(leave_where_nothing_is_taken(call, *choice));
  Plan plan = new_plan(call, {});
  plan.replay = figures_of(choice->targets());
  plan.title = title_of(queue->name, *plan.replay, wish);
  if (!wish.cause && wish.letters.empty()) plan.command = replay_line(queue->name, wish);
  say_what_stays(*choice, wish, looked, wanted.from || looked.rest, plan);
  if (looked.rest) plan.replay->next = looked.rest->text();
  co_return PlannedReplay{{std::move(plan), facts_of(*queue, wish)}, choice, looked.began.text()};
}

std::vector<PartitionId> partitions_of(const ReplayChoice& choice) {
  std::vector<PartitionId> partitions;
  for (const auto& [partition, ways] : choice.ways()) partitions.push_back(partition);
  return partitions;
}

// One at a time: each reads what the one before has remembered.
Task<Outcome<Plan>> replay_letters(const Call& call, PostDeadLetterReplay asked) {
  CO_TRY(auto queue, find_readable_topic(call, asked.topic));
  std::optional<Turn::Held> turn;
  if (!asked.dry_run) turn.emplace(co_await call.shared.replaying.take());
  CO_TRY(auto replay, co_await plan_of_replay(call, queue, asked.body));
  auto& plan = replay.planned.plan;
  CO_TRY(const bool is_act, is_act_of(asked, replay.planned));
  if (!is_act) co_return std::move(plan);
  CO_TRY(auto memory, co_await ReplayMemory::open(call, queue->name, partitions_of(*replay.choice)));
  auto sent = co_await send_back(call, queue, replay.choice->ways(), std::move(memory));
  const auto figures = figures_of(sent.by_topic);
  plan.replay->letters = figures.letters;
  plan.replay->targets = figures.targets;
  plan.replay->left = sent.left;
  if (sent.left > 0 && !asked.body.letters) plan.replay->next = replay.began;
  plan.title = fmt::format("{} of {} sent back", letters_text(figures.letters), queue->name);
  if (!sent.done && figures.letters > 0)
    sent.done.error().title = fmt::format("{} went, then: {}", letters_text(figures.letters), sent.done.error().title);
  co_return settled(call, std::move(plan), std::move(sent.done));
}

}  // namespace

void add_letter_replay(Routes& routes) { routes.add<PostDeadLetterReplay, replay_letters>(); }

}  // namespace thalweg::console
