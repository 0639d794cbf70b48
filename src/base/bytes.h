// Bytes and who owns them. A frame is read once into memory; everything that refers to it is a SharedBytes slice that
// keeps it alive. What a log gives back is Pieces: memory, or a range of a file that need not be read to be sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"

namespace thalweg {

using BytesView = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

inline BytesView as_bytes(std::string_view s) { return std::as_bytes(std::span(s.data(), s.size())); }
inline std::string_view as_text(BytesView b) { return {reinterpret_cast<const char*>(b.data()), b.size()}; }

// An immutable slice of reference-counted memory. Copies share; slicing is free. May be empty without an owner.
class SharedBytes {
 public:
  SharedBytes() = default;
  SharedBytes(std::shared_ptr<const void> owner, BytesView view) : owner_(std::move(owner)), view_(view) {}

  static SharedBytes copy_of(BytesView bytes) {
    if (bytes.empty()) return {};
    auto memory = std::make_shared_for_overwrite<std::byte[]>(bytes.size());
    std::memcpy(memory.get(), bytes.data(), bytes.size());
    const BytesView view(memory.get(), bytes.size());
    return {std::move(memory), view};
  }
  static SharedBytes copy_of(std::string_view text) { return copy_of(thalweg::as_bytes(text)); }
  static SharedBytes take(std::vector<std::byte> bytes) {
    auto memory = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
    const BytesView view(*memory);
    return {std::move(memory), view};
  }

  BytesView view() const { return view_; }
  operator BytesView() const { return view_; }
  const std::byte* data() const { return view_.data(); }
  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }
  std::string_view text() const { return as_text(view_); }
  const std::shared_ptr<const void>& owner() const { return owner_; }

  // REQUIRES: from + count <= size()
  SharedBytes slice(std::size_t from, std::size_t count) const {
    CHECK(from <= size() && count <= size() - from);
    return {owner_, view_.subspan(from, count)};
  }
  // Equal content; who owns it does not matter.
  friend bool operator==(const SharedBytes& a, const SharedBytes& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
  }

 private:
  std::shared_ptr<const void> owner_;
  BytesView view_;
};

// Something that holds a file open; each Disk has its own kind, and only the Network of the same world looks inside.
class FileSource {
 public:
  virtual ~FileSource() = default;
};

// [position, position + size) of a file. Holding it keeps the file readable, also after it was removed by name.
struct FilePiece {
  std::shared_ptr<FileSource> source;
  std::uint64_t position = 0;
  std::size_t size = 0;
  friend bool operator==(const FilePiece&, const FilePiece&) = default;
};

using Piece = std::variant<SharedBytes, FilePiece>;
using Pieces = std::vector<Piece>;

inline std::size_t size_of(const Piece& piece) {
  return std::visit(
      [](const auto& p) -> std::size_t {
        if constexpr (requires { p.view(); })
          return p.size();
        else
          return p.size;
      },
      piece);
}
inline std::size_t size_of(const Pieces& pieces) {
  std::size_t sum = 0;
  for (const auto& piece : pieces) sum += size_of(piece);
  return sum;
}

}  // namespace thalweg
