// consume --where: which records are printed. What may be said: docs/filters.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "admin/consumer.h"
#include "cli/command.h"
#include "filter/filter.h"

namespace thalweg::cli {

class RecordWhere {
 public:
  // kInvalidRequest with the expression and a mark below what is wrong with it.
  static Result<std::shared_ptr<RecordWhere>> parse(const std::string& expression, Timestamp now);

  bool matches(const admin::ConsumedRecord& record);
  // "2 records are left out, since nobody knows whether they match; the first is orders-0 at 7: a division by zero";
  // empty where all are known.
  std::string troubles() const;

  explicit RecordWhere(const filter::Filter& filter) : run_(filter) {}

 private:
  filter::FilterRun run_;
  std::int64_t troubled_ = 0;
  std::string first_;
};

}  // namespace thalweg::cli
