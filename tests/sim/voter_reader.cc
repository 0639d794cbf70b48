#include "voter_reader.h"

#include "voter_changes.h"

namespace thalweg::simulation {

using Change = SharedTopics::Change;
constexpr Instant kReaderPatience = std::chrono::milliseconds(200);

VoterReader::VoterReader(Voters& voters, const Shard& shard, SharedTopics& shared, Address address)
    : voters_(voters), shard_(shard), shared_(shared), address_(address), link_(voters, shard, address, [this] {
        return asked_;
      }) {}

Task<> VoterReader::run() {
  for (;;) {
    const auto believers = voters_.who_believe(address_);
    for (const int believer : believers) {
      asked_ = believer;
      co_await look();
    }
    const std::uint64_t pause_max = voters_.contested() ? 10'000'000 : 300'000'000;
    co_await shard_.clock.sleep_for(Instant(below(pause_max)));
  }
}

// Would it be created? Nothing is appended for the answer.
Task<> VoterReader::look() {
  const std::string name = shared_topic(below(kSharedTopics));
  auto request = creation(name, 1, 1);
  request.validate_only = true;
  const Instant begun = shard_.clock.now();
  const auto answer =
      co_await link_.forward<protocol::CreateTopicsResponse>(request, kCreateVersion, begun + kReaderPatience);
  if (!answer) co_return;
  ++answers_;
  const auto code = answer->topics.front().error_code;
  if (code == ErrorCode::kNone) shared_.add(name, Change::kMissed, begun, shard_.clock.now());
  if (code == ErrorCode::kTopicAlreadyExists) shared_.add(name, Change::kFound, begun, shard_.clock.now());
}

}  // namespace thalweg::simulation
