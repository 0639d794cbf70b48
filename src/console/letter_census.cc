#include "console/letter_census.h"

#include <fmt/format.h>

#include <algorithm>

#include "schema/md5.h"

namespace thalweg::console {
namespace {

std::optional<LetterFamily> shown_family(std::optional<letters::Family> family) {
  if (!family) return std::nullopt;
  switch (*family) {
    case letters::Family::kToolkit:
      return LetterFamily::kToolkit;
    case letters::Family::kShareGroup:
      return LetterFamily::kShareGroup;
    case letters::Family::kStreams:
      return LetterFamily::kStreams;
    case letters::Family::kConnect:
      return LetterFamily::kConnect;
    case letters::Family::kSpring:
      return LetterFamily::kSpring;
  }
  return std::nullopt;
}

std::optional<std::string> kept_part(std::optional<std::string> text) {
  if (text) text->resize(std::min(text->size(), LetterCensus::kTextMax));
  return text;
}

// What letters of one cause have in common: order 4711 and order 4712 died of the same.
std::string without_numbers(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit)
      out += c;
    else if (out.empty() || out.back() != '#')
      out += '#';
  }
  return out;
}

// With lengths in front, so that no two causes read alike.
std::string fingerprint(const LetterCause& cause) {
  std::string all;
  const auto add = [&all](const std::optional<std::string>& text, bool fold) {
    const std::string part = text ? (fold ? without_numbers(*text) : *text) : std::string();
    all += (text ? std::to_string(part.size()) : "-") + ":" + part;
  };
  all += cause.family ? to_string(*cause.family) : "none";
  add(cause.origin, false);
  add(cause.error, false);
  add(cause.message, true);
  return all;
}

std::string id_of(const LetterCause& cause) {
  std::string hex;
  for (const auto byte : schema::Md5::of(fingerprint(cause))) hex += fmt::format("{:02x}", byte);
  return hex;
}

bool is_newer(const LetterCause& a, const LetterCause& b) {
  return std::tuple(a.last_at, a.partition, a.offset) > std::tuple(b.last_at, b.partition, b.offset);
}

}  // namespace

LetterCause cause_of(const LetterCensus::Place& place, std::span<const letters::HeaderBytes> headers) {
  auto letter = letters::dead_letter_in(headers);
  LetterCause cause{.id = {},
                    .family = shown_family(letter.family),
                    .origin = kept_part(std::move(letter.topic)),
                    .group = kept_part(std::move(letter.group)),
                    .error = kept_part(std::move(letter.error)),
                    .message = kept_part(std::move(letter.message)),
                    .count = 1,
                    .first_at = place.timestamp,
                    .last_at = place.timestamp,
                    .partition = place.partition,
                    .offset = place.offset};
  cause.id = id_of(cause);
  return cause;
}

void LetterCensus::count(const Place& place, std::span<const letters::HeaderBytes> headers) {
  ++looked_at_;
  auto cause = cause_of(place, headers);
  const auto known = by_cause_.find(cause.id);
  if (known == by_cause_.end()) {
    if (by_cause_.size() < kCausesMax)
      by_cause_.emplace(cause.id, std::move(cause));
    else
      ++others_;
    return;
  }
  auto& before = known->second;
  cause.count = before.count + 1;
  cause.first_at = std::min(before.first_at, cause.first_at);
  if (is_newer(cause, before)) {
    before = std::move(cause);
  } else {
    before.count = cause.count;
    before.first_at = cause.first_at;
  }
}

std::vector<LetterCause> LetterCensus::causes() const {
  std::vector<LetterCause> all;
  for (const auto& [key, cause] : by_cause_) all.push_back(cause);
  std::ranges::sort(all, [](const LetterCause& a, const LetterCause& b) {
    return a.count != b.count ? a.count > b.count : is_newer(a, b);
  });
  return all;
}

}  // namespace thalweg::console
