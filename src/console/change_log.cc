#include "console/change_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/number.h"
#include "metadata/image_builder.h"

namespace thalweg::console {
namespace {

using metadata::Image;
using metadata::ResourceType;

// What two images differ in, in the order in which it is told.
class Differences {
 public:
  Differences(const Image& from, const Image& to, Timestamp now) : from_(from), to_(to), now_(now) {
    const auto delta = metadata::diff(from, to);
    for (const auto& [id, topic] : delta.topics_deleted)
      add(ResourceKind::kTopic, topic->name, topic->name + " is deleted");
    for (const auto& [id, name] : delta.topics_created) add_created(id);
    add_grown(delta);
    for (const auto& resource : delta.configs) add_options(resource);
    for (const auto id : delta.brokers) add_broker(id);
  }
  std::vector<Change> take() { return std::move(changes_); }

 private:
  void add(ResourceKind kind, std::string name, std::string sentence) {
    changes_.push_back({.at = now_,
                        .after = {},
                        .source = ChangeSource::kCluster,
                        .kind = kind,
                        .name = std::move(name),
                        .sentence = std::move(sentence),
                        .by = {},
                        .refused = {},
                        .gone = false});
  }

  void add_created(Uuid id) {
    const auto topic = to_.topic(id);
    if (!topic) return;
    const auto count = topic->partitions.size();
    add(ResourceKind::kTopic, topic->name,
        fmt::format("{} is created, with {} {}", topic->name, count, count == 1 ? "partition" : "partitions"));
  }

  void add_grown(const metadata::Delta& delta) {
    Uuid last;
    for (const auto& [id, partition] : delta.partitions) {
      if (id == last) continue;
      last = id;
      const auto before = from_.topic(id), now = to_.topic(id);
      if (!before || !now || before->partitions.size() == now->partitions.size()) continue;
      add(ResourceKind::kTopic, now->name,
          fmt::format("{} has {} partitions instead of {}", now->name, now->partitions.size(),
                      before->partitions.size()));
    }
  }

  // With its topic a topic's options come and go.
  void add_options(const metadata::ConfigResource& resource) {
    if (resource.type == ResourceType::kTopic && (!from_.topic(resource.name) || !to_.topic(resource.name))) return;
    const auto &before = from_.configs(resource), &now = to_.configs(resource);
    for (const auto& [option, value] : now)
      if (const auto old = before.find(option); old == before.end() || old->second != value)
        add_option(resource, option, value, old == before.end() ? nullptr : &old->second);
    for (const auto& [option, value] : before)
      if (!now.contains(option)) add_option(resource, option, {}, &value);
  }

  void add_option(const metadata::ConfigResource& resource, const std::string& option,
                  const std::optional<std::string>& value, const std::string* before) {
    // A password is nobody's business, and one that is not known may be one.
    const auto shown = [&](const std::string& text) {
      return is_secret(resource.type, option) ? std::string("another") : text.substr(0, ChangeLog::kTextMax);
    };
    std::string sentence = fmt::format("{} of {} ", option, in_words(resource));
    if (!value)
      sentence += fmt::format("is {} no more: it is what the next layer says", shown(*before));
    else if (before)
      sentence += fmt::format("is {} instead of {}", shown(*value), shown(*before));
    else
      sentence += fmt::format("is set to {}", shown(*value));
    add(kind_of(resource.type), resource.name, std::move(sentence));
  }

  void add_broker(BrokerId id) {
    const auto *before = from_.broker(id), *now = to_.broker(id);
    const auto tell = [&](std::string_view what) {
      add(ResourceKind::kBroker, to_string(id), fmt::format("broker {} {}", id.value, what));
    };
    if (!before && now) tell("is registered");
    if (before && !now) tell("is removed");
    if (!before || !now) return;
    if (!before->fenced && now->fenced) tell("is gone");
    if (before->fenced && !now->fenced) tell("is there");
    if (!before->in_controlled_shutdown && now->in_controlled_shutdown) tell("is stopping");
  }

  static bool is_secret(ResourceType type, std::string_view option) {
    return (type == ResourceType::kBroker || type == ResourceType::kUnknown) && option.ends_with("password");
  }
  static ResourceKind kind_of(ResourceType type) {
    return type == ResourceType::kTopic    ? ResourceKind::kTopic
           : type == ResourceType::kGroup  ? ResourceKind::kGroup
           : type == ResourceType::kBroker ? ResourceKind::kBroker
                                           : ResourceKind::kCluster;
  }
  static std::string in_words(const metadata::ConfigResource& resource) {
    if (resource.type == ResourceType::kBroker)
      return resource.name.empty() ? "all brokers" : "broker " + resource.name;
    return resource.name;
  }

  const Image &from_, &to_;
  const Timestamp now_;
  std::vector<Change> changes_;
};

bool is_gone(const Change& change, const Image& image) {
  if (change.kind == ResourceKind::kTopic) return !image.topic(std::string_view(change.name));
  if (change.kind != ResourceKind::kBroker) return false;
  const auto id = parse_number<std::int32_t>(change.name);
  return id && !image.broker(BrokerId{*id});
}

void cut(std::string& text, std::size_t max) {
  if (text.size() <= max) return;
  std::size_t end = max;
  while (end > 0 && (std::uint8_t(text[end]) & 0xc0) == 0x80) --end;  // not within a character
  text.resize(end);
  text += "…";
}

}  // namespace

void ChangeLog::go_on_from(metadata::ImagePtr image, Timestamp at) {
  seen_ = std::move(image);
  after_ = at;
}

std::vector<Change> ChangeLog::look(metadata::ImagePtr image, Timestamp now) {
  if (since_ == kNoTimestamp) since_ = now;
  // What is published may be a little behind what was applied, which somebody else looked at.
  if (seen_ && image->index() <= seen_->index()) return {};
  std::vector<Change> changes;
  if (seen_) changes = Differences(*seen_, *image, now).take();
  const auto after = std::exchange(after_, kNoTimestamp);
  for (auto& change : changes) {
    // A clock that was set back tells nothing of when it was.
    if (after != kNoTimestamp && after < now) change.after = after;
    change = add(std::move(change));
  }
  seen_ = std::move(image);
  if (changes.size() > kKept) changes.erase(changes.begin(), changes.end() - kKept);
  return changes;
}

const Change& ChangeLog::add(Change change) {
  for (auto* text : {&change.name, &change.sentence}) cut(*text, kSentenceMax);
  for (auto* text : {&change.by, &change.refused})
    if (*text) cut(**text, kTextMax);
  changes_.push_front(std::move(change));
  if (changes_.size() > kKept) {
    changes_.pop_back();
    since_ = changes_.back().at;
  }
  return changes_.front();
}

void ChangeLog::add_earlier(std::vector<Change> changes, Timestamp since) {
  if (since != kNoTimestamp) since_ = since;
  for (auto& change : changes) {
    if (changes_.size() == kKept) {
      since_ = changes_.back().at;
      return;
    }
    changes_.push_back(std::move(change));
  }
}

ChangeList ChangeLog::list(Timestamp now) const {
  ChangeList list{.since = since_, .as_of = now, .items = {changes_.begin(), changes_.end()}};
  for (auto& change : list.items) {
    change.gone = seen_ && is_gone(change, *seen_);
    // Where the clock was set back, what was seen later bears an earlier time.
    list.since = std::min(list.since, change.at);
  }
  return list;
}

}  // namespace thalweg::console
