// Every change that Apache Kafka's own class made (testdata/kafka_partition_changes.txt), made here. Each line stands
// for itself: a difference does not carry on to the next.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/number.h"
#include "controller/leader_election.h"
#include "metadata/image_builder.h"

namespace thalweg::controller {
namespace {

using Words = std::map<std::string, std::string>;

// "a=1,2 b=" as a map; a word without "=" under "what".
Words words(const std::string& text) {
  Words words;
  std::istringstream in(text);
  for (std::string word; in >> word;) {
    const auto at = word.find('=');
    if (at == std::string::npos)
      words["what"] = word;
    else
      words[word.substr(0, at)] = word.substr(at + 1);
  }
  return words;
}

std::vector<BrokerId> ids(const std::string& text) {
  std::vector<BrokerId> ids;
  std::istringstream in(text);
  for (std::string id; std::getline(in, id, ',');) ids.push_back(BrokerId{*parse_number<std::int32_t>(id)});
  return ids;
}
int number(const std::string& text) { return *parse_number<int>(text); }

metadata::Partition partition(const Words& from) {
  metadata::Partition partition;
  partition.replicas = ids(from.at("replicas"));
  partition.isr = ids(from.at("isr"));
  partition.eligible_leader_replicas = ids(from.at("elr"));
  partition.last_known_elr = ids(from.at("last"));
  partition.adding_replicas = ids(from.at("adding"));
  partition.removing_replicas = ids(from.at("removing"));
  partition.leader = BrokerId{number(from.at("leader"))};
  partition.leader_epoch = LeaderEpoch{number(from.at("epoch"))};
  partition.partition_epoch = number(from.at("partition_epoch"));
  partition.leader_recovery = static_cast<metadata::LeaderRecovery>(number(from.at("recovery")));
  return partition;
}

metadata::ImagePtr image_with(const std::vector<BrokerId>& alive) {
  metadata::ImageBuilder builder(std::make_shared<const metadata::Image>("cluster"));
  for (int id = 1; id <= 6; ++id) {
    protocol::RegisterBrokerRecord record;
    record.broker_id = BrokerId{id};
    record.fenced = std::ranges::find(alive, record.broker_id) == alive.end();
    EXPECT_TRUE(builder.apply(metadata::Record(record)));
  }
  return builder.build().image;
}

metadata::Partition changed(const metadata::Partition& before, const Words& asked) {
  const auto image = image_with(ids(asked.at("alive")));
  const Standing standing(*image);
  const bool unclean = asked.at("unclean") == "1";
  PartitionChange change(Uuid{7, 7}, PartitionId{0}, before, standing,
                         {.min_isr = number(asked.at("min")), .unclean = unclean});
  if (unclean) change.elect(Election::kUnclean);
  if (asked.at("what") == "preferred") change.elect(Election::kPreferred);
  if (asked.at("what") == "alter") change.recovery(metadata::LeaderRecovery::kRecovered);
  if (asked.contains("isr")) change.isr(ids(asked.at("isr")));
  if (asked.contains("lost")) change.lost(BrokerId{number(asked.at("lost"))});
  if (asked.contains("replicas"))
    change.replicas(ids(asked.at("replicas"))).adding(ids(asked.at("adding"))).removing(ids(asked.at("removing")));
  auto after = before;
  if (const auto record = change.build())
    metadata::apply_change(after, std::get<protocol::PartitionChangeRecord>(*record));
  std::ranges::sort(after.eligible_leader_replicas);
  after.directories.clear();
  return after;
}

std::string shown(const metadata::Partition& p) {
  const auto list = [](const std::vector<BrokerId>& ids) {
    std::string text;
    for (const auto id : ids) text += (text.empty() ? "" : ",") + std::to_string(id.value);
    return text;
  };
  std::ostringstream out;
  out << "replicas=" << list(p.replicas) << " isr=" << list(p.isr) << " elr=" << list(p.eligible_leader_replicas)
      << " last=" << list(p.last_known_elr) << " adding=" << list(p.adding_replicas)
      << " removing=" << list(p.removing_replicas) << " leader=" << p.leader.value << " epoch=" << p.leader_epoch.value
      << " partition_epoch=" << p.partition_epoch << " recovery=" << static_cast<int>(p.leader_recovery);
  return out.str();
}

// Where we differ on purpose: Kafka keeps as eligible who was in sync when a reassignment took it out of the replicas,
// and goes on with it. It deletes its log, so it must not be elected when it becomes a replica again.
bool kafka_keeps_who_is_no_replica(const metadata::Partition& before, const metadata::Partition& kafkas) {
  const auto outside = [](const metadata::Partition& p) {
    return std::ranges::any_of(p.eligible_leader_replicas,
                               [&](BrokerId id) { return std::ranges::find(p.replicas, id) == p.replicas.end(); });
  };
  return outside(before) || outside(kafkas);
}

TEST(KafkaPartitionChanges, AreMadeHereToo) {
  std::ifstream file(std::string(TESTDATA) + "/kafka_partition_changes.txt");
  std::size_t same = 0, differs = 0;
  std::set<std::string> kinds;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    const auto first = line.find(" | "), second = line.find(" | ", first + 3);
    ASSERT_NE(second, std::string::npos) << line;
    const auto before = partition(words(line.substr(0, first))), kafkas = partition(words(line.substr(second + 3)));
    const auto asked = words(line.substr(first + 3, second - first - 3));
    kinds.insert(asked.at("what"));
    const auto ours = changed(before, asked);
    if (ours == kafkas) {
      ++same;
      continue;
    }
    ++differs;
    if (!kafka_keeps_who_is_no_replica(before, kafkas))
      ADD_FAILURE() << line.substr(0, second) << "\n  Kafka " << shown(kafkas) << "\n  ours  " << shown(ours);
  }
  EXPECT_EQ(kinds, (std::set<std::string>{"alter", "fence", "lost", "preferred", "reassign", "unfence"}));
  EXPECT_EQ(same + differs, 504u);
  EXPECT_EQ(differs, 13u);
}

}  // namespace
}  // namespace thalweg::controller
