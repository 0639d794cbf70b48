// How health looks to those who ask: Kubernetes' way for probes, JSON for programs and people.
#pragma once

#include <string>
#include <vector>

#include "http/message.h"
#include "monitoring/health.h"

namespace thalweg::monitoring {

// 200 "ok" or 503 with what failed. ?verbose: a line for each check, "[+]name ok" or "[-]name failed: why". The route's
// parameter, if there is one, chooses one check; 404 where there is none of that name.
http::Response answer(const http::Request& request, const std::vector<Check>& checks);

// 200 while live and ready, else 503. "degraded" is what serves and needs somebody: partitions without a leader, or
// with replicas that are not in sync.
http::Response overview(broker::Broker& broker, const std::string& version, Millis uptime, Health::Phase phase,
                        const std::vector<Check>& live, const std::vector<Check>& ready);

}  // namespace thalweg::monitoring
