// Any bytes in any pieces as a server's answer: the parser neither crashes nor takes more than there is, holds no more
// of a body than came, and gives the same however the bytes were cut.
#include <string>

#include "base/check.h"
#include "http/response_parser.h"
#include "http/url.h"

namespace {
using namespace thalweg;
using namespace thalweg::http;

constexpr std::size_t kHeaderMax = 512, kBodyMax = 4096;

// The answers of a connection, as text.
std::string read(std::string_view stream, std::size_t at_once) {
  std::string said, unread;
  while (true) {
    ResponseParser parser(kHeaderMax, kBodyMax);
    std::size_t came = unread.size();
    while (!parser.is_done()) {
      const auto taken = parser.put(unread);
      if (!taken) return said + "refused";
      CHECK(*taken <= unread.size());
      unread.erase(0, *taken);
      CHECK(parser.body_bytes() <= std::min(kBodyMax, came));
      if (*taken > 0 || parser.is_done()) continue;
      CHECK(unread.size() <= kHeaderMax + at_once);
      if (stream.empty()) {
        if (!parser.put_end()) return said + "cut";
        break;
      }
      came += std::min(at_once, stream.size());
      unread += stream.substr(0, at_once);
      stream.remove_prefix(std::min(at_once, stream.size()));
    }
    const ResponseHead head = parser.take_head();
    said += std::to_string(head.status) + ' ' + head.headers.joined("Content-Type") + parser.take_body() + '\n';
    if (unread.empty() && stream.empty()) return said;
  }
}
}  // namespace

// The first byte is the size of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = read(stream, kHeaderMax);
  const std::string cut = read(stream, 1 + data[0]);
  // A head that does not end may be refused before more of it comes, or not: Beast looks again once it has an end. What
  // was answered is the same.
  CHECK(whole.substr(0, whole.rfind('\n') + 1) == cut.substr(0, cut.rfind('\n') + 1));
  CHECK(whole == cut || whole.ends_with("cut") || cut.ends_with("cut"));
  if (const auto url = parse_url(stream, 80)) CHECK(parse_url(url->text(), 80)->text() == url->text());
  return 0;
}
