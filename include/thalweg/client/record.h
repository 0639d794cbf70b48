// What is sent and what is read. Bytes are std::string and std::string_view, absence is std::nullopt, everywhere.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "thalweg/client/result.h"

namespace thalweg::client {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Timestamp = std::chrono::sys_time<milliseconds>;

// Kafka's own option names, as librdkafka reads them. They win over the fields beside them.
using Properties = std::map<std::string, std::string>;

struct TopicPartition {
  std::string topic;
  std::int32_t partition = 0;
  auto operator<=>(const TopicPartition&) const = default;
};

struct Header {
  std::string name;
  std::optional<std::string> value;
  bool operator==(const Header&) const = default;
};

// In the order they were added; names may repeat, as in Kafka.
class THALWEG_EXPORT Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> headers) : list_(headers) {}
  Headers& add(std::string name, std::optional<std::string> value) {
    list_.push_back({std::move(name), std::move(value)});
    return *this;
  }
  // The value of the last header of that name; nothing when there is none or its value is null.
  std::optional<std::string_view> last(std::string_view name) const;
  std::size_t size() const { return list_.size(); }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }
  bool operator==(const Headers&) const = default;

 private:
  std::vector<Header> list_;
};

template <class T>
class Serde;
template <class T>
Serde<T> serde_of();

// To be sent; owns its bytes. Without a partition the key decides, by Kafka's murmur2.
struct Message {
  std::string topic;
  std::optional<std::string> key = {}, value = {};
  Headers headers = {};
  std::optional<std::int32_t> partition = {};
  std::optional<Timestamp> timestamp = {};
};

// Where the broker put a message. The offset is -1 with acks=0, where nobody says.
struct Delivery {
  TopicPartition where;
  std::int64_t offset = -1;
  Timestamp timestamp{};
};

// What a record is made of; `owner` keeps alive what key and value point into.
struct RecordData {
  std::shared_ptr<const std::string> topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  Timestamp timestamp{};
  std::optional<std::string_view> key = {}, value = {};
  Headers headers = {};
  std::unique_ptr<const void, void (*)(const void*)> owner{nullptr, [](const void*) {}};
};

// A record that was read. A shared handle: views into it live as long as any copy of it.
class THALWEG_EXPORT Record {
 public:
  explicit Record(std::shared_ptr<const RecordData> data) : data_(std::move(data)) {}
  // One that owns copies of its bytes, for tests of handlers.
  explicit Record(const Message& message, std::int64_t offset = 0);

  const std::string& topic() const { return *data_->topic; }
  std::int32_t partition() const { return data_->partition; }
  std::int64_t offset() const { return data_->offset; }
  Timestamp timestamp() const { return data_->timestamp; }
  std::optional<std::string_view> key() const { return data_->key; }
  std::optional<std::string_view> value() const { return data_->value; }
  const Headers& headers() const { return data_->headers; }

  // Decoded. A key or value that is null is an error unless T is a std::optional.
  template <class T>
  Result<T> key_as(const Serde<T>& serde = serde_of<T>()) const {
    return decode(serde, key(), true);
  }
  template <class T>
  Result<T> as(const Serde<T>& serde = serde_of<T>()) const {
    return decode(serde, value(), false);
  }
  std::string where() const;  // "orders-3@17", for messages to people

 private:
  template <class T>
  Result<T> decode(const Serde<T>& serde, std::optional<std::string_view> bytes, bool is_key) const;
  std::shared_ptr<const RecordData> data_;
};

}  // namespace thalweg::client
