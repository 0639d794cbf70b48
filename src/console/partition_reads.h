// Records of partitions, asked of whoever leads them: of this broker as a client would (ask.h), of others
// over the channels between brokers. What is between brokers is trusted, so who asks is checked here.
#pragma once

#include <vector>

#include "console/leaders.h"
#include "record/batch.h"

namespace thalweg::console {

// A partition and who leads it. `leader` is kNoBroker where none does.
struct PartitionPlace {
  std::string topic;
  Uuid topic_id;
  PartitionId partition;
  BrokerId leader = kNoBroker;
};

// An aborted transaction that touches what was fetched: from that offset on, until its marker.
struct AbortedFrom {
  ProducerId producer;
  Offset first;
};

struct FetchedRecords {
  SharedBytes bytes;   // whole batches; the first may begin before the offset. Empty: there is nothing to read
  Offset start, end;   // of what can be read
  Offset last_stable;  // before it no transaction is open
  std::vector<AbortedFrom> aborted;  // told to readers of what is committed
};

// About `bytes_max`, or one batch if that is larger.
Task<Result<FetchedRecords>> fetch_records(const Call& call, PartitionPlace place, Offset from, std::size_t bytes_max,
                                           ReadIsolation isolation, AskOptions options = {});

}  // namespace thalweg::console
