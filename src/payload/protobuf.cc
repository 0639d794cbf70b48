#include "thalweg/client/protobuf.h"

#include <algorithm>
#include <array>

namespace thalweg::client::detail {
namespace {

constexpr std::size_t kIndexesMost = 100;

Result<int> read_index(std::string_view& bytes) {
  std::uint32_t value = 0;
  for (int shift = 0; shift < 35; shift += 7) {
    if (bytes.empty()) return bad_bytes("the message's place in its schema is cut off");
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    if (shift == 28 && byte > 0x0f) break;
    value |= static_cast<std::uint32_t>(byte & 0x7f) << shift;
    if (byte >= 0x80) continue;
    if ((value & 1) != 0) break;  // zigzag: a negative one
    return static_cast<int>(value >> 1);
  }
  return bad_bytes("the message's place in its schema is not a number from 0 to 2147483647");
}

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

// Words and single signs of a .proto text; comments are left out, a string is one sign.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}

  std::string_view next() {
    skip_blanks();
    if (text_.empty()) return {};
    std::size_t size = 1;
    if (is_name(text_[0])) {
      while (size < text_.size() && is_name(text_[size])) ++size;
    } else if (text_[0] == '"' || text_[0] == '\'') {
      while (size < text_.size() && text_[size] != text_[0]) size += text_[size] == '\\' ? 2 : 1;
      size = std::min(size + 1, text_.size());
    }
    const auto token = text_.substr(0, size);
    text_.remove_prefix(size);
    return token;
  }

 private:
  void skip_blanks() {
    while (!text_.empty()) {
      if (std::string_view(" \t\r\n\f\v").find(text_[0]) != std::string_view::npos)
        text_.remove_prefix(1);
      else if (text_.starts_with("//"))
        text_.remove_prefix(std::min(text_.find('\n'), text_.size()));
      else if (text_.starts_with("/*"))
        text_.remove_prefix(std::min(std::min(text_.find("*/", 2), text_.size() - 2) + 2, text_.size()));
      else
        return;
    }
  }

  std::string_view text_;
};

}  // namespace

bool proto_is_known(std::string_view file) {
  static constexpr std::array kConfluent{"confluent/meta.proto", "confluent/type/decimal.proto",
                                         "confluent/type/variant.proto"};
  if (file.starts_with("google/protobuf/") || file.starts_with("google/type/"))
    return file.find('/', file.find('/') + 1) == file.rfind('/');
  return std::ranges::find(kConfluent, file) != kConfluent.end();
}

void write_proto_indexes(const std::vector<int>& indexes, std::string& out) {
  if (indexes.size() == 1 && indexes[0] == 0) {
    out.push_back('\0');
    return;
  }
  avro_long(static_cast<std::int64_t>(indexes.size()), out);  // the same form of numbers
  for (const int index : indexes) avro_long(index, out);
}

Result<std::vector<int>> read_proto_indexes(std::string_view& bytes) {
  auto count = read_index(bytes);
  if (!count) return std::unexpected(count.error());
  if (*count == 0) return std::vector<int>{0};
  if (static_cast<std::size_t>(*count) > kIndexesMost)
    return bad_bytes("a message nested " + std::to_string(*count) + " deep in its schema");
  std::vector<int> indexes;
  for (int i = 0; i < *count; ++i) {
    auto index = read_index(bytes);
    if (!index) return std::unexpected(index.error());
    indexes.push_back(*index);
  }
  return indexes;
}

std::optional<std::string> proto_message_at(std::string_view text, const std::vector<int>& indexes) {
  struct Scope {
    bool on_path;  // the file, or a message on the way to the one that is looked for
    int messages = 0;
  };
  std::vector<Scope> scopes{{true}};
  std::size_t level = 0;
  std::string path;
  Tokens tokens(text);
  bool at_start = true;
  for (auto token = tokens.next(); !token.empty();) {
    if (token == "message" && at_start) {
      const auto name = tokens.next();
      token = tokens.next();
      at_start = false;
      // Else it is a field of a type that is called so.
      if (token != "{" || name.empty() || !is_name(name[0])) continue;
      Scope& parent = scopes.back();
      const bool found = parent.on_path && level < indexes.size() && parent.messages++ == indexes[level];
      if (found) {
        path.append(path.empty() ? "" : ".").append(name);
        if (++level == indexes.size()) return path;
      }
      scopes.push_back({found});
    } else if (token == "{") {
      scopes.push_back({false});
    } else if (token == "}") {
      if (scopes.size() == 1 || scopes.back().on_path) return std::nullopt;  // it had too few
      scopes.pop_back();
    }
    at_start = token == "{" || token == "}" || token == ";";
    token = tokens.next();
  }
  return std::nullopt;
}

}  // namespace thalweg::client::detail
