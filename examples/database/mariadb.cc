// MariaDB: statements prepared once a connection, values bound.
#include <errmsg.h>
#include <mysql.h>
#include <mysqld_error.h>

#include <charconv>
#include <cstdlib>
#include <map>

#include "database/database.h"
#include "database/mysql_url.h"

namespace examples {
namespace {

constexpr unsigned kConnectSeconds = 3, kAnswerSeconds = 10;

const Dialect kDialect{
    .auto_id = "BIGINT PRIMARY KEY AUTO_INCREMENT",
    .insert_ignore = "INSERT IGNORE",
    .on_duplicate = " ON DUPLICATE KEY UPDATE ",
    .for_update = " FOR UPDATE",
    .table_options = " ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin",
};

bool is_numeric(enum_field_types type) {
  return type == MYSQL_TYPE_TINY || type == MYSQL_TYPE_SHORT || type == MYSQL_TYPE_INT24 || type == MYSQL_TYPE_LONG ||
         type == MYSQL_TYPE_LONGLONG || type == MYSQL_TYPE_DECIMAL || type == MYSQL_TYPE_NEWDECIMAL;
}

// The connection is gone, or nobody can say what it is in the middle of.
bool ends_connection(unsigned code) {
  return code == CR_SERVER_GONE_ERROR || code == CR_SERVER_LOST || code == CR_COMMANDS_OUT_OF_SYNC ||
         code == ER_SERVER_SHUTDOWN || code == ER_CONNECTION_KILLED || code == ER_UNKNOWN_STMT_HANDLER;
}

std::string advice(unsigned code) {
  if (code == CR_CONNECTION_ERROR || code == CR_CONN_HOST_ERROR || code == CR_UNKNOWN_HOST)
    return "; is it running, and are host, port or socket right?";
  if (code == ER_ACCESS_DENIED_ERROR || code == ER_DBACCESS_DENIED_ERROR)
    return "; check user and password, and GRANT ALL ON its database";
  if (code == ER_BAD_DB_ERROR) return "; CREATE DATABASE it first";
  if (code == ER_DISK_FULL || code == ER_RECORD_FILE_FULL) return "; make room on the server's disk";
  return "";
}

// What the record is to blame for, not the database.
bool is_about_the_values(unsigned code) {
  return code == ER_DATA_TOO_LONG || code == ER_DUP_ENTRY || code == ER_TRUNCATED_WRONG_VALUE_FOR_FIELD ||
         code == ER_WARN_DATA_OUT_OF_RANGE || code == ER_BAD_NULL_ERROR;
}

class MariadbConnection final : public Connection {
 public:
  MariadbConnection(MYSQL* handle, std::string name) : handle_(handle), name_(std::move(name)) {}
  ~MariadbConnection() override {
    for (const auto& [sql, statement] : statements_) mysql_stmt_close(statement);
    mysql_close(handle_);
  }
  MariadbConnection(const MariadbConnection&) = delete;
  MariadbConnection& operator=(const MariadbConnection&) = delete;

  Result<Rows> execute(const std::string& sql, std::span<const Value> values) override {
    auto statement = prepared(sql);
    if (!statement) return std::unexpected(statement.error());
    if (auto ok = bind(*statement, values); !ok) return std::unexpected(ok.error());
    if (mysql_stmt_execute(*statement)) return failed(*statement);
    Rows rows{.rows = {},
              .changed = static_cast<std::int64_t>(mysql_stmt_affected_rows(*statement)),
              .last_id = static_cast<std::int64_t>(mysql_stmt_insert_id(*statement))};
    if (mysql_stmt_field_count(*statement) > 0)
      if (auto ok = read(*statement, rows); !ok) return std::unexpected(ok.error());
    mysql_stmt_free_result(*statement);
    return rows;
  }

  Result<> begin() override { return plain("START TRANSACTION"); }
  Result<> commit() override { return plain("COMMIT"); }
  void rollback() override {
    if (!lost_) (void)plain("ROLLBACK");
  }
  bool lost() const override { return lost_; }
  // Held by the connection, and given back by the server when that ends.
  bool lock(const std::string& name) override {
    const auto got = run("SELECT COALESCE(IS_USED_LOCK(?) = CONNECTION_ID(), 0) OR GET_LOCK(?, 0)", name, name);
    return got && got->number() == 1;
  }

  Result<> plain(const char* sql) {
    if (mysql_query(handle_, sql)) return failed(mysql_errno(handle_), mysql_error(handle_));
    return {};
  }

 private:
  std::unexpected<Error> failed(unsigned code, const std::string& what) {
    if (ends_connection(code)) lost_ = true;
    return std::unexpected(
        Error{.message = "database " + name_ + ": " + what + advice(code), .retriable = !is_about_the_values(code)});
  }
  std::unexpected<Error> failed(MYSQL_STMT* statement) {
    return failed(mysql_stmt_errno(statement), mysql_stmt_error(statement));
  }

  Result<MYSQL_STMT*> prepared(const std::string& sql) {
    if (const auto found = statements_.find(sql); found != statements_.end()) return found->second;
    MYSQL_STMT* const statement = mysql_stmt_init(handle_);
    if (mysql_stmt_prepare(statement, sql.data(), sql.size())) {
      auto error = failed(statement);
      mysql_stmt_close(statement);
      return error;
    }
    statements_.emplace(sql, statement);
    return statement;
  }

