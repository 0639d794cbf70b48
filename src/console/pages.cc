#include "console/pages.h"

#include <algorithm>

#include "console/first_questions.h"
#include "console/inflate.h"
#include "console/problem.h"
#include "http/target.h"

namespace thalweg::console {
namespace {

constexpr std::string_view kPage = "/index.html";
// Where the page has room for the first answers.
constexpr std::string_view kPlace = "<!--boot-->";

// This page shows what strangers wrote, so the browser is told to make nothing of it but text.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types "
    "'none'";

BytesView gzip_of(const console_asset& asset) {
  return {reinterpret_cast<const std::byte*>(asset.gzip), asset.gzip_size};
}

std::string path_of(const http::Request& request) {
  const std::string_view target = request.head.target;
  return std::string(target.substr(0, target.find_first_of("?#")));
}

http::Response file_response(const http::Request& request, const console_asset& asset) {
  const std::string etag = "\"" + std::string(asset.etag) + "\"";
  http::Response response{.headers = {{"ETag", etag}, {"Vary", "Accept-Encoding"}}};
  response.headers.add("Cache-Control", asset.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  if (request.head.headers.find("If-None-Match") == etag) {
    response.status = 304;
    return response;
  }
  response.headers.add("Content-Type", asset.type);
  if (accepts_gzip(request.head.headers.joined("Accept-Encoding"))) {
    response.headers.add("Content-Encoding", "gzip");
    response.body = SharedBytes(nullptr, gzip_of(asset));  // of the binary: nobody owns it
  } else {
    response.body = inflated(gzip_of(asset), asset.size);
  }
  return response;
}

// A path whose last segment has a dot is meant for a file.
bool is_file(std::string_view path) {
  return path.substr(path.rfind('/') + 1).contains('.') && path.starts_with("/assets/");
}

}  // namespace

void secure(http::Headers& headers) {
  headers.add("Content-Security-Policy", std::string(kPolicy));
  headers.add("Referrer-Policy", "no-referrer");
  headers.add("Cross-Origin-Opener-Policy", "same-origin");
  headers.add("Cross-Origin-Resource-Policy", "same-origin");
  headers.add("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
}

std::string page_without_assets() {
  return "<!doctype html>\n"
         "<html lang=\"en\">\n"
         "<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width\">\n"
         "<title>Thalweg</title>\n"
         "<h1>This build has no console pages</h1>\n"
         "<p>They are made with Node 18 or newer and npm, and there was none when this server was built.</p>\n"
         "<p>To have them, install both (<code>apt-get install nodejs npm</code> on Debian 12), and build again:</p>\n"
         "<pre>cmake --preset release -DTHALWEG_CONSOLE=ON &amp;&amp; ninja -C build/release thalweg</pre>\n"
         "<p>The API answers all the same: <a href=\"/api/v1/cluster\">/api/v1/cluster</a>,\n"
         "<a href=\"/api/v1/topics\">/api/v1/topics</a>, <a href=\"/api/v1/groups\">/api/v1/groups</a>;\n"
         "<a href=\"/api/v1/openapi.json\">/api/v1/openapi.json</a> describes it.</p>\n";
}

const console_asset* Pages::find(std::string_view path) const {
  const auto at =
      std::ranges::find(files_, path, [](const console_asset& file) { return std::string_view(file.path); });
  return at == files_.end() ? nullptr : &*at;
}

Pages::Pages(std::span<const console_asset> files, const http::Router& router, Shared& shared)
    : files_(files), router_(router), shared_(shared) {
  const auto* page = find(kPage);
  if (!page) return;
  const std::string text = inflated(gzip_of(*page), page->size);
  const auto place = text.find(kPlace);
  page_before_ = text.substr(0, place);
  if (place != text.npos) page_after_ = text.substr(place + kPlace.size());
}

Task<http::Response> Pages::serve(http::Request request) {
  const std::string path = path_of(request);
  if (path.starts_with("/api/") || path == "/api") co_return refusal(404, "there is nothing at this path");
  if (const auto* asset = find(path); asset && path != kPage) co_return file_response(request, *asset);
  if (is_file(path)) co_return refusal(404, "there is no such file");
  co_return co_await page(request);
}

Task<http::Response> Pages::page(const http::Request& request) {
  std::string text = page_before_;
  if (text.empty())
    text = page_without_assets();
  else
    text += co_await first_answers(request) + page_after_;
  auto response = http::text_response(200, std::move(text), "text/html; charset=utf-8");
  response.headers.add("Cache-Control", "no-store");  // it holds what the signed-in user may see
  co_return response;
}

// An answer that is an error is left out: the script asks again, and shows why.
Task<std::string> Pages::first_answers(const http::Request& request) const {
  std::string out = "<script type=\"application/json\" id=\"boot\">{";
  const bool is_known = shared_.access.who(request).has_value();
  for (const auto& question : first_questions(request.head.target)) {
    if (!is_known && !question.ends_with("/session")) continue;
    const auto target = http::parse_target(question);
    if (!target) continue;
    auto found = router_.find("GET", target->segments);
    auto* route = std::get_if<http::Router::Found>(&found);
    if (!route) continue;
    http::Request asked = request;
    asked.head.headers = {};
    for (const auto& [name, value] : request.head.headers.fields())
      if (http::equal_ignoring_case(name, "Cookie") || http::equal_ignoring_case(name, "Host") ||
          http::equal_ignoring_case(name, "Authorization"))
        asked.head.headers.add(name, value);
    asked.parameters = std::move(route->parameters);
    asked.query = target->query;
    auto response = co_await (*route->endpoint)(std::move(asked));
    const auto* body = std::get_if<std::string>(&response.body);
    if (response.status != 200 || !body) continue;
    if (!out.ends_with('{')) out += ',';
    out += "\"" + question + "\":" + within_script(*body);
  }
  co_return out + "}</script>";
}

}  // namespace thalweg::console
