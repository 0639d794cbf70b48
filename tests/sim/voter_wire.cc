#include "voter_wire.h"

#include <fmt/format.h>

#include "voter_node.h"

namespace thalweg::simulation {
namespace {
using namespace std::chrono_literals;

constexpr Instant kPatience = 1s, kServedWithin = 60s;

using Answer = OneShot<Result<broker::ControllerLink::Reply>>;

Task<> serve(Voter* voter, broker::ControllerLink::Request request, std::int16_t version,
             std::function<void(Result<broker::ControllerLink::Reply>)> answer) {
  const Instant deadline = voter->shard.clock.now() + kServedWithin;
  // A leader whose vote is taken sends whoever asks elsewhere, and may have to stay; one that cannot confirm that it
  // still leads refuses nobody a vote by what it knows.
  const bool changes_votes = std::holds_alternative<protocol::RemoveRaftVoterRequest>(request) ||
                             std::holds_alternative<protocol::AddRaftVoterRequest>(request);
  auto said = co_await voter->controller->ask_once(std::move(request), version, deadline);
  if (!changes_votes) voter->answered(said);
  answer(std::move(said));
}

}  // namespace

Voters::Voters(sim::World& world, int count, int clients) : world_(world), clients_(clients) {
  for (int id = 0; id < count; ++id)
    nodes_.push_back(&world.add_node(fmt::format("voter-{}", id), 1,
                                     [this, id](sim::Node& node) { return std::make_shared<Voter>(*this, node, id); }));
}

Voter* Voters::at(int voter) { return node(voter).is_up() ? &node(voter).program<Voter>() : nullptr; }

std::vector<int> Voters::who_believe(Address from) {
  std::vector<int> found;
  for (int id = 0; id < count(); ++id) {
    auto* voter = at(id);
    if (voter && voter->quorum.is_leader() && !cut.contains({from, id}) && !cut.contains({id, from}))
      found.push_back(id);
  }
  return found;
}

bool Voters::contested() {
  int believers = 0;
  for (int id = 0; id < count(); ++id)
    if (auto* voter = at(id); voter && voter->quorum.is_leader()) ++believers;
  return believers > 1;
}

int Voters::leader() {
  int newest = -1;
  LeaderEpoch epoch{-1};
  for (int id = 0; id < count(); ++id) {
    auto* voter = at(id);
    if (!voter || !voter->quorum.is_leader() || voter->quorum.leader().epoch <= epoch) continue;
    newest = id;
    epoch = voter->quorum.leader().epoch;
  }
  return newest;
}

Instant Voters::delay() { return world_.simulation.between(50us, faults.delay_max); }

void Voters::deliver_later(int to, std::function<void(Voter&)> deliver) {
  world_.simulation.at(world_.now() + delay(), [this, to, deliver = std::move(deliver)] {
    if (auto* voter = at(to)) voter->shard.post([voter, deliver] { deliver(*voter); });
  });
}

void Voters::send(int from, int to, std::function<void(Voter&)> deliver) {
  if (lost() || cut.contains({from, to})) return;
  if (world_.simulation.one_in(faults.twice_one_in)) deliver_later(to, deliver);
  deliver_later(to, std::move(deliver));
}

void Voters::request(Address from, int to, std::function<void(Voter&)> deliver) {
  if (lost() || cut.contains({from, to})) return;
  deliver_later(to, std::move(deliver));
}

void Voters::violation(std::string what) {
  if (violations_.size() < 10) violations_.push_back(std::move(what));
}

void Voters::shown(int voter, const metadata::ImagePtr& image) {
  const auto [at, fresh] = images_.emplace(image->index(), image);
  if (!fresh && !(*at->second == *image))
    violation(fmt::format("voter {} shows another image at index {} than was shown before", voter, image->index()));
}

void Voters::given(std::int64_t first_producer_id) {
  if (!producer_ids_.insert(first_producer_id).second)
    violation(fmt::format("the producer ids from {} on were given twice", first_producer_id));
}

Task<Result<broker::ControllerLink::Reply>> WireLink::ask_once(Request request, std::int16_t version,
                                                               Instant deadline) {
  const int to = target_();
  if (to < 0) co_return fail(ErrorCode::kNotController, "nobody leads");
  const Answer answer;
  // The way back is as unsure as the way there.
  auto back = [voters = &voters_, from = from_, to, answer](Result<Reply> reply) {
    if (voters->reply_lost(to, from)) return;
    voters->world().simulation.at(voters->world().now() + voters->delay(),
                                  [answer, reply = std::move(reply)]() mutable { answer.set(std::move(reply)); });
  };
  voters_.request(from_, to, [request = std::move(request), version, back](Voter& voter) {
    if (!voter.controller) return back(fail(ErrorCode::kNotController, "starting"));
    spawn(voter.shard, serve(&voter, request, version, back));
  });
  const auto timer = shard_.clock.call_at(std::min(deadline, shard_.clock.now() + kPatience), [answer] {
    answer.set(fail(ErrorCode::kRequestTimedOut, "no answer; the outcome is unknown"));
  });
  co_return co_await answer.wait();
}

}  // namespace thalweg::simulation
