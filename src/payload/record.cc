#include "thalweg/client/record.h"

#include "thalweg/client/serde.h"

namespace thalweg::client {

std::optional<std::string_view> Headers::last(std::string_view name) const {
  for (auto header = list_.rbegin(); header != list_.rend(); ++header)
    if (header->name == name) return header->value ? std::optional<std::string_view>(*header->value) : std::nullopt;
  return std::nullopt;
}

Record::Record(const Message& message, std::int64_t offset) {
  auto* copy = new Message(message);
  auto data = std::make_shared<RecordData>();
  data->owner = {copy, [](const void* p) { delete static_cast<const Message*>(p); }};
  data->topic = std::make_shared<const std::string>(message.topic);
  data->partition = message.partition.value_or(0);
  data->offset = offset;
  data->timestamp = message.timestamp.value_or(Timestamp{});
  data->key = copy->key;
  data->value = copy->value;
  data->headers = copy->headers;
  data_ = std::move(data);
}

std::string Record::where() const {
  return topic() + "-" + std::to_string(partition()) + "@" + std::to_string(offset());
}

Serde<std::string> SerdeOf<std::string>::make() {
  return {"string",
          [](const std::string& value, std::string& out, const SerdeContext&) -> Result<> {
            out += value;
            return {};
          },
          [](std::string_view bytes, const SerdeContext&) -> Result<std::string> { return std::string(bytes); }};
}

namespace detail {
std::unexpected<Error> serde_threw(std::string_view serde, std::string_view what, int code) {
  return std::unexpected(
      Error{.code = code, .message = std::string("the serde ").append(serde).append(" threw: ").append(what)});
}

std::unexpected<Error> wrong_length(std::string_view type, std::size_t want, std::size_t got) {
  return bad_bytes(std::string(type) + " has " + std::to_string(want) + " bytes, here are " + std::to_string(got));
}

std::unexpected<Error> null_value(std::string_view where, std::string_view what, std::string_view serde) {
  std::string message(where);
  message.append(": the ").append(what).append(" is null where ").append(serde);
  return bad_bytes(message.append(" was expected; ask for std::optional<...> where null is allowed"));
}
}  // namespace detail

}  // namespace thalweg::client
