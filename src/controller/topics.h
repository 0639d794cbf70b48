// Creating, growing and deleting topics.
#pragma once

#include <string_view>

#include "controller/decision.h"
#include "protocol/create_partitions_request.h"
#include "protocol/create_partitions_response.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/delete_topics_request.h"
#include "protocol/delete_topics_response.h"

namespace thalweg::controller {

// Topics fail one by one; those that succeed are made even when others are not. Nothing is made for validate_only.
Decision<protocol::CreateTopicsResponse> create_topics(const metadata::Image& image, const Options& options,
                                                       Random& random, const protocol::CreateTopicsRequest& request);
// REQUIRES: a version of the API; version 6 brought topic ids, version 3 the error for clusters that delete nothing.
Decision<protocol::DeleteTopicsResponse> delete_topics(const metadata::Image& image, const Options& options,
                                                       const protocol::DeleteTopicsRequest& request,
                                                       std::int16_t version);
Decision<protocol::CreatePartitionsResponse> create_partitions(const metadata::Image& image, Random& random,
                                                               const protocol::CreatePartitionsRequest& request);

// 1 to 249 of [a-zA-Z0-9._-], and neither "." nor "..".
Result<> validate_topic_name(std::string_view name);

}  // namespace thalweg::controller
