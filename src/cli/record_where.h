// consume --where: which records are printed. What may be said: docs/filters.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "admin/consumer.h"
#include "cli/command.h"
#include "cli/record_schemas.h"
#include "filter/filter.h"

namespace thalweg::cli {

class RecordWhere {
 public:
  // kInvalidRequest with the expression and a mark below what is wrong with it.
  static Result<std::shared_ptr<RecordWhere>> parse(const std::string& expression, Timestamp now);

  // Keys and values that name a schema are looked into by it.
  void read_by(RecordSchemas schemas) { schemas_.emplace(std::move(schemas)); }

  Task<bool> matches(const admin::ConsumedRecord& record);
  // "2 records are left out, since nobody knows whether they match; the first is orders-0 at 7: a division by zero";
  // empty where all are known.
  std::string troubles() const;

  explicit RecordWhere(const filter::Filter& filter) : run_(filter) {}

 private:
  filter::Verdict test(const admin::ConsumedRecord& record);

  filter::FilterRun run_;
  std::optional<RecordSchemas> schemas_;
  const filter::SchemaReader by_schema_ = [this](std::string_view side) { return schemas_->read(side); };
  std::int64_t troubled_ = 0;
  std::string first_;
};

}  // namespace thalweg::cli
