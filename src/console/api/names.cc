// /names: what the palette jumps to. Topics, groups, brokers and options by a part of their name.
#include <fmt/format.h>

#include <algorithm>

#include "config/option.h"
#include "console/group_list.h"
#include "console/listing.h"
#include "console/routes.h"
#include "runtime/yielding.h"

namespace thalweg::console {
namespace {

constexpr std::int32_t kNamesMax = 100;
constexpr std::size_t kNamesLookedAtOnce = 2000;

// The best so far, each with how well it fits: 0 is the name itself, 1 begins so, 2 has it inside.
class BestNames {
 public:
  BestNames(std::string wanted, std::size_t limit) : wanted_(std::move(wanted)), limit_(limit) {}

  template <class Detail>
  void look_at(NameKind kind, std::string_view name, Detail detail) {
    const std::string in_lower_case = lower(name);
    const auto at = in_lower_case.find(wanted_);
    if (at == in_lower_case.npos) return;
    ++list_.total;
    const int rank = at > 0 ? 2 : in_lower_case.size() == wanted_.size() ? 0 : 1;
    const auto place = std::ranges::upper_bound(ranks_, rank) - ranks_.begin();
    if (std::size_t(place) >= limit_) return;
    ranks_.insert(ranks_.begin() + place, rank);
    list_.items.insert(list_.items.begin() + place, {.kind = kind, .name = std::string(name), .detail = detail()});
    if (ranks_.size() <= limit_) return;
    ranks_.pop_back();
    list_.items.pop_back();
  }
  NameList take() { return std::move(list_); }

 private:
  const std::string wanted_;
  const std::size_t limit_;
  std::vector<int> ranks_;
  NameList list_;
};

Task<> look_at_topics(const Call& call, BestNames& best) {
  Pace pace(kNamesLookedAtOnce);
  for (const auto& [name, topic] : call.image->topics()) {
    if (pace.due()) co_await give_way();
    if (!call.allows(broker::Operation::kDescribe, broker::topic_resource(name))) continue;
    const auto count = topic->partitions.size();
    best.look_at(NameKind::kTopic, name,
                 [count] { return fmt::format("{} partition{}", count, count == 1 ? "" : "s"); });
  }
}

Task<> look_at_groups(const Call& call, BestNames& best) {
  const auto groups = co_await list_groups(call);
  if (!groups) co_return;  // they are still loaded: the rest is worth having
  Pace pace(kNamesLookedAtOnce);
  for (const auto& group : groups->rows) {
    if (pace.due()) co_await give_way();
    best.look_at(NameKind::kGroup, group.name, [&group] { return std::string(to_string(group.state)); });
  }
}

Task<Outcome<NameList>> names(const Call& call, GetNames asked) {
  if (asked.limit < 1 || asked.limit > kNamesMax)
    co_return std::unexpected(invalid("limit", "1 to " + std::to_string(kNamesMax)));
  BestNames best(lower(asked.q), std::size_t(asked.limit));
  co_await look_at_topics(call, best);
  co_await look_at_groups(call, best);
  for (const auto& [id, broker] : call.image->brokers())
    best.look_at(NameKind::kBroker, to_string(id), [&broker] {
      return broker.endpoints.empty()
                 ? std::string()
                 : fmt::format("{}:{}", broker.endpoints.front().host, broker.endpoints.front().port);
    });
  for (const auto* table : {&config::topic_options(), &config::broker_options()})
    for (const auto* option : table->options())
      if (!option->internal)
        best.look_at(NameKind::kOption, option->name,
                     [table] { return std::string(table == &config::topic_options() ? "of topics" : "of brokers"); });
  co_return best.take();
}

}  // namespace

void add_names(Routes& routes) { routes.add<GetNames, names>(); }

}  // namespace thalweg::console
