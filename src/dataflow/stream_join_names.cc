// The names of a join of two streams. (KStreamImplJoin, OuterStreamJoinStoreFactory)
#include "thalweg/streams/joins.h"

namespace thalweg::streams::detail {

StreamJoinNames stream_join_names(LogicalGraph& graph, const std::string& name, const std::string& store,
                                  OuterSides outer) {
  const std::string on_this = outer.right ? "-outer-this-join" : "-this-join";
  const std::string on_other = outer.left ? "-outer-other-join" : "-other-join";
  StreamJoinNames names;
  names.this_windowed = graph.suffixed_or_new(name, "-this-windowed", "KSTREAM-WINDOWED-");
  names.other_windowed = graph.suffixed_or_new(name, "-other-windowed", "KSTREAM-WINDOWED-");
  // Made whether or not there is a name: stores are called after them.
  const std::string made_this = graph.new_name(outer.right ? "KSTREAM-OUTERTHIS-" : "KSTREAM-JOINTHIS-");
  const std::string made_other = graph.new_name(outer.left ? "KSTREAM-OUTEROTHER-" : "KSTREAM-JOINOTHER-");
  names.this_join = name.empty() ? made_this : name + on_this;
  names.other_join = name.empty() ? made_other : name + on_other;
  names.merge = graph.suffixed_or_new(name, "-merge", "KSTREAM-MERGE-");
  names.this_store = (store.empty() ? made_this : store + on_this) + "-store";
  names.other_store = (store.empty() ? made_other : store + on_other) + "-store";
  if (!outer.left) return names;
  names.lonely_store = store.empty() ? "KSTREAM-OUTERSHARED-" + made_this.substr(made_this.rfind('-') + 1)
                                     : store + (outer.right ? "-outer-shared-join" : "-left-shared-join");
  names.lonely_store += "-store";
  return names;
}

std::string mistake_of(const JoinWindows& windows) {
  if (windows.grace < milliseconds(0)) return "its window's grace is below 0";
  if (windows.before + windows.after < milliseconds(0))
    return "its window ends before it begins: before + after is below 0";
  return {};
}

}  // namespace thalweg::streams::detail
