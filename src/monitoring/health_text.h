// How health looks to those who ask: Kubernetes' way for probes, JSON for programs and people.
#pragma once

#include <string>
#include <vector>

#include "http/message.h"
#include "monitoring/cluster_look.h"
#include "monitoring/health.h"

namespace thalweg::monitoring {

// 200 "ok" or 503 with what failed. ?verbose: a line for each check, "[+]name ok" or "[-]name failed: why", and one
// for each trouble of the cluster, "[!]kind what; next", which changes nothing: to send clients elsewhere mends it not.
// The route's parameter, if there is one, chooses one check; 404 where there is none of that name.
http::Response answer(const http::Request& request, const std::vector<Check>& checks,
                      const std::vector<Trouble>& troubles = {});

// 200 while live and ready, else 503. "degraded" is what serves and needs somebody: the cluster has troubles. Nothing
// is looked at unless the node serves.
http::Response overview(broker::Broker& broker, const std::string& version, Millis uptime, Health::Phase phase,
                        const std::vector<Check>& live, const std::vector<Check>& ready, const ClusterLook* look);

}  // namespace thalweg::monitoring