  Result<> bind(MYSQL_STMT* statement, std::span<const Value> values) {
    bound_.assign(values.size(), MYSQL_BIND{});
    for (std::size_t i = 0; i < values.size(); ++i) {
      MYSQL_BIND& bind = bound_[i];
      if (const auto* number = std::get_if<std::int64_t>(&values[i])) {
        bind.buffer_type = MYSQL_TYPE_LONGLONG;
        bind.buffer = const_cast<std::int64_t*>(number);
      } else if (const auto* text = std::get_if<std::string>(&values[i])) {
        bind.buffer_type = MYSQL_TYPE_STRING;
        bind.buffer = const_cast<char*>(text->data());
        bind.buffer_length = text->size();
      } else {
        bind.buffer_type = MYSQL_TYPE_NULL;
      }
    }
    if (!values.empty() && mysql_stmt_bind_param(statement, bound_.data())) return failed(statement);
    return {};
  }

  // Lengths first, since nobody knows how long a text is; then each column into a buffer of that size.
  Result<> read(MYSQL_STMT* statement, Rows& rows) {
    const unsigned count = mysql_stmt_field_count(statement);
    MYSQL_RES* const described = mysql_stmt_result_metadata(statement);
    std::vector<bool> numeric;
    for (unsigned i = 0; i < count; ++i) numeric.push_back(is_numeric(mysql_fetch_field_direct(described, i)->type));
    mysql_free_result(described);
    std::vector<MYSQL_BIND> columns(count);
    std::vector<unsigned long> lengths(count);
    std::vector<my_bool> nulls(count);
    for (unsigned i = 0; i < count; ++i) {
      columns[i].buffer_type = MYSQL_TYPE_STRING;
      columns[i].length = &lengths[i];
      columns[i].is_null = &nulls[i];
    }
    if (mysql_stmt_bind_result(statement, columns.data()) || mysql_stmt_store_result(statement))
      return failed(statement);
    int code = 0;
    while ((code = mysql_stmt_fetch(statement)) == 0 || code == MYSQL_DATA_TRUNCATED) {
      auto& row = rows.rows.emplace_back();
      for (unsigned i = 0; i < count; ++i) row.push_back(column(statement, i, lengths[i], nulls[i] != 0, numeric[i]));
    }
    if (code != MYSQL_NO_DATA) return failed(statement);
    return {};
  }

  static Value column(MYSQL_STMT* statement, unsigned index, unsigned long length, bool is_null, bool is_number) {
    if (is_null) return {};
    std::string text(length, '\0');
    unsigned long got = 0;
    MYSQL_BIND bind{};
    bind.buffer_type = MYSQL_TYPE_STRING;
    bind.buffer = text.data();
    bind.buffer_length = length;
    bind.length = &got;
    if (length > 0) mysql_stmt_fetch_column(statement, &bind, index, 0);
    if (!is_number) return text;
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }

  MYSQL* const handle_;
  const std::string name_;
  std::map<std::string, MYSQL_STMT*> statements_;
  std::vector<MYSQL_BIND> bound_;
  bool lost_ = false;
};

class MariadbDriver final : public Driver {
 public:
  explicit MariadbDriver(MysqlUrl url) : url_(std::move(url)) {}

  Result<std::unique_ptr<Connection>> connect() override {
    MYSQL* const handle = mysql_init(nullptr);
    mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &kConnectSeconds);
    mysql_options(handle, MYSQL_OPT_READ_TIMEOUT, &kAnswerSeconds);
    mysql_options(handle, MYSQL_OPT_WRITE_TIMEOUT, &kAnswerSeconds);
    mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    const auto text = [](const std::string& s) { return s.empty() ? nullptr : s.c_str(); };
    if (!mysql_real_connect(handle, text(url_.host), url_.user.c_str(), text(url_.password), url_.database.c_str(),
                            url_.port, text(url_.socket), 0)) {
      const unsigned code = mysql_errno(handle);
      Error error{.message = "database " + name() + ": " + mysql_error(handle) + advice(code), .retriable = true};
      mysql_close(handle);
      return std::unexpected(std::move(error));
    }
    return std::make_unique<MariadbConnection>(handle, name());
  }
  const Dialect& dialect() const override { return kDialect; }
  std::string name() const override {
    return "mysql://" + url_.user + "@" + (url_.socket.empty() ? url_.host : url_.socket) + "/" + url_.database;
  }

 private:
  const MysqlUrl url_;
};

}  // namespace

Result<std::unique_ptr<Driver>> mariadb_driver(const std::string& url) {
  auto parsed = parse_mysql_url(url);
  if (!parsed) return std::unexpected(parsed.error());
  // As MariaDB's own tools: a password on a command line can be read by every user of the machine.
  if (const char* password = std::getenv("MYSQL_PWD"); password && parsed->password.empty())
    parsed->password = password;
  return std::make_unique<MariadbDriver>(*std::move(parsed));
}

}  // namespace examples
