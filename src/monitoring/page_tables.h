// The tables of a page: partitions and committed offsets joined, in slices, and what they were joined from put away in
// slices too. A slice does about a thousand rows, whatever there is; page_slices_test.cc counts.
#pragma once

#include <vector>

#include "monitoring/group_tables.h"
#include "monitoring/topic_tables.h"

namespace thalweg::monitoring {

struct PageInputs {
  std::vector<std::vector<PartitionFigures::Figures>> figures;  // of each shard
  std::vector<group::GroupFigures> groups;
  metadata::ImagePtr image;
};

struct PageTables {
  std::vector<SeriesTable> tables;
  std::size_t ages_left_out = 0;
};

// `each`: also the tables of single partitions.
Task<PageTables> page_tables(PageInputs inputs, LagAges* ages, Timestamp now, bool each);

}  // namespace thalweg::monitoring
