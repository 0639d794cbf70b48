#include "database/mysql_url.h"

#include <charconv>

namespace examples {
namespace {

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr == text.data() + i + 3) {
      out.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

// What stands before the last (or first) `mark`, which is cut off; nothing when there is none.
std::string_view cut_before(std::string_view& text, char mark, bool last = false) {
  const auto at = last ? text.rfind(mark) : text.find(mark);
  if (at == std::string_view::npos) return {};
  const auto before = text.substr(0, at);
  text.remove_prefix(at + 1);
  return before;
}

std::string_view cut_after(std::string_view& text, char mark) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos) return {};
  const auto after = text.substr(at + 1);
  text = text.substr(0, at);
  return after;
}

}  // namespace

thalweg::client::Result<MysqlUrl> parse_mysql_url(const std::string& url) {
  const auto bad = [&](const std::string& what) {
    return thalweg::client::fail("the database's URL " + what + "; write mysql://user:password@host:3306/database");
  };
  std::string_view rest = std::string_view(url).substr(url.find("://") + 3);
  MysqlUrl parsed;
  auto query = cut_after(rest, '?');
  while (!query.empty()) {
    auto more = cut_after(query, '&');
    if (!query.starts_with("socket=")) return bad("has an option other than socket=PATH");
    parsed.socket = decoded(query.substr(7));
    query = more;
  }
  parsed.database = decoded(cut_after(rest, '/'));
  std::string_view who = cut_before(rest, '@', true);
  parsed.password = decoded(cut_after(who, ':'));
  parsed.user = decoded(who);
  if (const auto port = cut_after(rest, ':'); !port.empty()) {
    const auto [end, wrong] = std::from_chars(port.data(), port.data() + port.size(), parsed.port);
    if (wrong != std::errc() || end != port.data() + port.size() || parsed.port == 0 || parsed.port > 65535)
      return bad("has no port between 1 and 65535");
  }
  parsed.host = rest.empty() ? "localhost" : std::string(rest);
  if (parsed.database.empty()) return bad("names no database");
  if (parsed.user.empty()) return bad("names no user");
  return parsed;
}

}  // namespace examples
