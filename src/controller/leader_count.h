// For how many partitions each broker counts, kept up with every record, so that nobody has to look through 160,000 of
// them when a broker asks whether it may come or go.
//
// Owner: the controller machine, which tells it what a record takes away and what it puts there.
#pragma once

#include <cstddef>
#include <map>

#include "metadata/image.h"
#include "metadata/record.h"

namespace thalweg::controller {

class LeaderCount {
 public:
  explicit LeaderCount(const metadata::Image& image);

  // Around each record: with the image before it, and after it.
  void before(const metadata::Image& image, const metadata::Record& record) { count_all(image, record, -1); }
  void after(const metadata::Image& image, const metadata::Record& record) { count_all(image, record, 1); }

  bool leads(BrokerId id) const { return of(id).leads > 0; }
  // Leads one, or is in sync beside a leader.
  bool counted_on(BrokerId id) const { return of(id).leads > 0 || of(id).in_sync > 0; }

 private:
  struct Counts {
    std::ptrdiff_t leads = 0, in_sync = 0;
  };
  Counts of(BrokerId id) const {
    const auto at = counts_.find(id);
    return at == counts_.end() ? Counts() : at->second;
  }
  void count(const metadata::Partition& partition, std::ptrdiff_t by);
  void count_all(const metadata::Image& image, const metadata::Record& record, std::ptrdiff_t by);

  std::map<BrokerId, Counts> counts_;
};

}  // namespace thalweg::controller
