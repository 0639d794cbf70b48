#include "group/consumer_protocol.h"

#include <cstdint>
#include <vector>

#include "protocol/wire.h"

namespace thalweg::group {

std::optional<std::set<std::string>> subscribed_topics(const SharedBytes& metadata) {
  protocol::Reader reader(metadata);
  std::int16_t version = -1;
  reader.read(version);
  // Every version begins with the topics, so nothing behind them needs to be understood.
  std::vector<std::string> topics;
  reader.read(topics, false);
  if (!reader.ok() || version < 0) return std::nullopt;
  return std::set<std::string>(topics.begin(), topics.end());
}

}  // namespace thalweg::group
