// Topics and their partitions as series: what the image says, beside what the logs here say.
#pragma once

#include "metadata/image.h"
#include "metrics/exposition.h"
#include "monitoring/group_tables.h"

namespace thalweg::monitoring {

struct TopicTables {
  SeriesTable topics, partitions;
};
// `each` also fills the table of single partitions. In slices; what is given stays with the caller.
Task<TopicTables> topic_tables(metadata::ImagePtr image, const PartitionFigures* figures, bool each);

}  // namespace thalweg::monitoring
