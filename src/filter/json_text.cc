#include "filter/json_text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/utf8.h"

namespace thalweg::filter {
namespace {

// Where in 64 bytes something stands, a bit for each.
struct Signs {
  std::uint64_t quotes = 0, backslashes = 0, opening = 0, closing = 0;
};

#ifdef __SSE2__
inline std::uint64_t bits_of(__m128i equal, int place) {
  return std::uint64_t(std::uint32_t(_mm_movemask_epi8(equal))) << (16 * place);
}

inline Signs signs_of(const char* at) {
  Signs signs;
  for (int i = 0; i < 4; ++i) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 16 * i));
    // '[' and '{', and ']' and '}', are one bit apart.
    const __m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    signs.quotes |= bits_of(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), i);
    signs.backslashes |= bits_of(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')), i);
    signs.opening |= bits_of(_mm_cmpeq_epi8(folded, _mm_set1_epi8('{')), i);
    signs.closing |= bits_of(_mm_cmpeq_epi8(folded, _mm_set1_epi8('}')), i);
  }
  return signs;
}

// How many bytes at the front are neither a quote nor a backslash, of 16.
inline std::size_t plain_of_16(const char* at) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i found =
      _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
  return std::size_t(std::countr_zero(std::uint32_t(_mm_movemask_epi8(found)) | 0x10000u));
}
#else
inline Signs signs_of(const char* at) {
  Signs signs;
  for (int i = 0; i < 64; ++i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    const char c = at[i];
    if (c == '"') signs.quotes |= bit;
    if (c == '\\') signs.backslashes |= bit;
    if (c == '{' || c == '[') signs.opening |= bit;
    if (c == '}' || c == ']') signs.closing |= bit;
  }
  return signs;
}

inline std::size_t plain_of_16(const char* at) {
  std::size_t n = 0;
  while (n < 16 && at[n] != '"' && at[n] != '\\') ++n;
  return n;
}
#endif

