// A request whose answer got lost with its controller is asked again, and the second controller may meet the work of
// the first: the topic "exists already". Whether that is the request's own work is told by content, from this broker's
// image of before the first attempt and of after the second. Pure.
//
// Requests without a word here are the same when they are made twice: configurations, elections, reassignments,
// features.
#pragma once

#include <cstdint>

#include "metadata/image.h"
#include "protocol/create_partitions_request.h"
#include "protocol/create_partitions_response.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/delete_topics_request.h"
#include "protocol/delete_topics_response.h"
#include "protocol/unregister_broker_request.h"
#include "protocol/unregister_broker_response.h"

namespace thalweg::broker {

// What is asked instead the second time, and in which version.
//
// DeleteTopics goes by the ids that the names had: a topic that somebody has created under the same name meanwhile is
// not ours to delete.
void prepare_second(protocol::DeleteTopicsRequest& request, std::int16_t& version, const metadata::Image& before);
template <class Request>
void prepare_second(Request&, std::int16_t&, const metadata::Image&) {}

// Turns errors that are the request's own work into success. False when `now` does not know enough yet to say: an error
// stands that a later image may explain.
//   CreateTopics      TOPIC_ALREADY_EXISTS: it was not there before, and is now as it was asked for
//   DeleteTopics      UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION: it was there before, and is not now
//   CreatePartitions  INVALID_PARTITIONS: the count was another before, and is now what was asked for
//   UnregisterBroker  BROKER_ID_NOT_REGISTERED: it was registered before, and is not now
bool settle_second(const protocol::CreateTopicsRequest& asked, const metadata::Image& before,
                   const metadata::Image& now, protocol::CreateTopicsResponse& answer);
bool settle_second(const protocol::DeleteTopicsRequest& asked, const metadata::Image& before,
                   const metadata::Image& now, protocol::DeleteTopicsResponse& answer);
bool settle_second(const protocol::CreatePartitionsRequest& asked, const metadata::Image& before,
                   const metadata::Image& now, protocol::CreatePartitionsResponse& answer);
bool settle_second(const protocol::UnregisterBrokerRequest& asked, const metadata::Image& before,
                   const metadata::Image& now, protocol::UnregisterBrokerResponse& answer);
template <class Request, class Response>
bool settle_second(const Request&, const metadata::Image&, const metadata::Image&, Response&) {
  return true;
}

}  // namespace thalweg::broker
