// How often values of each size occurred, in buckets that grow by the eighth root of two: any quantile is known to
// within nine percent, whatever the values. The buckets are those of Prometheus' native histograms at schema 3.
//
// Owner: one shard. Memory follows the largest value seen: 8 bytes for each eighth of a power of two, 4.1 KiB at most.
#pragma once

#include <cstdint>
#include <vector>

namespace thalweg {

class Histogram {
 public:
  static constexpr int kBucketsPerDoubling = 8;

  // The bucket of a value: the smallest one whose upper_bound() is not below it. 0 and 1 share bucket 0.
  static std::size_t bucket_of(std::uint64_t value);
  // 2^(bucket/8)
  static double upper_bound(std::size_t bucket);

  void record(std::uint64_t value);
  void merge(const Histogram& other);

  std::uint64_t count() const { return count_; }
  std::uint64_t sum() const { return sum_; }  // wraps at 2^64: as nanoseconds, after 584 years of waiting
  // By bucket; those behind the last are empty.
  const std::vector<std::uint64_t>& buckets() const { return buckets_; }
  // The upper bound of the bucket in which the value of this rank lies; 0 if there is none. REQUIRES: 0 <= q <= 1
  double quantile(double q) const;

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0, sum_ = 0;
};

}  // namespace thalweg
