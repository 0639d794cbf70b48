// mysql://user:password@host:port/database?socket=PATH, with %XX for what would end a part.
#pragma once

#include <string>

#include "thalweg/client/result.h"

namespace examples {

struct MysqlUrl {
  std::string user, password, host, database, socket;
  unsigned port = 3306;
};

thalweg::client::Result<MysqlUrl> parse_mysql_url(const std::string& url);

}  // namespace examples
