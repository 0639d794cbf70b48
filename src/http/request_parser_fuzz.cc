// Any bytes in any pieces: the parser neither crashes nor takes more than there is, holds no more of a body than came,
// and gives the same however the bytes were cut. What it reads is taken apart as a server does.
#include <string>

#include "base/check.h"
#include "http/accept.h"
#include "http/guard.h"
#include "http/request_parser.h"
#include "http/target.h"

namespace {
using namespace thalweg;
using namespace thalweg::http;

constexpr std::size_t kHeaderMax = 512, kBodyMax = 4096;

// What a connection would have served, as text.
std::string serve(std::string_view stream, std::size_t at_once) {
  std::string said, unread;
  while (true) {
    RequestParser parser(kHeaderMax);
    while (!parser.is_done()) {
      const auto taken = parser.put(unread);
      if (!taken) return said + "refused";
      CHECK(*taken <= unread.size());
      unread.erase(0, *taken);
      if (parser.has_head()) parser.set_body_max(kBodyMax);
      CHECK(parser.body_bytes() <= kBodyMax);
      if (*taken > 0) continue;
      CHECK(unread.size() <= kHeaderMax + at_once);
      if (stream.empty()) return said + "ended";
      unread += stream.substr(0, at_once);
      stream.remove_prefix(std::min(at_once, stream.size()));
    }
    const RequestHead head = parser.take_head();
    const auto target = parse_target(head.target);
    const auto refused = guard(head, {});
    constexpr std::string_view kOffered[] = {"text/plain; version=0.0.4", "application/json"};
    const auto liked = best_of(head.headers.joined("Accept"), kOffered);
    said += head.method + ' ' + head.target + (target ? " path" : " none") + (refused ? " refused" : " let in") +
            std::to_string(liked.value_or(9)) + parser.take_body() + '\n';
  }
}
}  // namespace

// The first byte is the size of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = serve(stream, kHeaderMax);
  const std::string cut = serve(stream, 1 + data[0]);
  // A head that does not end may be refused before more of it comes, or not: Beast looks again once it has an end. What
  // was served is the same.
  CHECK(whole.substr(0, whole.rfind('\n') + 1) == cut.substr(0, cut.rfind('\n') + 1));
  CHECK(whole == cut || whole.ends_with("ended") || cut.ends_with("ended"));
  return 0;
}