// Each bit: how many are set at and below it, odd or even.
inline std::uint64_t parities(std::uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

// Finds the bracket that closes the one that the text begins with.
class BracketScan {
 public:
  // The place in these 64 bytes, if it is in them.
  std::optional<int> feed(const char* at) {
    Signs signs = signs_of(at);
    if (signs.backslashes != 0 || escaped_) signs.quotes &= ~behind(signs.backslashes);
    const std::uint64_t inside = parities(signs.quotes) ^ inside_;
    inside_ = std::uint64_t(std::int64_t(inside) >> 63);
    const std::uint64_t opening = signs.opening & ~inside;
    std::uint64_t closing = signs.closing & ~inside;
    const auto closed = std::size_t(std::popcount(closing));
    if (closed < depth_) {
      depth_ += std::size_t(std::popcount(opening)) - closed;
      return std::nullopt;
    }
    std::size_t gone = 0;
    for (; closing != 0; closing &= closing - 1) {
      const int place = std::countr_zero(closing);
      ++gone;
      const auto open = std::size_t(std::popcount(opening & ((std::uint64_t{1} << place) - 1)));
      if (depth_ + open == gone) return place;
    }
    depth_ += std::size_t(std::popcount(opening)) - gone;
    return std::nullopt;
  }

 private:
  // What stands behind a backslash that is not behind one itself.
  std::uint64_t behind(std::uint64_t backslashes) {
    std::uint64_t found = escaped_ ? 1 : 0;
    backslashes &= ~found;
    escaped_ = false;
    while (backslashes != 0) {
      const std::uint64_t first = backslashes & -backslashes;
      const std::uint64_t next = first << 1;
      found |= next;
      escaped_ = next == 0;
      backslashes &= ~(first | next);
    }
    return found;
  }

  std::size_t depth_ = 0;
  std::uint64_t inside_ = 0;  // all ones: the last byte was in a string
  bool escaped_ = false;      // the next byte is behind a backslash
};

std::optional<std::size_t> container_size(std::string_view text) {
  BracketScan scan;
  std::size_t at = 0;
  for (; at + 64 <= text.size(); at += 64)
    if (const auto place = scan.feed(text.data() + at)) return at + std::size_t(*place) + 1;
  char last[64];
  std::memset(last, ' ', sizeof last);
  std::memcpy(last, text.data() + at, text.size() - at);
  const auto place = scan.feed(last);
  return place ? std::optional(at + std::size_t(*place) + 1) : std::nullopt;
}

// The members in front of an object's first bracket within, as far as they lie in its first 64 bytes: all of them come
// out of the places of its quotes, without a walk. Nothing: it has to be walked.
class FlatObject {
 public:
  static std::optional<JsonMember> find(std::string_view text, std::string_view name) {
    if (text.size() < 64) return std::nullopt;
    const Signs signs = signs_of(text.data());
    if (signs.backslashes != 0) return std::nullopt;
    const std::uint64_t inside = parities(signs.quotes);
    const std::uint64_t closing = signs.closing & ~inside, within = signs.opening & ~inside & ~std::uint64_t{1};
    const int end = closing == 0 ? 64 : std::countr_zero(closing), nested = within == 0 ? 64 : std::countr_zero(within);
    std::uint64_t quotes = signs.quotes & below(std::min(end, nested));
    JsonMember member;
    if (end < nested) member.object = std::size_t(end) + 1;
    while (quotes != 0) {
      const int first = std::countr_zero(quotes);
      quotes &= quotes - 1;
      if (quotes == 0) return std::nullopt;  // the string goes on behind these bytes
      const int last = std::countr_zero(quotes);
      quotes &= quotes - 1;
      const char before = text[std::size_t(first) - 1];
      if (before == ':') continue;  // a value
      if ((before != '{' && before != ',') || last > 61 || text[std::size_t(last) + 1] != ':') return std::nullopt;
      ++member.steps;
      if (!is(text, first + 1, last, name)) continue;
      member.looked_at = std::size_t(last) + 2;
      member.value = skip_space(text.substr(member.looked_at));
      return member.value.empty() || ends_value(member.value.front()) ? std::nullopt : std::optional(member);
    }
    if (end >= nested || end == 64) return std::nullopt;  // there may be more members
    ++member.steps;
    member.looked_at = std::size_t(end);
    return member;
  }

 private:
  static std::uint64_t below(int place) { return place == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << place) - 1; }
  static bool ends_value(char c) { return c == ']' || c == '}'; }
  // Names are short: a call of memcmp would cost more than the bytes.
  static bool is(std::string_view text, int first, int last, std::string_view name) {
    if (std::size_t(last - first) != name.size()) return false;
    for (std::size_t i = 0; i < name.size(); ++i)
      if (text[std::size_t(first) + i] != name[i]) return false;
    return true;
  }
};

// What ends a number or a word.
constexpr auto kEndsWord = [] {
  std::array<bool, 256> ends{};
  for (const char c : std::string_view(",}]: \n\r\t\"{[")) ends[static_cast<unsigned char>(c)] = true;
  return ends;
}();
bool ends_word(char c) { return kEndsWord[static_cast<unsigned char>(c)]; }

// Of the string that `text` begins with, with its quotes; 0: it is none, or has no end.
std::size_t quoted_size(std::string_view text) {
  if (text.empty() || text.front() != '"') return 0;
  std::size_t at = 1;
  for (;;) {
    if (at + 16 <= text.size()) {
      const std::size_t plain = plain_of_16(text.data() + at);
      at += plain;
      if (plain == 16) continue;
    }
    if (at >= text.size()) return 0;
    if (text[at] == '"') return at + 1;
    at += text[at] == '\\' ? 2 : 1;
  }
}

// As value_size() is, 0 for nothing.
std::size_t size_or_none(std::string_view text) {
  if (text.empty()) return 0;
  if (text.front() == '"') return quoted_size(text);
  if (text.front() == '{' || text.front() == '[') return container_size(text).value_or(0);
  std::size_t at = 0;
  while (at < text.size() && !ends_word(text[at])) ++at;
  return at;
}

std::optional<std::uint32_t> four_digits(std::string_view text) {
  if (text.size() < 4) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text.substr(0, 4)) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return std::nullopt;
    value = value * 16 + std::uint32_t(digit);
  }
  return value;
}

void append_utf8(std::string& out, std::uint32_t c) {
  if (c >= 0xd800 && c < 0xe000) c = 0xfffd;
  if (c < 0x80) {
    out += char(c);
    return;
  }
  const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  static constexpr unsigned char kFirst[] = {0, 0xc0, 0xe0, 0xf0};
  out += char(kFirst[more] | c >> (6 * more));
  for (int i = more - 1; i >= 0; --i) out += char(0x80 | (c >> (6 * i) & 0x3f));
}

