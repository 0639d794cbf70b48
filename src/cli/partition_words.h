// What `thalweg partition …` makes of its words and options. Private to the files of those commands.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "cli/cluster_state.h"
#include "cli/command.h"

namespace thalweg::cli {

// The partitions of the topics named, or those of --partition; of all topics when none is named. Names that do not
// exist are errors with the nearest one that does.
Task<Result<std::vector<PartitionState>>> named_partitions(Session session);
// "1,2,3" -> ids, each once; misuse otherwise.
Result<std::vector<BrokerId>> broker_ids(const Session& session, std::string_view option);

}  // namespace thalweg::cli
