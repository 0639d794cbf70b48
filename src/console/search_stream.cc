#include "console/search_stream.h"

#include <utility>

#include "broker/broker_shard.h"
#include "search/cursor.h"

namespace thalweg::console {
namespace {

constexpr Instant kEachPiece = Millis(40), kEachPartitions = Millis(250), kSearchMax = std::chrono::seconds(300);
constexpr std::size_t kRecordsOfPiece = 50;

template <class Items>
std::string array_of(const Items& items) {
  std::string text = "[";
  for (const auto& item : items) {
    if (text.size() > 1) text += ',';
    append_json(text, item);
  }
  return text + "]";
}

std::string array_of(const std::vector<std::int32_t>& numbers) {
  std::string text = "[";
  for (const auto number : numbers) text.append(text.size() > 1 ? "," : "").append(std::to_string(number));
  return text + "]";
}

void append_event(std::string& out, std::string_view event, std::string_view data, std::string_view id = {}) {
  if (!id.empty()) out.append("id: ").append(id).append("\n");
  out.append("event: ").append(event).append("\ndata: ").append(data).append("\n\n");
}

class SearchStream : public http::BodyStream {
 public:
  SearchStream(const Call& call, std::unique_ptr<BegunSearch> begun)
      : call_(call), clock_(call.broker().shard0().clock), begun_(std::move(begun)), began_(clock_.now()) {}

  Task<Result<std::string>> next() override {
    std::string piece;
    if (done_) co_return piece;
    std::vector<FoundRecord> found;
    const std::size_t wanted = std::min(kRecordsOfPiece, begun_->limit - sent_);
    auto end = co_await look_on_until(call_, *begun_, wanted, later(clock_.now(), kEachPiece), found);
    sent_ += found.size();
    if (end == SearchEnd::kMatches && sent_ < begun_->limit) end.reset();
    if (!end && clock_.now() - began_ >= kSearchMax) end = SearchEnd::kTime;
    if (!std::exchange(said_elsewhere_, true)) append_event(piece, "elsewhere", array_of(unreached_in(*begun_)));
    if (!found.empty()) append_event(piece, "records", array_of(found), cursor());
    if (end) {
      finish(piece, *end);
      co_return piece;
    }
    std::string progress;
    append_json(progress, progress_of(begun_->search.plan()));
    append_event(piece, "progress", progress);
    if (clock_.now() - said_partitions_ >= kEachPartitions) {
      said_partitions_ = clock_.now();
      append_event(piece, "partitions", array_of(partitions_of(*begun_)), cursor());
    }
    co_return piece;
  }

 private:
  std::string cursor() const { return search::encode(begun_->search.cursor()); }
  void finish(std::string& piece, SearchEnd why) {
    done_ = true;
    const auto answer = answer_of(*begun_, why);
    std::string text;
    append_json(text, answer);
    append_event(piece, "done", text, answer.cursor.value_or(""));
  }

  const Call call_;
  Clock& clock_;
  const std::unique_ptr<BegunSearch> begun_;
  const Instant began_;
  Instant said_partitions_{};
  std::size_t sent_ = 0;
  bool done_ = false, said_elsewhere_ = false;
};

}  // namespace

std::unique_ptr<http::BodyStream> stream_of(const Call& call, std::unique_ptr<BegunSearch> begun) {
  return std::make_unique<SearchStream>(call, std::move(begun));
}

}  // namespace thalweg::console
