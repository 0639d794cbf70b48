#include "runtime/disk.h"

namespace thalweg {
namespace {
constexpr std::string_view kFull = "no space left on device";
constexpr std::string_view kDenied = "permission denied";
constexpr std::string_view kOutOfFiles = "too many open files";
constexpr std::string_view kPostponed = "no space left on device for what waits in memory";

std::string beside(const std::string& path) { return path + ".tmp"; }
}  // namespace

std::string Disk::directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

Task<Result<>> Disk::replace_file(std::string path, SharedBytes content, OpenMode mode) {
  return replace_file(std::move(path), [content](auto) { return std::string(content.text()); }, mode);
}

Task<Result<>> Disk::replace_file(std::string path, ContentBornAt content, OpenMode mode) {
  CO_TRY(const FilePtr file, write_beside(path, content, mode));
  CO_TRY_VOID(co_await file->sync());
  CO_TRY_VOID(rename(beside(path), path));
  co_return co_await sync_directory(directory_of(path));
}

Task<Result<>> Disk::replace_file_or_tear(std::string path, ContentBornAt content) {
  CO_TRY(const FilePtr file, write_beside(path, content, OpenMode::kTruncate));
  CO_TRY_VOID(rename(beside(path), path));
  CO_TRY_VOID(co_await file->sync());
  co_return co_await sync_directory(directory_of(path));
}

Result<FilePtr> Disk::write_beside(const std::string& path, const ContentBornAt& content, OpenMode mode) {
  TRY(FilePtr file, open(beside(path), mode));
  TRY_VOID(file->write(0, as_bytes(content(born(beside(path))))));
  return file;
}

Task<Result<>> Disk::make_durable_directory(std::string path, std::string durable) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  CO_TRY_VOID(make_directory(path));
  // One that is there may have been made a moment before its process was killed, so every name on the way counts.
  for (std::string above = directory_of(path);; above = directory_of(above)) {
    const auto synced = co_await sync_directory(above);
    // One that we may not open was there before us.
    if (!synced && !is_denied(synced.error())) co_return synced;
    if (above == durable || above == directory_of(above)) co_return Result<>();
  }
}

Result<SharedBytes> Disk::read_file(const std::string& path) {
  TRY(FilePtr file, open(path, OpenMode::kRead));
  std::vector<std::byte> content(file->size());
  TRY(const std::size_t n, file->read_now(0, content));
  content.resize(n);
  return SharedBytes::take(std::move(content));
}

bool Disk::is_full(const Error& error) {
  return error.code == ErrorCode::kKafkaStorageError && error.message.ends_with(kFull);
}
Error Disk::full(const std::string& path) { return {ErrorCode::kKafkaStorageError, path + ": " + std::string(kFull)}; }

bool Disk::is_denied(const Error& error) {
  return error.code == ErrorCode::kKafkaStorageError && error.message.ends_with(kDenied);
}
Error Disk::denied(const std::string& path) {
  return {ErrorCode::kKafkaStorageError, path + ": " + std::string(kDenied)};
}

bool Disk::is_out_of_files(const Error& error) {
  return error.code == ErrorCode::kKafkaStorageError && error.message.ends_with(kOutOfFiles);
}
Error Disk::out_of_files(const std::string& path) {
  return {ErrorCode::kKafkaStorageError, path + ": " + std::string(kOutOfFiles)};
}

bool Disk::is_postponed(const Error& error) {
  return error.code == ErrorCode::kKafkaStorageError && error.message.ends_with(kPostponed);
}
Error Disk::postponed(const std::string& path) {
  return {ErrorCode::kKafkaStorageError, path + ": " + std::string(kPostponed)};
}

}  // namespace thalweg
