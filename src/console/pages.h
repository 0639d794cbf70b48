// The pages: files of the table in assets.h, and for every other path that is not the API's the page itself, since its
// paths are made up by the script. With it goes what its first screen would ask, so that nothing waits for a round
// trip.
//
// Owner: shard 0.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "console/assets.h"
#include "console/call.h"
#include "http/router.h"

namespace thalweg::console {

class Pages {
 public:
  // All outlive it. Without files there is one page, which says so.
  Pages(std::span<const console_asset> files, const http::Router& router, Shared& shared);

  // GET of whatever has no route.
  Task<http::Response> serve(http::Request request);

 private:
  Task<http::Response> page(const http::Request& request);
  Task<std::string> first_answers(const http::Request& request) const;

  const console_asset* find(std::string_view path) const;

  const std::span<const console_asset> files_;
  const http::Router& router_;
  Shared& shared_;
  std::string page_before_, page_after_;  // around the place for the first answers; empty: there are no pages
};

// Everything that the console sends says what a browser may do with it.
void secure(http::Headers& headers);
// The page of a build without pages.
std::string page_without_assets();

}  // namespace thalweg::console
