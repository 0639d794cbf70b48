#include "database/database.h"

#include <exception>

namespace examples {

std::int64_t Rows::number(std::size_t column) const {
  if (rows.empty() || column >= rows.front().size()) return 0;
  const auto* number = std::get_if<std::int64_t>(&rows.front()[column]);
  return number ? *number : 0;
}

Result<std::unique_ptr<Database>> Database::open(const std::string& url, Schema schema) {
  auto driver = url.starts_with("mysql://") || url.starts_with("mariadb://") ? mariadb_driver(url) : sqlite_driver(url);
  if (!driver) return std::unexpected(driver.error());
  return std::unique_ptr<Database>(new Database(*std::move(driver), std::move(schema)));
}

Result<> Database::connected() {
  if (connection_ && !connection_->lost()) return {};
  connection_.reset();
  auto connection = driver_->connect();
  if (!connection) return std::unexpected(connection.error());
  for (const auto& statement : schema_(dialect()))
    if (auto ok = (*connection)->run(statement); !ok) return std::unexpected(ok.error());
  connection_ = *std::move(connection);
  return {};
}

Result<> Database::transaction(const std::function<Result<>(Connection&)>& body) {
  const std::lock_guard lock(mutex_);
  if (auto ok = connected(); !ok) return ok;
  Result<> result = connection_->begin();
  if (!result) return result;
  try {
    result = body(*connection_);
    if (result) result = connection_->commit();
  } catch (const std::exception& e) {
    result = thalweg::client::fail(e.what());
  }
  if (!result) connection_->rollback();
  return result;
}

bool Database::lock(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return connected() && connection_->lock(name);
}

}  // namespace examples
