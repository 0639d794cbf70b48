#include "filter/json_text.h"

#include <bit>
#include <cstdint>
#include <cstring>

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

// What ends a number or a word.
bool ends_word(char c) {
  return c == ',' || c == '}' || c == ']' || c == ':' || c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '"' ||
         c == '{' || c == '[';
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

std::string_view skip_space(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t')) ++at;
  return text.substr(at);
}

std::optional<std::string_view> quoted(std::string_view text) {
  if (text.empty() || text.front() != '"') return std::nullopt;
  std::size_t at = 1;
  for (;;) {
    if (at + 16 <= text.size()) {
      const std::size_t plain = plain_of_16(text.data() + at);
      at += plain;
      if (plain == 16) continue;
    }
    if (at >= text.size()) return std::nullopt;
    if (text[at] == '"') return text.substr(0, at + 1);
    at += text[at] == '\\' ? 2 : 1;
  }
}

std::optional<std::size_t> value_size(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text.front() == '{' || text.front() == '[') return container_size(text);
  if (text.front() == '"') {
    const auto string = quoted(text);
    return string ? std::optional(string->size()) : std::nullopt;
  }
  std::size_t at = 0;
  while (at < text.size() && !ends_word(text[at])) ++at;
  return at > 0 ? std::optional(at) : std::nullopt;
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

bool JsonWalk::next() {
  if (begun_) {
    const auto size = value_size(value_);
    if (!size) return false;
    rest_ = skip_space(value_.substr(*size));
    if (rest_.empty() || rest_.front() != ',') return false;
    rest_.remove_prefix(1);
  }
  begun_ = true;
  rest_ = skip_space(rest_);
  if (is_object_) {
    const auto key = quoted(rest_);
    if (!key) return false;
    key_ = *key;
    rest_ = skip_space(rest_.substr(key_.size()));
    if (rest_.empty() || rest_.front() != ':') return false;
    rest_ = skip_space(rest_.substr(1));
  }
  value_ = rest_;
  return !value_.empty() && value_.front() != ']' && value_.front() != '}';
}

}  // namespace thalweg::filter
