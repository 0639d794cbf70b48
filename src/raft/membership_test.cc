#include "raft/membership.h"

#include <gtest/gtest.h>

#include "raft/quorum_record.h"
#include "raft/wire.h"

namespace thalweg::raft {
namespace {

using Standing = MemberTable::Standing;

constexpr BrokerId kOne{1}, kTwo{2};
constexpr Uuid kDisk{1, 1}, kOtherDisk{1, 2};

Member member(BrokerId node, Uuid directory, std::uint32_t incarnation = 0) {
  return {member_of(node, incarnation), node, directory, {{"CONTROLLER", {"host", 9093}}}, true};
}
Membership voters(std::vector<MemberId> ids) { return {.voters = std::move(ids)}; }

TEST(MemberIds, AreANodeAndTheIncarnationOfItsDisk) {
  EXPECT_EQ(member_of(BrokerId{0}), 1u) << "as it was before there were incarnations";
  const MemberId id = member_of(BrokerId{2'147'483'647}, 4'000'000'000);
  EXPECT_EQ(broker_of(id), BrokerId{2'147'483'647});
  EXPECT_EQ(incarnation_of(id), 4'000'000'000u);
  EXPECT_EQ(broker_of(kNoMember), kNoBroker);
  EXPECT_EQ(name_of(member_of(BrokerId{3})), "3");
  EXPECT_EQ(name_of(member_of(BrokerId{3}, 2)), "3 (disk 2)");
}

TEST(MemberTable, GivesANewIdToEachDiskOfANode) {
  MemberTable table;
  EXPECT_EQ(table.next_id(kOne), member_of(kOne, 0));
  table.put(member(kOne, kDisk));
  EXPECT_EQ(table.next_id(kOne), member_of(kOne, 1));
  EXPECT_EQ(table.next_id(kTwo), member_of(kTwo, 0));
}

TEST(MemberTable, KnowsWhichNodeIdsAreFree) {
  MemberTable table;
  const auto none = [](BrokerId) { return false; };
  EXPECT_EQ(table.free_node(none), kOne);
  table.put(member(kOne, kDisk));
  table.put(member(BrokerId{3}, kOtherDisk));
  EXPECT_EQ(table.free_node(none), kTwo);
  EXPECT_EQ(table.free_node([](BrokerId node) { return node == kTwo; }), BrokerId{4});
  table.settle(voters({member_of(BrokerId{3})}));
  EXPECT_EQ(table.free_node(none), kTwo) << "1 was somebody";
}

TEST(MemberTable, NeverGivesAnIdAgain) {
  MemberTable table;
  table.put(member(kOne, kDisk));
  table.put(member(kOne, kOtherDisk, 1));
  table.settle(voters({member_of(kOne, 1)}));
  EXPECT_EQ(table.next_id(kOne), member_of(kOne, 2));
  table.settle({});
  EXPECT_EQ(table.next_id(kOne), member_of(kOne, 2)) << "all its members are gone, their memories may not be";
  table.settle(voters({member_of(kTwo)}));
  EXPECT_EQ(table.next_id(kOne), member_of(kOne, 2));
}

TEST(MemberTable, HoldsWhoeverIsAMember) {
  MemberTable table;
  table.put(member(kOne, kDisk));
  table.settle({.voters = {member_of(kTwo)}, .learners = {}, .outgoing = {member_of(kOne)}});
  EXPECT_EQ(table.members().size(), 2u);
  EXPECT_EQ(table.find(kOne, kDisk)->id, member_of(kOne));
  EXPECT_TRUE(table.find(member_of(kTwo))->directory.is_zero()) << "a founder that has not said yet";
}

TEST(MemberTable, KnowsWhoWasReplacedFromWhomItDoesNotKnowYet) {
  MemberTable table;
  table.put(member(kOne, kDisk, 1));
  EXPECT_EQ(table.standing(member_of(kOne, 1), kDisk), Standing::kMember);
  EXPECT_EQ(table.standing(member_of(kOne, 1), kOtherDisk), Standing::kReplaced);
  EXPECT_EQ(table.standing(member_of(kOne, 0), kOtherDisk), Standing::kReplaced);
  EXPECT_EQ(table.standing(member_of(kOne, 2), kOtherDisk), Standing::kUnknown) << "this table may be the older one";
  EXPECT_EQ(table.standing(member_of(kTwo), kDisk), Standing::kUnknown);
  table.settle({});
  EXPECT_EQ(table.standing(member_of(kOne, 1), kDisk), Standing::kReplaced);
}

TEST(MemberTable, TravelsAsBytes) {
  MemberTable table;
  Member learner = member(kTwo, kOtherDisk, 3);
  learner.may_vote = false;
  learner.dismissed = true;
  learner.endpoints["REPLICATION"] = {"2001:db8::1", 65'535};
  table.put(member(kOne, kDisk));
  table.put(learner);
  table.put(member(kTwo, kDisk, 2));
  table.settle(voters({member_of(kOne), learner.id}));
  std::vector<std::byte> bytes;
  put_members(bytes, table);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    BytesView part(bytes.data(), size);
    EXPECT_FALSE(take_members(part)) << size;
  }
  BytesView whole(bytes);
  EXPECT_EQ(take_members(whole), table);
  EXPECT_TRUE(whole.empty());
  bytes[0] = std::byte{2};
  whole = bytes;
  EXPECT_FALSE(take_members(whole)) << "of a later version";
}

// Byte for byte what was written before there was a table; such files are out there.
std::vector<std::byte> old_base() {
  std::vector<std::byte> bytes;
  put(bytes, std::uint64_t{17});
  put(bytes, std::uint64_t{4});
  put(bytes, std::uint32_t{1});
  put(bytes, std::uint64_t{1});
  for (int list = 0; list < 3; ++list) put(bytes, std::uint32_t{0});
  put(bytes, std::uint8_t{0});
  return bytes;
}

TEST(Base, WithoutATableIsWrittenAndReadAsBeforeThereWasOne) {
  const auto bytes = old_base();
  BytesView rest(bytes);
  const auto base = take_base(rest);
  ASSERT_TRUE(base);
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(*base, (Base{17, 4, voters({member_of(BrokerId{0})}), {}}));
  std::vector<std::byte> again;
  put_base(again, *base);
  EXPECT_EQ(again, bytes);
}

TEST(Base, CarriesTheTable) {
  Base base{17, 4, voters({member_of(kOne)}), {}};
  base.members.put(member(kOne, kDisk));
  std::vector<std::byte> bytes;
  put_base(bytes, base);
  BytesView rest(bytes);
  EXPECT_EQ(take_base(rest), base);
  EXPECT_TRUE(rest.empty());
}

TEST(Base, OfALaterKindIsRefusedAndNotMisread) {
  auto bytes = old_base();
  bytes.back() = std::byte{4};
  BytesView rest(bytes);
  EXPECT_FALSE(take_base(rest));
}

}  // namespace
}  // namespace thalweg::raft
