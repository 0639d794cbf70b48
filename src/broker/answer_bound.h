// Bounds an answer while it is built, for APIs whose answers can be much larger than what they were asked. What is
// built is charged to the request's memory, which goes back when the answer stands.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "broker/context.h"
#include "runtime/budget.h"

namespace thalweg::broker {

class AnswerBound {
 public:
  // In memory; an answer is smaller on the wire. Every partition of 200,000 can be described in it, and every topic of
  // some 5,000 with all its settings.
  static constexpr std::size_t kBytesMax = 64u << 20;

  explicit AnswerBound(const RequestContext& context) : AnswerBound(context.request.memory, kBytesMax) {}
  // `memory` may be null: nobody counts.
  AnswerBound(Charge* memory, std::size_t bytes_max) : memory_(memory), bytes_max_(bytes_max) {}

  // So many bytes more. kInvalidRequest when the answer is large enough; kThrottlingQuotaExceeded, which clients try
  // again after, when the shard's memory is given away to others. Who is refused leaves out what it wanted to add.
  Result<> add(std::size_t bytes) {
    if (bytes_ + bytes > bytes_max_)
      return fail(ErrorCode::kInvalidRequest, "the answer would take more than " + std::to_string(bytes_max_ >> 20) +
                                                  " MiB of memory: ask for less at a time");
    if (memory_ && memory_->overdraft() > bytes_max_)
      return fail(ErrorCode::kThrottlingQuotaExceeded, "answers to others take the memory for this one now");
    bytes_ += bytes;
    if (memory_) memory_->add(bytes);
    return {};
  }

 private:
  Charge* const memory_;
  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
};

}  // namespace thalweg::broker
