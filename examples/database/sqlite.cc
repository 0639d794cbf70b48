// SQLite: a file, a write-ahead log beside it, one writer at a time.
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "database/database.h"

namespace examples {
namespace {

// How long a writer waits for another one before it says that the database is locked.
constexpr int kBusyMs = 2000;

const Dialect kDialect{
    .auto_id = "INTEGER PRIMARY KEY AUTOINCREMENT",
    .insert_ignore = "INSERT OR IGNORE",
    .on_duplicate = " ON CONFLICT DO UPDATE SET ",
    .for_update = "",
    .table_options = "",
};

// The lock of a file, which the kernel takes back from a process that dies.
class FileLock {
 public:
  explicit FileLock(const std::string& file) : fd_(::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644)) {}
  ~FileLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  bool held() const { return fd_ >= 0 && ::flock(fd_, LOCK_EX | LOCK_NB) == 0; }

 private:
  int fd_;
};

std::string advice(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "; another program holds it: end that one, or wait";
    case SQLITE_FULL:
      return "; make room on its disk";
    case SQLITE_IOERR:
      return "; is its disk full, or broken?";
    case SQLITE_CANTOPEN:
      return "; does its folder exist, and may this user write there?";
    case SQLITE_READONLY:
      return "; may this user write to the file and its folder?";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "; it is damaged, or not a database: put it aside, or name another file";
    default:
      return "";
  }
}

class SqliteConnection final : public Connection {
 public:
  SqliteConnection(sqlite3* handle, std::string file) : handle_(handle), file_(std::move(file)) {}
  ~SqliteConnection() override {
    for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
    sqlite3_close(handle_);
  }
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  Result<Rows> execute(const std::string& sql, std::span<const Value> values) override {
    auto& statement = statements_[sql];
    if (!statement && sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr)) return failed();
    int index = 0;
    for (const auto& value : values) bind(statement, ++index, value);
    Rows rows;
    int code = 0;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) rows.rows.push_back(row_of(statement));
    if (code == SQLITE_DONE) {
      rows.changed = sqlite3_changes(handle_);
      rows.last_id = sqlite3_last_insert_rowid(handle_);
      sqlite3_reset(statement);
      return rows;
    }
    auto error = failed();
    sqlite3_reset(statement);
    return error;
  }

  // IMMEDIATE: a transaction that first reads and then writes would find the lock taken, and could not wait for it.
  Result<> begin() override { return thalweg::client::status(run("BEGIN IMMEDIATE")); }
  Result<> commit() override { return thalweg::client::status(run("COMMIT")); }
  void rollback() override {
    if (!sqlite3_get_autocommit(handle_)) (void)run("ROLLBACK");  // some errors have rolled back already
  }
  bool lost() const override { return false; }
  bool lock(const std::string& name) override {
    return locks_.try_emplace(name, file_ + "." + name + ".lock").first->second.held();
  }

  std::unexpected<Error> failed() const {
    const int code = sqlite3_extended_errcode(handle_);
    return std::unexpected(Error{.message = "database " + file_ + ": " + sqlite3_errmsg(handle_) + advice(code),
                                 .retriable = (code & 0xff) != SQLITE_CONSTRAINT && (code & 0xff) != SQLITE_TOOBIG});
  }

 private:
  static void bind(sqlite3_stmt* statement, int index, const Value& value) {
    if (const auto* number = std::get_if<std::int64_t>(&value))
      sqlite3_bind_int64(statement, index, *number);
    else if (const auto* text = std::get_if<std::string>(&value))
      sqlite3_bind_text(statement, index, text->data(), static_cast<int>(text->size()), SQLITE_TRANSIENT);
    else
      sqlite3_bind_null(statement, index);
  }

  static std::vector<Value> row_of(sqlite3_stmt* statement) {
    std::vector<Value> row;
    for (int column = 0; column < sqlite3_column_count(statement); ++column) {
      const int type = sqlite3_column_type(statement, column);
      if (type == SQLITE_NULL)
        row.emplace_back();
      else if (type == SQLITE_INTEGER)
        row.emplace_back(std::int64_t{sqlite3_column_int64(statement, column)});
      else
        row.emplace_back(std::string(reinterpret_cast<const char*>(sqlite3_column_text(statement, column)),
                                     static_cast<std::size_t>(sqlite3_column_bytes(statement, column))));
    }
    return row;
  }

  sqlite3* const handle_;
  const std::string file_;
  std::map<std::string, sqlite3_stmt*> statements_;  // prepared once
  std::map<std::string, FileLock> locks_;
};

class SqliteDriver final : public Driver {
 public:
  explicit SqliteDriver(std::string file) : file_(std::move(file)) {}

  Result<std::unique_ptr<Connection>> connect() override {
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(file_.c_str(), &handle,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    auto connection = std::make_unique<SqliteConnection>(handle, file_);
    if (code) return connection->failed();
    sqlite3_busy_timeout(handle, kBusyMs);
    // FULL: a commit is on disk when it returns. What was said to somebody else, as an event, must not be forgotten
    // here after a power loss.
    for (const char* pragma : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON"})
      if (auto ok = connection->run(pragma); !ok) return std::unexpected(ok.error());
    return connection;
  }
  const Dialect& dialect() const override { return kDialect; }
  std::string name() const override { return file_; }

 private:
  const std::string file_;
};

}  // namespace

Result<std::unique_ptr<Driver>> sqlite_driver(const std::string& file) {
  if (file.empty() || file.find("://") != std::string::npos)
    return thalweg::client::fail("not a database: '" + file +
                                 "'; name a file, or mysql://user:password@host:port/database");
  std::error_code code;
  const auto folder = std::filesystem::absolute(file).parent_path();
  if (!std::filesystem::is_directory(folder, code))
    return thalweg::client::fail("the folder of the database does not exist: " + folder.string() +
                                 "; make it, or name another file");
  return std::make_unique<SqliteDriver>(file);
}

}  // namespace examples
