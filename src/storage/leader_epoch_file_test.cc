#include "storage/leader_epoch_file.h"

#include <gtest/gtest.h>

namespace thalweg::storage {
namespace {

TEST(LeaderEpochFile, ItsTextIsKafkas) {
  record::LeaderEpochCache epochs;
  epochs.assign({2}, {10});
  epochs.assign({4}, {20});
  EXPECT_EQ(print_leader_epochs(epochs), "0\n2\n2 10\n4 20\n");
  EXPECT_EQ(parse_leader_epochs(print_leader_epochs(epochs))->entries(), epochs.entries());
  EXPECT_FALSE(parse_leader_epochs("0\n1\n2\n"));
  EXPECT_FALSE(parse_leader_epochs("0\n1\n2 -5\n"));
}

}  // namespace
}  // namespace thalweg::storage
