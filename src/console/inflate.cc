#include "console/inflate.h"

#include <zlib.h>

#include "base/check.h"
#include "http/message.h"

namespace thalweg::console {
namespace {

constexpr int kGzipWindow = 15 + 16;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string inflated(BytesView gzip, std::size_t size) {
  std::string out(size, '\0');
  z_stream stream{};
  CHECK(inflateInit2(&stream, kGzipWindow) == Z_OK);
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(gzip.data()));  // zlib does not write there
  stream.avail_in = static_cast<uInt>(gzip.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int ended = inflate(&stream, Z_FINISH);
  CHECK(ended == Z_STREAM_END && stream.avail_out == 0);
  inflateEnd(&stream);
  return out;
}

bool accepts_gzip(std::string_view accept_encoding) {
  for (std::string_view rest = accept_encoding; !rest.empty();) {
    const auto comma = rest.find(',');
    const std::string_view one = rest.substr(0, comma);
    rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 1);
    const auto semicolon = one.find(';');
    if (!http::equal_ignoring_case(trimmed(one.substr(0, semicolon)), "gzip")) continue;
    if (semicolon == one.npos) return true;
    const std::string_view weight = trimmed(one.substr(semicolon + 1));
    return weight.find_first_of("123456789") != weight.npos;  // "q=0", "q=0.000" say no
  }
  return false;
}

}  // namespace thalweg::console
