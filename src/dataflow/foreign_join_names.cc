// The names of a foreign-key join. (KTableImpl.doJoinOnForeignKey)
#include "thalweg/streams/foreign_joins.h"

namespace thalweg::streams::detail {

ForeignJoinNames foreign_join_names(LogicalGraph& graph, const std::string& name, const std::string& store) {
  const auto one = [&](std::string_view suffix, std::string_view prefix) {
    return graph.suffixed_or_new(name, suffix, prefix);
  };
  constexpr std::string_view kRegistration = "KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-";
  constexpr std::string_view kProcessor = "KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-";
  ForeignJoinNames names;
  names.subscriptions = one("-subscription-registration", kRegistration) + "-topic";
  names.subscribe = one("-subscription-registration-processor", kRegistration);
  names.subscribe_sink = one("-subscription-registration-sink", "KTABLE-SINK-");
  names.subscribe_source = one("-subscription-registration-source", "KTABLE-SOURCE-");
  names.store = one("-subscription-store", "KTABLE-FK-JOIN-SUBSCRIPTION-STATE-STORE-");
  names.receive = one("-subscription-receive", kProcessor);
  names.answer = one("-subscription-join-foreign", kProcessor);
  names.tell = one("-foreign-join-subscription", kProcessor);
  names.answers = one("-subscription-response", "KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-") + "-topic";
  names.answer_sink = one("-subscription-response-sink", "KTABLE-SINK-");
  names.answer_source = one("-subscription-response-source", "KTABLE-SOURCE-");
  names.resolve = one("-subscription-response-resolver", "KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-RESOLVER-PROCESSOR-");
  names.result = one("-result", "KTABLE-FK-JOIN-OUTPUT-");
  names.result_store = store.empty() ? graph.new_store_name("KTABLE-FK-JOIN-OUTPUT-") : store;
  return names;
}

}  // namespace thalweg::streams::detail
