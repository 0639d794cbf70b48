#include "metrics/histogram.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace thalweg {
namespace {

// Where the buckets of one doubling begin, for mantissas in [2^63, 2^64).
const std::array<std::uint64_t, Histogram::kBucketsPerDoubling>& steps() {
  static const auto table = [] {
    std::array<std::uint64_t, Histogram::kBucketsPerDoubling> made{};
    for (int i = 0; i < Histogram::kBucketsPerDoubling; ++i)
      made[std::size_t(i)] =
          static_cast<std::uint64_t>(std::exp2l(63 + (long double)i / Histogram::kBucketsPerDoubling));
    return made;
  }();
  return table;
}

}  // namespace

std::size_t Histogram::bucket_of(std::uint64_t value) {
  if (value <= 1) return 0;
  const int exponent = std::bit_width(value) - 1;
  const std::uint64_t mantissa = value << (63 - exponent);
  const auto step = std::ranges::lower_bound(steps(), mantissa) - steps().begin();
  return std::size_t(exponent) * kBucketsPerDoubling + std::size_t(step);
}

double Histogram::upper_bound(std::size_t bucket) { return std::exp2(double(bucket) / kBucketsPerDoubling); }

void Histogram::record(std::uint64_t value) {
  const std::size_t bucket = bucket_of(value);
  if (bucket >= buckets_.size()) buckets_.resize(bucket + 1);
  ++buckets_[bucket];
  ++count_;
  sum_ += value;
}

void Histogram::merge(const Histogram& other) {
  if (other.buckets_.size() > buckets_.size()) buckets_.resize(other.buckets_.size());
  for (std::size_t i = 0; i < other.buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
}

double Histogram::quantile(double q) const {
  if (count_ == 0) return 0;
  const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(q * double(count_))));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i)
    if ((seen += buckets_[i]) >= rank) return upper_bound(i);
  return upper_bound(buckets_.size() - 1);
}

}  // namespace thalweg
