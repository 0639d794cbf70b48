#include "decode/avro_reader.h"

#include <bit>
#include <cstring>
#include <limits>

#include "base/utf8.h"
#include "base/varint.h"
#include "decode/json_sink.h"

namespace thalweg::decode {
namespace {

using schema::avro::Kind;
using schema::avro::Node;

constexpr std::size_t kAvroDepthMax = 64;

// Every step answers whether to go on: not when something is wrong, nor when the text is long enough. Each element of
// an array writes something, so a count that nobody could have sent ends with the text.
class AvroReader {
 public:
  AvroReader(BytesView bytes, std::size_t text_max) : bytes_(bytes), sink_(text_max) {}

  Reading read(const Node& root) {
    const bool whole = value(root, 0);
    if (whole && at_ < bytes_.size())
      wrong(std::to_string(bytes_.size() - at_) + " bytes follow the value: it was written with another schema");
    if (flaw_) return std::unexpected(*std::move(flaw_));
    Decoded out{.format = Format::kAvro, .text = {}, .is_json = true, .cut = sink_.full(), .why = {}, .flaw = {}};
    out.text = sink_.take();
    if (blemish_) out.flaw = std::move(blemish_);
    return out;
  }

 private:
  bool wrong(std::string message) {
    flaw_ = Flaw{Format::kAvro, at_, std::move(message)};
    return false;
  }

  bool value(const Node& node, std::size_t depth) {
    if (depth > kAvroDepthMax) return wrong("it is nested too deep");
    if (sink_.full()) return false;
    switch (node.kind) {
      case Kind::kNull:
        sink_.raw("null");
        return true;
      case Kind::kBoolean:
        return boolean();
      case Kind::kInt:
      case Kind::kLong:
        return integer(node.kind);
      case Kind::kFloat:
        return real<float, std::uint32_t>();
      case Kind::kDouble:
        return real<double, std::uint64_t>();
      case Kind::kBytes:
        return counted([this](BytesView bytes) { latin(bytes); });
      case Kind::kString:
        return counted([this](BytesView bytes) { text(bytes); });
      case Kind::kFixed:
        return taken(std::uint64_t(node.size), [this](BytesView bytes) { latin(bytes); });
      case Kind::kEnum:
        return symbol(node);
      case Kind::kRecord:
        return record(node, depth);
      case Kind::kArray:
        return blocks('[', ']', [&] { return element(*node.branches.front(), depth); });
      case Kind::kMap:
        return blocks('{', '}', [&] { return entry(*node.branches.front(), depth); });
      case Kind::kUnion:
        return branch(node, depth);
    }
    return wrong("the schema has a type that is not known");
  }

  std::optional<std::int64_t> number() {
    const auto read = read_varint(bytes_.subspan(at_), kMaxVarint64);
    if (!read) {
      wrong("the bytes end inside a number, or it is too long");
      return std::nullopt;
    }
    at_ += read->size;
    return unzigzag(read->value);
  }

  template <class Use>
  bool taken(std::uint64_t count, Use use) {
    if (count > bytes_.size() - at_)
      return wrong(std::to_string(count) + " bytes should follow, and there are " +
                   std::to_string(bytes_.size() - at_));
    use(bytes_.subspan(at_, std::size_t(count)));
    at_ += std::size_t(count);
    return true;
  }
  template <class Use>
  bool counted(Use use) {
    const auto count = number();
    if (!count) return false;
    if (*count < 0) return wrong("a length is negative");
    return taken(std::uint64_t(*count), use);
  }

