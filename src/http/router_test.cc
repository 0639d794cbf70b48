#include "http/router.h"

#include <gtest/gtest.h>

namespace thalweg::http {
namespace {
using Segments = std::vector<std::string>;

Handle nothing() {
  return [](Request) -> Task<Response> { co_return Response(); };
}
std::string text_of(const Response& response) { return std::get<std::string>(response.body); }

struct RouterTest : testing::Test {
  RouterTest() : router(problem) {
    router.add("GET", "/subjects", nothing(), {.body_max = 1});
    router.add("GET", "/subjects/{subject}/versions/{version}", nothing(), {.body_max = 2});
    router.add("GET", "/subjects/{subject}/versions/latest", nothing(), {.body_max = 3});
    router.add("POST", "/subjects/{subject}/versions", nothing(), {.body_max = 4});
    router.add("GET", "/{anything}", nothing(), {.body_max = 5});
  }
  std::size_t found(std::string_view method, const Segments& path, Segments parameters = {}) {
    const auto found = router.find(method, path);
    const auto* route = std::get_if<Router::Found>(&found);
    if (!route) return 0;
    EXPECT_EQ(route->parameters, parameters);
    return route->options.body_max;
  }
  Response refused(std::string_view method, const Segments& path) {
    auto found = router.find(method, path);
    CHECK(std::holds_alternative<Response>(found));
    return std::get<Response>(std::move(found));
  }
  Router router;
};

TEST_F(RouterTest, LiteralsGoBeforeParameters) {
  EXPECT_EQ(found("GET", {"subjects"}), 1u);
  EXPECT_EQ(found("GET", {"other"}, {"other"}), 5u);
  EXPECT_EQ(found("GET", {"subjects", "a", "versions", "latest"}, {"a"}), 3u);
  EXPECT_EQ(found("GET", {"subjects", "a", "versions", "7"}, {"a", "7"}), 2u);
}

TEST_F(RouterTest, AParameterIsOneSegmentWhateverIsInIt) {
  EXPECT_EQ(found("POST", {"subjects", "a/b", "versions"}, {"a/b"}), 4u);
  EXPECT_EQ(found("POST", {"subjects", "a", "b", "versions"}), 0u);
}

TEST_F(RouterTest, HeadIsAnsweredByGet) { EXPECT_EQ(found("HEAD", {"subjects"}), 1u); }

TEST_F(RouterTest, UnknownPathsAndMethodsAreToldApart) {
  EXPECT_EQ(refused("GET", {"a", "b", "c"}).status, 404);
  const auto response = refused("DELETE", {"subjects", "a", "versions", "1"});
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.find("allow"), "GET, HEAD");
}

TEST_F(RouterTest, TheFallbackHasWhatNoRouteHas) {
  router.set_fallback(nothing(), {.body_max = 9});
  EXPECT_EQ(found("GET", {"a", "b", "c"}), 9u);
  EXPECT_EQ(found("HEAD", {}), 9u);
  EXPECT_EQ(found("GET", {"subjects"}), 1u);
  EXPECT_EQ(refused("POST", {"a", "b", "c"}).status, 404);
  EXPECT_EQ(refused("GET", {"subjects", "a", "versions"}).status, 405);  // a path that others ask otherwise
}

TEST_F(RouterTest, AllAnswersAreFinishedAlike) {
  Response response;
  router.finish(response);
  EXPECT_TRUE(response.headers.fields().empty());
  router.set_finish([](Response& r) { r.headers.add("X", "1"); });
  router.finish(response);
  EXPECT_EQ(response.headers.find("X"), "1");
}

TEST_F(RouterTest, TheOwnerSaysHowErrorsLook) {
  EXPECT_EQ(text_of(refused("GET", {"a", "b"})),
            "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
            "\"detail\":\"there is nothing at this path\"}\n");
  EXPECT_EQ(text_of(Router().error(413, "too large")), "too large\n");
}

}  // namespace
}  // namespace thalweg::http
