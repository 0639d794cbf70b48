#include "console/sessions.h"

#include <fmt/format.h>

#include <algorithm>

namespace thalweg::console {

bool Sessions::is_over(const Session& session, Instant now) {
  return now - session.used > kIdleMax || now - session.opened > kAgeMax;
}

void Sessions::make_room(Instant now) {
  std::erase_if(sessions_, [now](const auto& entry) { return is_over(entry.second, now); });
  if (sessions_.size() < kMax) return;
  sessions_.erase(std::ranges::min_element(sessions_, {}, [](const auto& entry) { return entry.second.used; }));
}

std::string Sessions::open(std::string principal, Instant now) {
  make_room(now);
  std::string id;
  for (int i = 0; i < 4; ++i) id += fmt::format("{:016x}", random_.next());
  sessions_[id] = {std::move(principal), now, now};
  return id;
}

std::optional<std::string> Sessions::find(std::string_view id, Instant now) {
  const auto at = sessions_.find(id);
  if (at == sessions_.end()) return std::nullopt;
  if (is_over(at->second, now)) {
    sessions_.erase(at);
    return std::nullopt;
  }
  at->second.used = now;
  return at->second.principal;
}

void Sessions::close(std::string_view id) {
  if (const auto at = sessions_.find(id); at != sessions_.end()) sessions_.erase(at);
}

}  // namespace thalweg::console