  bool boolean() {
    if (at_ == bytes_.size()) return wrong("the bytes end before a boolean");
    const auto byte = std::to_integer<unsigned>(bytes_[at_]);
    if (byte > 1) return wrong("a boolean is 0 or 1, and this is " + std::to_string(byte));
    ++at_;
    sink_.raw(byte ? "true" : "false");
    return true;
  }
  bool integer(Kind kind) {
    const auto read = number();
    if (!read) return false;
    const bool fits =
        *read >= std::numeric_limits<std::int32_t>::min() && *read <= std::numeric_limits<std::int32_t>::max();
    if (kind == Kind::kInt && !fits) return wrong("an int has 32 bits, and this is " + std::to_string(*read));
    sink_.raw(std::to_string(*read));
    return true;
  }
  template <class T, class Bits>
  bool real() {
    return taken(sizeof(T), [this](BytesView bytes) {
      Bits bits;
      std::memcpy(&bits, bytes.data(), sizeof bits);
      if constexpr (std::endian::native == std::endian::big) bits = std::byteswap(bits);
      sink_.real(std::bit_cast<T>(bits));
    });
  }
  void text(BytesView bytes) {
    if (!blemish_ && !is_utf8(as_text(bytes)))
      blemish_ = Flaw{Format::kAvro, at_, "a string is not UTF-8; U+FFFD stands for what is wrong"};
    sink_.string(as_text(bytes));
  }
  // A code point below 256 for each byte.
  void latin(BytesView bytes) {
    std::string out;
    for (const auto byte : bytes.first(std::min<std::size_t>(bytes.size(), kLatinMax))) {
      const auto code = std::to_integer<unsigned char>(byte);
      if (code < 0x80) {
        out += static_cast<char>(code);
      } else {
        out += static_cast<char>(0xC0 | code >> 6);
        out += static_cast<char>(0x80 | (code & 0x3F));
      }
    }
    sink_.string(out);
    if (bytes.size() > kLatinMax && !blemish_)
      blemish_ = Flaw{Format::kAvro, at_, "bytes are shown by their first " + std::to_string(kLatinMax)};
  }

  bool symbol(const Node& node) {
    const auto index = number();
    if (!index) return false;
    if (*index < 0 || std::uint64_t(*index) >= node.symbols.size())
      return wrong("enum " + node.name.full() + " has no symbol " + std::to_string(*index));
    sink_.string(node.symbols[std::size_t(*index)]);
    return true;
  }
  bool record(const Node& node, std::size_t depth) {
    sink_.raw("{");
    for (const auto& field : node.fields) {
      sink_.name(field.name);
      if (!value(*field.type, depth + 1)) return false;
    }
    sink_.raw("}");
    return true;
  }
  bool branch(const Node& node, std::size_t depth) {
    const auto index = number();
    if (!index) return false;
    if (*index < 0 || std::uint64_t(*index) >= node.branches.size())
      return wrong("the union has no branch " + std::to_string(*index));
    return value(*node.branches[std::size_t(*index)], depth + 1);
  }
  // Counts, each followed by so many items; a negative one by their size in bytes as well; the last is 0.
  template <class Item>
  bool blocks(char open, char close, Item item) {
    sink_.raw({&open, 1});
    for (;;) {
      const auto count = number();
      if (!count) return false;
      if (*count == 0) break;
      if (*count < 0 && !number()) return false;
      const std::uint64_t items = *count < 0 ? 0 - std::uint64_t(*count) : std::uint64_t(*count);
      for (std::uint64_t i = 0; i < items; ++i)
        if (!item()) return false;
    }
    sink_.raw({&close, 1});
    return true;
  }
  bool element(const Node& type, std::size_t depth) {
    sink_.comma();
    return value(type, depth + 1);
  }
  bool entry(const Node& type, std::size_t depth) {
    sink_.comma();
    if (!counted([this](BytesView bytes) { text(bytes); })) return false;
    sink_.raw(":");
    return value(type, depth + 1);
  }

  static constexpr std::size_t kLatinMax = 64u << 10;

  const BytesView bytes_;
  std::size_t at_ = 0;
  JsonSink sink_;
  std::optional<Flaw> flaw_;     // it ends here
  std::optional<Flaw> blemish_;  // it goes on
};

}  // namespace

Reading read_avro(const Node& root, BytesView bytes, std::size_t text_max) {
  return AvroReader(bytes, text_max).read(root);
}

}  // namespace thalweg::decode
