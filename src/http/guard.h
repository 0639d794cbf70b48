// What a browser may be made to ask on behalf of a page from elsewhere is refused before it is routed. One function of
// a request's head, so that every case is a row of a test.
//
// - Rebinding: a page's own name may be made to lead here. So Host has to be an address, localhost, or a name that is
//   known to be ours.
// - Cross-site: a page may send requests without reading the answers. Browsers say where they come from in
//   Sec-Fetch-Site, or in Origin where they do not send that; a body of a type that pages may send without asking first
//   (a form's) is not taken from them.
//
// Nobody is asked for CORS headers, and none are sent.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "http/request_parser.h"

namespace thalweg::http {

struct GuardRules {
  // Whose requests have to name us as we are known. Other clients than browsers come by any name; where whoever asks
  // has to have signed in, a rebound page has no session, and every name will do.
  enum class Names : std::uint8_t { kOfBrowsers, kOfAll, kAny };

  std::set<std::string, std::less<>> hosts;  // names of ours, in lower case and without ports
  Names names = Names::kOfBrowsers;
  std::string names_option;  // where one more can be added; empty: nowhere
};

// Why the request is refused, with the status to say: 403, 415 or 421.
std::optional<Refusal> guard(const RequestHead& head, const GuardRules& rules);

}  // namespace thalweg::http
