// The files of the pages, and the page that a build without them has; over HTTP, of a broker in a simulation.
#include <zlib.h>

#include "console/inflate.h"
#include "console/testing.h"

namespace thalweg::console {
namespace {

// As gzip writes it.
std::string compressed(const std::string& text) {
  std::string out(text.size() + 100, '\0');
  z_stream stream{};
  CHECK(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = uInt(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = uInt(out.size());
  CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

struct PagesTest : ConsoleTest {
  void add(const char* path, const char* type, const char* etag, const std::string& content, bool immutable) {
    auto& kept = *contents.emplace_back(std::make_unique<std::string>(compressed(content)));
    files.push_back({path, type, etag, reinterpret_cast<const unsigned char*>(kept.data()), kept.size(), content.size(),
                     immutable});
  }
  void add_pages() {
    add("/index.html", "text/html; charset=utf-8", "aa", "<html><!--boot--><p>frame</html>", false);
    add("/assets/main-1a.js", "text/javascript; charset=utf-8", "1a", kScript, true);
    add("/favicon.svg", "image/svg+xml", "bb", "<svg/>", false);
  }
  const std::string kScript = "let a = 1;\n";
  std::vector<std::unique_ptr<std::string>> contents;
};

TEST_F(PagesTest, FilesAreSentCompressedAndForEver) {
  add_pages();
  start();
  const auto file = ask("/assets/main-1a.js", "Host: localhost\r\nAccept-Encoding: br, gzip\r\n");
  EXPECT_EQ(file.status, 200);
  EXPECT_EQ(file.header("Content-Encoding"), "gzip");
  EXPECT_EQ(file.header("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(file.header("Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(file.body, compressed(kScript));
  EXPECT_EQ(inflated(as_bytes(file.body), kScript.size()), kScript);
  EXPECT_EQ(ask("/favicon.svg", "Host: localhost\r\n").header("Cache-Control"), "no-cache");
}

TEST_F(PagesTest, WhoTakesNoGzipGetsTheFileItself) {
  add_pages();
  start();
  const auto file = ask("/assets/main-1a.js", "Host: localhost\r\n");
  EXPECT_EQ(file.header("Content-Encoding"), "");
  EXPECT_EQ(file.body, kScript);
}

TEST_F(PagesTest, WhoHasTheFileIsToldSo) {
  add_pages();
  start();
  const std::string tag = ask("/assets/main-1a.js", "Host: localhost\r\n").header("ETag");
  EXPECT_EQ(tag, "\"1a\"");
  EXPECT_EQ(ask("/assets/main-1a.js", "Host: localhost\r\nIf-None-Match: " + tag + "\r\n").status, 304);
  EXPECT_EQ(ask("/assets/main-1a.js", "Host: localhost\r\nIf-None-Match: \"1b\"\r\n").status, 200);
}

TEST_F(PagesTest, EveryOtherPathIsThePageWithItsFirstAnswers) {
  add_pages();
  start();
  create("orders", 1);
  const auto page = ask("/topics/orders/partitions");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.header("Cache-Control"), "no-store");
  EXPECT_TRUE(page.body.starts_with("<html><script type=\"application/json\" id=\"boot\">{"));
  EXPECT_TRUE(page.body.ends_with("}</script><p>frame</html>"));
  const auto from = page.body.find('{');
  const auto first = json::parse(page.body.substr(from, page.body.find("</script>") - from));
  ASSERT_TRUE(first) << page.body;
  EXPECT_EQ(text_at(*first->find("/api/v1/session"), "principal"), "User:ANONYMOUS");
  EXPECT_EQ(text_at(*first->find("/api/v1/topics/orders"), "name"), "orders");
  EXPECT_TRUE(first->find("/api/v1/topics/orders/config"));
  EXPECT_FALSE(ask("/topics/none").body.contains("/api/v1/topics/none\""));  // an error is no first answer
  EXPECT_EQ(ask("/assets/gone-1.js").status, 404);
  EXPECT_EQ(ask("/index.html").body.substr(0, 6), "<html>");
}

TEST_F(PagesTest, BeforeSigningInThePageHasNothingOfTheCluster) {
  more["console.auth"] = "token";
  add_pages();
  start();
  create("secret", 1);
  const auto page = ask("/topics/secret");
  EXPECT_TRUE(page.body.contains("\"signed_in\":false"));
  EXPECT_FALSE(page.body.contains("/api/v1/cluster"));
  EXPECT_FALSE(page.body.contains("\"name\":\"secret\""));
}

TEST_F(PagesTest, ABuildWithoutPagesSaysWhatIsMissingAndServesTheApi) {
  start();
  const auto page = ask("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_TRUE(page.body.contains("apt-get install nodejs npm"));
  EXPECT_EQ(ask("/api/v1/cluster").status, 200);
}

}  // namespace
}  // namespace thalweg::console
