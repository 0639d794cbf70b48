#include "console/kept_answers.h"

#include "base/check.h"

namespace thalweg::console {

KeptAnswers::Begun KeptAnswers::begin(const Key& key, const std::string& request, Instant now) {
  while (!answered_.empty() && now - entries_.at(answered_.front()).at >= Instant(kKeptFor)) forget_oldest();
  const auto known = entries_.find(key);
  if (known != entries_.end()) {
    if (known->second.request != request) return Begun::kAnotherRequest;
    return known->second.answer ? Begun::kAnswered : Begun::kUnderWay;
  }
  if (entries_.size() >= kKeysMax && answered_.empty()) return Begun::kTooMany;
  if (entries_.size() >= kKeysMax) forget_oldest();
  entries_.emplace(key, Entry{.request = request, .answer = {}, .at = now});
  return Begun::kNew;
}

void KeptAnswers::end(const Key& key, std::optional<Answer> answer, Instant now) {
  const auto known = entries_.find(key);
  CHECK(known != entries_.end() && !known->second.answer);
  if (!answer || answer->body.size() > kBytesMax) {
    entries_.erase(known);
    return;
  }
  bytes_ += answer->body.size();
  known->second.answer = std::move(answer);
  known->second.at = now;
  answered_.push_back(key);
  while (bytes_ > kBytesMax) forget_oldest();
}

void KeptAnswers::forget_oldest() {
  const auto entry = entries_.find(answered_.front());
  bytes_ -= entry->second.answer->body.size();
  entries_.erase(entry);
  answered_.pop_front();
}

}  // namespace thalweg::console
