#include "raft/checkpoint.h"

#include <fmt/format.h>

#include "base/crc32c.h"
#include "base/log.h"
#include "raft/wire.h"

namespace thalweg::raft {
namespace {

constexpr std::uint32_t kMagic = 0x54575343;  // "TWSC"
constexpr std::string_view kSuffix = ".checkpoint";
constexpr std::size_t kSlice = 1 << 20;

// magic, checksum of all that follows, base, image size; then the image.
std::vector<std::byte> header_of(const Base& base, BytesView image) {
  std::vector<std::byte> rest;
  put_base(rest, base);
  put(rest, static_cast<std::uint64_t>(image.size()));
  std::vector<std::byte> header;
  put(header, kMagic);
  put(header, crc32c(image, crc32c(rest)));
  put(header, BytesView(rest));
  return header;
}

Error damaged(const std::string& path) {
  return {ErrorCode::kKafkaStorageError,
          path + " is damaged, and the metadata before it is gone. Remove this broker's " + Disk::directory_of(path) +
              " and let it join again, or restore the folder from a copy."};
}

struct Parsed {
  Base base;
  std::size_t image_position = 0;
};
std::optional<Parsed> parse(BytesView file) {
  BytesView rest = file;
  std::uint32_t magic = 0, checksum = 0;
  if (!take(rest, magic) || magic != kMagic || !take(rest, checksum) || crc32c(rest) != checksum) return std::nullopt;
  Parsed parsed;
  std::uint64_t image_size = 0;
  auto base = take_base(rest);
  if (!base || !take(rest, image_size) || image_size != rest.size()) return std::nullopt;
  parsed.base = *std::move(base);
  parsed.image_position = file.size() - rest.size();
  return parsed;
}

}  // namespace

std::string Checkpoints::path_of(const Base& base) const {
  return fmt::format("{}/{:020}-{:010}{}", directory_, base.index, base.term, kSuffix);
}

Result<std::optional<Checkpoints::Loaded>> Checkpoints::load() {
  TRY(const auto names, shard_.disk.list(directory_));
  std::string latest;
  for (const auto& entry : names)
    if (entry.name.ends_with(kSuffix)) latest = entry.name;  // names sort by index
  if (latest.empty()) return std::nullopt;
  const std::string path = directory_ + "/" + latest;
  TRY(SharedBytes content, shard_.disk.read_file(path));
  auto parsed = parse(content);
  if (!parsed) return std::unexpected(damaged(path));
  TRY(FilePtr file, shard_.disk.open(path, OpenMode::kRead));
  const std::size_t image_size = content.size() - parsed->image_position;
  latest_ = Latest{parsed->base, path, std::move(file), parsed->image_position, image_size};
  return Loaded{std::move(parsed->base), content.slice(parsed->image_position, image_size)};
}

Result<> Checkpoints::remove_leftovers() {
  TRY(const auto names, shard_.disk.list(directory_));
  for (const auto& entry : names) {
    const std::string path = directory_ + "/" + entry.name;
    const bool earlier = entry.name.ends_with(kSuffix) && latest_ && path != latest_->path;
    if (earlier || entry.name.ends_with(".tmp")) TRY_VOID(shard_.disk.remove(path));
  }
  return {};
}

// Not behind the data of topics, which would hold up a follower that is sent a snapshot. But votes and entries go the
// same way, so it goes in slices, and theirs go in between.
Task<Result<>> Checkpoints::write_file(std::string path, SharedBytes header, SharedBytes image) {
  CO_TRY(FilePtr file, shard_.disk.urgent().open(path, OpenMode::kTruncate));
  CO_TRY_VOID(file->write(0, header));
  std::size_t written = 0;
  do {
    const BytesView slice = image.view().subspan(written, std::min(kSlice, image.size() - written));
    CO_TRY_VOID(file->write(header.size() + written, slice));
    CO_TRY_VOID(co_await file->sync());
    written += slice.size();
  } while (written < image.size());
  co_return Result<>();
}

Task<Result<>> Checkpoints::write(Base base, SharedBytes image) {
  const std::string path = path_of(base);
  const std::string beside = path + ".tmp";
  const SharedBytes header = SharedBytes::take(header_of(base, image));
  if (auto done = co_await write_file(beside, header, image); !done) {
    // A disk that is full must not fill with halves.
    static_cast<void>(shard_.disk.remove(beside));
    co_return done;
  }
  CO_TRY_VOID(shard_.disk.rename(beside, path));
  CO_TRY_VOID(co_await shard_.disk.urgent().sync_directory(directory_));
  CO_TRY(FilePtr file, shard_.disk.open(path, OpenMode::kRead));  // whoever is sent the image reads it beside votes
  // A later one may have arrived from the leader meanwhile.
  if (latest_ && latest_->base.index > base.index) co_return shard_.disk.remove(path);
  const std::string earlier = latest_ ? latest_->path : std::string();
  latest_ = Latest{std::move(base), path, std::move(file), header.size(), image.size()};
  log::info("metadata snapshot written", field("index", latest_->base.index), field("size_bytes", image.size()));
  if (!earlier.empty() && earlier != path) co_return shard_.disk.remove(earlier);
  co_return Result<>{};
}

Pieces Checkpoints::image() const {
  if (!latest_ || latest_->image_size == 0) return {};
  return {FilePiece{latest_->file, latest_->image_position, latest_->image_size}};
}

}  // namespace thalweg::raft
