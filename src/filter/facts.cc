#include "filter/facts.h"

#include <algorithm>

namespace thalweg::filter {
namespace {

// "variable op number", whichever side the variable stands on.
struct Bound {
  Variable variable;
  Op op;
  std::int64_t number;
};

Op turned(Op op) {
  switch (op) {
    case Op::kLess:
      return Op::kGreater;
    case Op::kLessOrEqual:
      return Op::kGreaterOrEqual;
    case Op::kGreater:
      return Op::kLess;
    case Op::kGreaterOrEqual:
      return Op::kLessOrEqual;
    default:
      return op;
  }
}

bool is_whole(const Node& node) {
  const Kind kind = node.literal.kind;
  if (node.op != Op::kLiteral) return false;
  return kind == Kind::kInt || kind == Kind::kTimestamp || (kind == Kind::kUint && node.literal.integer >= 0);
}

class Gathering {
 public:
  explicit Gathering(const Program& program) : nodes_(program.nodes) { gather(program.root); }
  Facts take() && { return std::move(facts_); }

 private:
  void gather(NodeId id) {
    const Node& node = nodes_[id];
    if (node.op == Op::kAnd) {
      gather(node.children[0]);
      gather(node.children[1]);
    } else if (node.op == Op::kIn) {
      gather_list(node);
    } else if (const auto bound = bound_of(node)) {
      narrow(*bound);
    }
  }

  std::optional<Bound> bound_of(const Node& node) const {
    const bool compares = node.op == Op::kEqual || node.op == Op::kLess || node.op == Op::kLessOrEqual ||
                          node.op == Op::kGreater || node.op == Op::kGreaterOrEqual;
    if (!compares) return std::nullopt;
    const Node &left = nodes_[node.children[0]], &right = nodes_[node.children[1]];
    if (left.op == Op::kVariable && is_whole(right)) return Bound{left.variable, node.op, right.literal.integer};
    if (right.op == Op::kVariable && is_whole(left))
      return Bound{right.variable, turned(node.op), left.literal.integer};
    return std::nullopt;
  }

  void narrow(const Bound& bound) {
    constexpr auto kMax = std::numeric_limits<std::int64_t>::max(), kMin = std::numeric_limits<std::int64_t>::min();
    std::int64_t first = kMin, last = kMax;
    if (bound.op == Op::kEqual || bound.op == Op::kGreaterOrEqual) first = bound.number;
    if (bound.op == Op::kEqual || bound.op == Op::kLessOrEqual) last = bound.number;
    // Nothing is beyond the last number there is; not to be that number bounds nothing that matters.
    if (bound.op == Op::kGreater) first = bound.number == kMax ? kMax : bound.number + 1;
    if (bound.op == Op::kLess) last = bound.number == kMin ? kMin : bound.number - 1;
    switch (bound.variable) {
      case Variable::kOffset:
        facts_.first_offset = std::max(facts_.first_offset, first);
        facts_.last_offset = std::min(facts_.last_offset, last);
        break;
      case Variable::kTimestamp:
      case Variable::kTimestampMs:
        if (first > kMin) facts_.not_before = std::max(facts_.not_before.value_or(first), first);
        break;
      case Variable::kPartition:
        if (bound.op == Op::kEqual) only({bound.number});
        break;
      default:
        break;
    }
  }

  void gather_list(const Node& node) {
    const Node &left = nodes_[node.children[0]], &right = nodes_[node.children[1]];
    if (left.op != Op::kVariable || left.variable != Variable::kPartition || right.op != Op::kList) return;
    std::vector<std::int64_t> numbers;
    for (const NodeId id : right.children) {
      if (!is_whole(nodes_[id])) return;
      numbers.push_back(nodes_[id].literal.integer);
    }
    only(std::move(numbers));
  }

  void only(std::vector<std::int64_t> partitions) {
    std::ranges::sort(partitions);
    const auto twice = std::ranges::unique(partitions);
    partitions.erase(twice.begin(), twice.end());
    if (facts_.partitions)
      std::erase_if(partitions, [&](std::int64_t p) { return !std::ranges::binary_search(*facts_.partitions, p); });
    facts_.partitions = std::move(partitions);
  }

  const std::vector<Node>& nodes_;
  Facts facts_;
};

}  // namespace

bool Facts::allows(PartitionId partition) const {
  return !partitions || std::ranges::binary_search(*partitions, std::int64_t{partition.value});
}

Facts facts_of(const Program& program) { return Gathering(program).take(); }

}  // namespace thalweg::filter
