#include "database/database.h"

namespace examples {

Result<std::unique_ptr<Driver>> mariadb_driver(const std::string&) {
  return thalweg::client::fail("this program was built without MariaDB: install libmariadb-dev and build it again");
}

}  // namespace examples
