#include "thalweg/client/producer.h"

#include <atomic>
#include <cstddef>
#include <memory>
#include <new>

#include "client/producer_core.h"

namespace thalweg::client {
namespace {

constexpr milliseconds kForAsLongAsItTakes = milliseconds::max();

// Memory for what belongs to one message: the message itself, and the state of its future, which lives on until
// somebody has looked at it. One allocation instead of three: they are freed by another thread than asked for them,
// which costs more than anything else that we do for a message.
class Arena {
 public:
  static constexpr std::size_t kSize = 400;  // 384 with libstdc++ 12
  void* take(std::size_t size) {
    const std::size_t at = (used_ + kAlign - 1) / kAlign * kAlign;
    if (at + size > sizeof bytes_) return nullptr;
    used_ = at + size;
    users_.fetch_add(1, std::memory_order_relaxed);
    return bytes_ + at;
  }
  bool has(const void* p) const { return p >= bytes_ && p < bytes_ + sizeof bytes_; }
  void give() {
    if (users_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  static constexpr std::size_t kAlign = alignof(std::max_align_t);
  std::atomic<int> users_{0};
  std::size_t used_ = 0;  // of whoever builds the message
  alignas(kAlign) std::byte bytes_[kSize];
};

// What does not fit, as of another standard library, is allocated as ever.
template <class T>
struct ArenaAllocator {
  using value_type = T;
  explicit ArenaAllocator(Arena& a) : arena(&a) {}
  template <class U>
  ArenaAllocator(const ArenaAllocator<U>& other) : arena(other.arena) {}  // NOLINT: allocators are converted
  T* allocate(std::size_t n) {
    void* const p = arena->take(n * sizeof(T));
    return static_cast<T*>(p ? p : ::operator new(n * sizeof(T)));
  }
  void deallocate(T* p, std::size_t) {
    if (arena->has(p))
      arena->give();
    else
      ::operator delete(p);
  }
  friend bool operator==(const ArenaAllocator&, const ArenaAllocator&) = default;
  Arena* arena;
};

struct FuturePending final : Pending {
  FuturePending(Message m, Arena& a)
      : Pending(std::move(m)), arena(a), promise(std::allocator_arg, ArenaAllocator<char>(a)) {}
  static std::unique_ptr<FuturePending> make(Message message) {
    auto* const arena = new Arena;
    return std::unique_ptr<FuturePending>(new (*arena) FuturePending(std::move(message), *arena));
  }
  void answer(Result<Delivery>&& result) override { promise.set_value(std::move(result)); }

  static void* operator new(std::size_t size, Arena& a) {
    static_assert(sizeof(FuturePending) <= Arena::kSize);
    return a.take(size);
  }
  static void operator delete(void*, Arena& a) { a.give(); }
  static void operator delete(FuturePending* self, std::destroying_delete_t) {
    Arena& a = self->arena;
    self->~FuturePending();
    a.give();
  }

  Arena& arena;
  std::promise<Result<Delivery>> promise;
};

std::future<Result<Delivery>> send_for_future(ProducerCore& core, Message message) {
  auto pending = FuturePending::make(std::move(message));
  auto future = pending->promise.get_future();
  if (auto accepted = core.send(std::move(pending), kForAsLongAsItTakes); !accepted) {
    std::promise<Result<Delivery>> refused;
    refused.set_value(std::unexpected(accepted.error()));
    return refused.get_future();
  }
  return future;
}

Error closed() { return moved_from("producer"); }

}  // namespace

Producer::Producer(std::unique_ptr<ProducerCore> core) : core_(std::move(core)) {}
Producer::Producer(Producer&&) noexcept = default;
Producer& Producer::operator=(Producer&& other) noexcept {
  ProducerCore::retire(std::exchange(core_, std::move(other.core_)));
  return *this;
}
Producer::~Producer() { ProducerCore::retire(std::move(core_)); }

Result<Producer> Producer::open(ProducerConfig config) {
  const bool transactional = config.transactional_id.has_value();
  auto core = ProducerCore::open(std::move(config), 0ms);
  if (!core) return std::unexpected(core.error());
  if (transactional)
    if (auto ready = (*core)->init_transactions(30s); !ready) return std::unexpected(ready.error());
  return Producer(*std::move(core));
}

Result<Delivery> Producer::send(Message message) {
  if (!core_) return std::unexpected(closed());
  return send_for_future(*core_, std::move(message)).get();
}

std::vector<Result<Delivery>> Producer::send_all(std::span<const Message> messages) {
  std::vector<Result<Delivery>> results;
  if (!core_) return std::vector<Result<Delivery>>(messages.size(), std::unexpected(closed()));
  std::vector<std::future<Result<Delivery>>> futures;
  futures.reserve(messages.size());
  for (const auto& message : messages) futures.push_back(send_for_future(*core_, message));
  results.reserve(messages.size());
  for (auto& future : futures) results.push_back(future.get());
  return results;
}

Result<> Producer::run_transaction(const std::function<Result<>(Transaction&)>& body) {
  if (!core_) return std::unexpected(closed());
  if (auto begun = core_->begin_transaction(); !begun) return begun;
  Transaction transaction(*core_);
  Result<> result = guarded([&] { return body(transaction); });
  if (result) result = core_->commit_transaction();
  if (!result && !result.error().fatal)
    if (auto aborted = core_->abort_transaction(); !aborted) return aborted;
  return result;
}

Result<> Transaction::send(Message message) {
  // Whether it arrived is what the commit says: it fails when any of its messages has.
  return core_.send(std::move(message), [](const Message&, const Result<Delivery>&) {}, kForAsLongAsItTakes);
}

Result<> Producer::close(milliseconds timeout) { return core_ ? core_->close(timeout) : Result<>{}; }

AsyncProducer::AsyncProducer(std::unique_ptr<ProducerCore> core, DeliveryHandler handler)
    : core_(std::move(core)),
      handler_(handler ? std::make_shared<const DeliveryHandler>(std::move(handler)) : nullptr) {}
AsyncProducer::AsyncProducer(AsyncProducer&&) noexcept = default;
AsyncProducer& AsyncProducer::operator=(AsyncProducer&& other) noexcept {
  ProducerCore::retire(std::exchange(core_, std::move(other.core_)));
  handler_ = std::move(other.handler_);
  return *this;
}
AsyncProducer::~AsyncProducer() { ProducerCore::retire(std::move(core_)); }

Result<AsyncProducer> AsyncProducer::open(ProducerConfig config, DeliveryHandler handler) {
  auto core = ProducerCore::open(std::move(config), 5ms);
  if (!core) return std::unexpected(core.error());
  return AsyncProducer(*std::move(core), std::move(handler));
}

Result<> AsyncProducer::send(Message message, milliseconds room_within) {
  if (!core_) return std::unexpected(closed());
  const auto tell = [handler = handler_](const Message& m, const Result<Delivery>& r) {
    if (handler) (*handler)(m, r);
  };
  return core_->send(std::move(message), tell, room_within);
}

Result<> AsyncProducer::send(Message message, DeliveryHandler handler, milliseconds room_within) {
  if (!core_) return std::unexpected(closed());
  const auto tell = [handler = std::move(handler)](const Message& m, const Result<Delivery>& r) {
    if (handler) handler(m, r);
  };
  return core_->send(std::move(message), tell, room_within);
}

std::future<Result<Delivery>> AsyncProducer::send_future(Message message) {
  if (core_) return send_for_future(*core_, std::move(message));
  std::promise<Result<Delivery>> refused;
  refused.set_value(std::unexpected(closed()));
  return refused.get_future();
}

Result<> AsyncProducer::flush(milliseconds timeout) { return core_ ? core_->flush(timeout) : Result<>{}; }
Result<> AsyncProducer::close(milliseconds timeout) { return core_ ? core_->close(timeout) : Result<>{}; }

}  // namespace thalweg::client