// Behind "\u": how many bytes were taken; 0: they are no digits.
std::size_t append_unicode(std::string_view rest, std::string& out) {
  const auto first = four_digits(rest);
  if (!first) return 0;
  const bool is_high = *first >= 0xd800 && *first < 0xdc00;
  if (is_high && rest.substr(4).starts_with("\\u"))
    if (const auto second = four_digits(rest.substr(6)); second && *second >= 0xdc00 && *second < 0xe000) {
      append_utf8(out, 0x10000 + ((*first - 0xd800) << 10) + (*second - 0xdc00));
      return 10;
    }
  append_utf8(out, *first);
  return 4;
}

}  // namespace

std::string_view detail::skip_space(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t')) ++at;
  return text.substr(at);
}

std::optional<std::string_view> quoted(std::string_view text) {
  const std::size_t size = quoted_size(text);
  return size > 0 ? std::optional(text.substr(0, size)) : std::nullopt;
}

std::optional<std::size_t> value_size(std::string_view text) {
  const std::size_t size = size_or_none(text);
  return size > 0 ? std::optional(size) : std::nullopt;
}

// Escapes make a string longer than what it says, but for those that are none.
bool says(std::string_view quoted, std::string_view what) {
  const std::string_view inner = quoted.substr(1, quoted.size() - 2);
  if (inner.size() < what.size() || (inner.size() == what.size() && inner != what)) return false;
  return has_escapes(inner) ? unescaped(quoted) == what : inner.size() == what.size();
}

bool has_escapes(std::string_view quoted) { return quoted.find('\\') != quoted.npos; }

std::string unescaped(std::string_view quoted) {
  static constexpr std::string_view kLetters = "bfnrt\\\"/", kMeant = "\b\f\n\r\t\\\"/";
  std::string out;
  std::string_view rest = quoted.substr(1, quoted.size() - 2);
  while (!rest.empty()) {
    const auto plain = std::min(rest.find('\\'), rest.size());
    out += rest.substr(0, plain);
    rest.remove_prefix(plain);
    if (rest.size() < 2) {
      out += rest;
      break;
    }
    std::size_t taken = 0;
    if (const auto letter = kLetters.find(rest[1]); letter != kLetters.npos) {
      out += kMeant[letter];
      taken = 2;
    } else if (rest[1] == 'u') {
      if (const std::size_t digits = append_unicode(rest.substr(2), out); digits > 0) taken = 2 + digits;
    }
    if (taken == 0) out += rest.substr(0, taken = 1);
    rest.remove_prefix(taken);
  }
  return out;
}

JsonMember find_member(std::string_view text, std::string_view name, std::uint32_t steps_max) {
  if (const auto member = FlatObject::find(text, name)) return *member;
  JsonMember member;
  JsonWalk walk(text);
  while (++member.steps <= steps_max && walk.next()) {
    if (!says(walk.quoted_key(), name)) continue;
    member.value = walk.value();
    break;
  }
  member.looked_at = walk.passed();
  return member;
}

// Members are written once, at the end: to read as a whole what was just written in halves makes the processor wait.
bool JsonWalk::next() {
  std::string_view rest = rest_;
  bool is_there = true;
  if (begun_) {
    const std::size_t size = known_size_ > 0 ? known_size_ : size_or_none(value_);
    if (size == 0) return false;
    rest = skip_space(value_.substr(size));
    is_there = !rest.empty() && rest.front() == ',';
    if (is_there) rest.remove_prefix(1);
  }
  known_size_ = 0;
  begun_ = true;
  rest = skip_space(rest);
  if (is_there && is_object_) {
    const std::size_t size = quoted_size(rest);
    key_ = rest.substr(0, size);
    rest = skip_space(rest.substr(size));
    is_there = size > 0 && !rest.empty() && rest.front() == ':';
    if (is_there) rest = skip_space(rest.substr(1));
  }
  rest_ = rest;
  if (!is_there) return false;
  value_ = rest;
  return !rest.empty() && rest.front() != ']' && rest.front() != '}';
}

}  // namespace thalweg::filter
