#include "cli/record_format.h"

#include <fmt/format.h>

#include "base/endian.h"
#include "cli/json.h"
#include "cli/options.h"

namespace thalweg::cli {
namespace {

constexpr std::string_view kLetters = "topkKsSRThvVdHei";
constexpr std::string_view kHeaderLetters = "kv";
constexpr std::string_view kBytes = "ksv";

std::int64_t length_of(const std::optional<std::string>& bytes) {
  return bytes ? static_cast<std::int64_t>(bytes->size()) : -1;
}

std::string binary_length(const std::optional<std::string>& bytes) {
  std::string out(sizeof(std::int32_t), '\0');
  store_be(reinterpret_cast<std::byte*>(out.data()), static_cast<std::int32_t>(length_of(bytes)));
  return out;
}

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'f') return lower - 'a' + 10;
  return {};
}

}  // namespace

class RecordFormat::Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  // Up to the end, or up to the '}' that closes what is inside %h{ }.
  Result<std::vector<Part>> parts(bool in_header) {
    while (at_ < text_.size() && !(in_header && text_[at_] == '}')) {
      const char c = text_[at_++];
      if (c == '\\') {
        TRY_VOID(escape());
      } else if (c == '%') {
        TRY_VOID(percent(in_header));
      } else {
        plain_ += c;
      }
    }
    if (in_header && at_++ == text_.size()) return invalid("--format: the { behind %h is not closed");
    flush();
    return std::exchange(parts_, {});
  }

 private:
  void flush() {
    if (!plain_.empty()) parts_.push_back({.text = std::exchange(plain_, {})});
  }

  Result<> escape() {
    constexpr std::string_view kEscapes = "nrt\\0", kMeanings("\n\r\t\\\0", 5);
    const char c = at_ < text_.size() ? text_[at_++] : '\0';
    if (c == 'x' && at_ + 2 <= text_.size()) {
      const auto high = hex_digit(text_[at_]), low = hex_digit(text_[at_ + 1]);
      at_ += 2;
      if (high && low) {
        plain_ += static_cast<char>(*high * 16 + *low);
        return {};
      }
    } else if (const auto known = kEscapes.find(c); c != '\0' && known != kEscapes.npos) {
      plain_ += kMeanings[known];
      return {};
    }
    return invalid("--format knows \\n, \\r, \\t, \\\\, \\0 and \\x with two hexadecimal digits behind a backslash");
  }

  Result<> percent(bool in_header) {
    const char c = at_ < text_.size() ? text_[at_++] : '\0';
    if (c == '%' || c == '{' || c == '}') {
      plain_ += c;
      return {};
    }
    if (c == '\0' || !(in_header ? kHeaderLetters : kLetters).contains(c))
      return invalid(fmt::format("--format does not know '%{}'{}; thalweg consume --help lists what it knows",
                                 std::string_view(&c, c == '\0' ? 0 : 1), in_header ? " in a header" : ""));
    Part part{.text = {}, .letter = c};
    const bool braces = at_ < text_.size() && text_[at_] == '{';
    if (braces && c == 'h') {
      ++at_;
      Parser inside(text_);
      inside.at_ = at_;
      TRY(part.each_header, inside.parts(true));
      at_ = inside.at_;
    } else if (braces && kBytes.contains(c)) {
      TRY_VOID(encoding(part));
    }
    flush();
    parts_.push_back(std::move(part));
    return {};
  }

  Result<> encoding(Part& part) {
    const auto end = text_.find('}', at_);
    const std::string name = text_.substr(at_, end == text_.npos ? end : end + 1 - at_);
    if (name == "{base64}")
      part.encoding = Encoding::kBase64;
    else if (name == "{hex}")
      part.encoding = Encoding::kHex;
    else
      return invalid(fmt::format("--format knows %{0}{{base64}} and %{0}{{hex}}, not %{0}{1}", part.letter, name));
    at_ = end + 1;
    return {};
  }

  const std::string& text_;
  std::size_t at_ = 0;
  std::string plain_;
  std::vector<Part> parts_;
};

Result<RecordFormat> RecordFormat::parse(const std::string& text) {
  RecordFormat format;
  TRY(format.parts_, Parser(text).parts(false));
  return format;
}

std::string RecordFormat::encoded(const std::optional<std::string>& bytes, Encoding encoding) {
  if (!bytes) return "";
  if (encoding == Encoding::kBase64) return base64(*bytes);
  if (encoding == Encoding::kPlain) return *bytes;
  std::string out;
  for (const char c : *bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::string RecordFormat::headers_text(const Part& headers, const admin::ConsumedRecord& record) {
  std::string out;
  for (const auto& [key, value] : record.headers) {
    if (headers.each_header.empty()) out += fmt::format("{}{}={}", out.empty() ? "" : ",", key, value.value_or("NULL"));
    for (const auto& part : headers.each_header)
      out += part.letter == 0 ? part.text : encoded(part.letter == 'k' ? key : value, part.encoding);
  }
  return out;
}

std::string RecordFormat::part_text(const Part& part, const admin::ConsumedRecord& record, std::int64_t count) {
  switch (part.letter) {
    case 0:
      return part.text;
    case 't':
      return record.partition.topic;
    case 'p':
      return to_string(record.partition.partition);
    case 'o':
      return to_string(record.offset);
    case 'k':
      return encoded(record.key, part.encoding);
    case 's':
    case 'v':
      return encoded(record.value, part.encoding);
    case 'K':
      return std::to_string(length_of(record.key));
    case 'S':
    case 'V':
      return std::to_string(length_of(record.value));
    case 'R':
      return binary_length(record.value);
    case 'T':
    case 'd':
      return std::to_string(record.timestamp);
    case 'h':
      return headers_text(part, record);
    case 'H':
      return std::to_string(record.headers.size());
    case 'e':
      return to_string(record.leader_epoch);
    default:
      return std::to_string(count);
  }
}

std::string RecordFormat::text_of(const admin::ConsumedRecord& record, std::int64_t count) const {
  std::string out;
  for (const auto& part : parts_) out += part_text(part, record, count);
  return out;
}

}  // namespace thalweg::cli
