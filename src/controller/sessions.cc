#include "controller/sessions.h"

#include <algorithm>

namespace thalweg::controller {

Sessions::Session& Sessions::session(BrokerId id, std::int64_t epoch, Instant now) {
  auto& session = sessions_[id];
  if (session.epoch != epoch) session = {.epoch = epoch, .heard = now, .patience = times_.silence, .calm_since = now};
  return session;
}

void Sessions::on_beat(BrokerId id, std::int64_t epoch, bool unfenced, Instant now) {
  const bool adapted = adapts();
  auto& heard = session(id, epoch, now);
  heard.heard = std::max(heard.heard, now);
  heard.unfenced = unfenced;
  heard.left = false;
  // Who was alone until now reports rarely, and had a whole session.
  if (!adapted && adapts())
    for (auto& [other, session] : sessions_) session.heard = now;
  if (heard.silenced) {
    heard.silenced = false;
    heard.patience = std::min(2 * heard.patience, times_.session_max);
    heard.calm_since = now;
  } else if (now - heard.calm_since > times_.calm) {
    heard.patience = std::max(heard.patience / 2, times_.silence);
    heard.calm_since = now;
  }
}

void Sessions::on_known(BrokerId id, std::int64_t epoch, Instant heard) {
  auto& known = session(id, epoch, heard);
  known.heard = heard;
  known.unfenced = true;
}

void Sessions::on_silenced(BrokerId id) {
  const auto at = sessions_.find(id);
  if (at == sessions_.end()) return;
  at->second.unfenced = false;
  at->second.silenced = true;
}

void Sessions::end(BrokerId id) {
  if (const auto at = sessions_.find(id); at != sessions_.end()) at->second.unfenced = false;
}

void Sessions::on_left(BrokerId id) {
  if (const auto at = sessions_.find(id); at != sessions_.end()) at->second.left = true;
}

bool Sessions::adapts() const {
  return quick_ && std::ranges::count_if(sessions_, [](const auto& entry) { return entry.second.unfenced; }) > 1;
}

Instant Sessions::patience(const Session& session, bool adapts) const {
  return adapts ? std::min(session.patience, times_.session_max) : times_.session_max;
}

Instant Sessions::patience(BrokerId id) const {
  const auto at = sessions_.find(id);
  return at == sessions_.end() ? times_.session_max : patience(at->second, adapts());
}

bool Sessions::trusts_evidence(BrokerId id) const {
  const auto at = sessions_.find(id);
  return quick_ && (at == sessions_.end() || at->second.patience <= times_.silence);
}

bool Sessions::alive(BrokerId id, Instant now) const {
  const auto at = sessions_.find(id);
  return at != sessions_.end() && at->second.unfenced && now - at->second.heard < patience(at->second, adapts());
}

bool Sessions::reports(BrokerId id, Instant now) const {
  const auto at = sessions_.find(id);
  if (at == sessions_.end() || at->second.silenced || at->second.left) return false;
  return now - at->second.heard < patience(at->second, adapts());
}

bool Sessions::tracks(BrokerId id) const {
  const auto at = sessions_.find(id);
  return at != sessions_.end() && at->second.unfenced;
}

std::optional<BrokerId> Sessions::look(Instant now) {
  const Instant late = expected_ ? now - *expected_ : Instant(0);
  const bool adapt = adapts();
  if (adapt && late > times_.late)
    for (auto& [id, session] : sessions_) session.heard = std::min(now, session.heard + late);
  expected_.reset();
  for (const auto& [id, session] : sessions_)
    if (session.unfenced && now - session.heard >= patience(session, adapt)) return id;
  return std::nullopt;
}

std::optional<Instant> Sessions::next_look(Instant now) {
  std::optional<Instant> next;
  const bool adapt = adapts();
  for (const auto& [id, session] : sessions_) {
    if (!session.unfenced) continue;
    const Instant ends = adapt ? now + times_.look : later(session.heard, patience(session, false));
    next = std::min(next.value_or(ends), ends);
  }
  return expected_ = next;
}

}  // namespace thalweg::controller
