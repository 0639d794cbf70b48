// A red-black tree that is only added to, as java.util.TreeSet is built: who was compared with whom decides where an
// item stands, also when the order changes while it is filled. describe() needs that, for Kafka Streams orders nodes by
// sizes that still grow.
#pragma once

#include <cstddef>
#include <vector>

namespace thalweg::streams::detail {

// `Before(a, b)`: a stands before b. Equal items are added once.
template <class T, class Before>
class InsertionTree {
 public:
  explicit InsertionTree(Before before) : before_(before) {}

  void add(const T& item) {
    std::size_t parent = kNone, at = root_;
    bool left = false;
    while (at != kNone) {
      if (nodes_[at].item == item) return;
      parent = at;
      left = before_(item, nodes_[at].item);
      at = child(at, left);
    }
    nodes_.push_back({.item = item, .parent = parent, .left = kNone, .right = kNone, .red = true});
    const std::size_t added = nodes_.size() - 1;
    if (parent == kNone)
      root_ = added;
    else
      child(parent, left) = added;
    balance(added);
  }
  std::vector<T> in_order() const {
    std::vector<T> items;
    collect(root_, items);
    return items;
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  struct Node {
    T item;
    std::size_t parent, left, right;
    bool red;
  };

  std::size_t& child(std::size_t at, bool left) { return left ? nodes_[at].left : nodes_[at].right; }
  bool is_red(std::size_t at) const { return at != kNone && nodes_[at].red; }

  // Two reds do not follow each other.
  void balance(std::size_t at) {
    while (at != root_ && is_red(nodes_[at].parent)) {
      std::size_t parent = nodes_[at].parent;
      const std::size_t above = nodes_[parent].parent;
      const bool on_left = parent == nodes_[above].left;
      const std::size_t uncle = child(above, !on_left);
      if (is_red(uncle)) {
        nodes_[parent].red = nodes_[uncle].red = false;
        nodes_[above].red = true;
        at = above;
        continue;
      }
      if (at == child(parent, !on_left)) {
        rotate(parent, on_left);
        at = parent;
        parent = nodes_[at].parent;
      }
      nodes_[parent].red = false;
      nodes_[above].red = true;
      rotate(above, !on_left);
    }
    nodes_[root_].red = false;
  }
  // `at` goes down to that side.
  void rotate(std::size_t at, bool left) {
    const std::size_t up = child(at, !left), parent = nodes_[at].parent, inner = child(up, left);
    child(at, !left) = inner;
    if (inner != kNone) nodes_[inner].parent = at;
    nodes_[up].parent = parent;
    if (parent == kNone)
      root_ = up;
    else
      child(parent, nodes_[parent].left == at) = up;
    child(up, left) = at;
    nodes_[at].parent = up;
  }
  void collect(std::size_t at, std::vector<T>& items) const {
    if (at == kNone) return;
    collect(nodes_[at].left, items);
    items.push_back(nodes_[at].item);
    collect(nodes_[at].right, items);
  }

  Before before_;
  std::vector<Node> nodes_;
  std::size_t root_ = kNone;
};

}  // namespace thalweg::streams::detail
