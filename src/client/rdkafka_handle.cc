#include "client/rdkafka_handle.h"

#include <syslog.h>

#include <cstdio>
#include <string_view>

#include "base/nearest.h"

namespace thalweg::client {
namespace {

// Everything that may be set, for "did you mean". Also what is null by default has a row in librdkafka's own table of
// options, but only the table's text form shows it.
std::vector<std::string> known_options() {
  std::vector<std::string> names{
      "bootstrap.servers", "group.id",         "group.instance.id", "transactional.id",         "client.rack",
      "sasl.username",     "sasl.password",    "ssl.ca.location",   "ssl.certificate.location", "ssl.key.location",
      "ssl.key.password",  "compression.type", "auto.offset.reset"};
  const auto add = [&](const char** pairs, std::size_t count) {
    for (std::size_t i = 0; i + 1 < count; i += 2) names.emplace_back(pairs[i]);
    rd_kafka_conf_dump_free(pairs, count);
  };
  std::unique_ptr<rd_kafka_conf_t, Destroy<rd_kafka_conf_t, rd_kafka_conf_destroy>> conf(rd_kafka_conf_new());
  std::size_t count = 0;
  add(rd_kafka_conf_dump(conf.get(), &count), count);
  auto* topic = rd_kafka_topic_conf_new();
  add(rd_kafka_topic_conf_dump(topic, &count), count);
  rd_kafka_topic_conf_destroy(topic);
  return names;
}

bool worth_another_try(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__NO_OFFSET:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
    case RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED:
      return true;
    default:
      return false;
  }
}

// What people run into most, with what to do.
const char* advice(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
      return "; no broker acknowledged it within delivery_timeout: is bootstrap.servers right, is the broker up?";
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
      return "; is bootstrap.servers right, is the broker up? The client goes on trying";
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return "; create the topic, or look for a misspelt name";
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      return "; raise message.max.bytes here and max.message.bytes of the topic, or send less";
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
      return "; the producer was closed before the broker had answered";
    default:
      return "";
  }
}

}  // namespace

std::string_view Error::name() const { return rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(code)); }

Error error_of(rd_kafka_resp_err_t code, const std::string& what) {
  return {.code = code,
          .message = what + ": " + rd_kafka_err2str(code) + advice(code),
          .retriable = worth_another_try(code),
          .fatal = code == RD_KAFKA_RESP_ERR__FATAL || code == RD_KAFKA_RESP_ERR__FENCED};
}

Error error_of(rd_kafka_error_t* error, const std::string& what) {
  Error ours{.code = rd_kafka_error_code(error),
             .message = what + ": " + rd_kafka_error_string(error),
             .retriable = rd_kafka_error_is_retriable(error) != 0,
             .abortable = rd_kafka_error_txn_requires_abort(error) != 0,
             .fatal = rd_kafka_error_is_fatal(error) != 0};
  rd_kafka_error_destroy(error);
  return ours;
}

std::optional<bool> is_cooperative(rd_kafka_t* consumer) {
  const char* const protocol = rd_kafka_rebalance_protocol(consumer);
  if (!protocol) return std::nullopt;
  return std::string_view(protocol) == "COOPERATIVE";
}

Error error_from_callback(rd_kafka_t* handle, int code, const char* reason) {
  if (code != RD_KAFKA_RESP_ERR__FATAL) {
    Error error = error_of(static_cast<rd_kafka_resp_err_t>(code), "client");
    error.message = std::string(reason ? reason : "") + advice(static_cast<rd_kafka_resp_err_t>(code));
    return error;
  }
  char text[512];
  Error error = error_of(rd_kafka_fatal_error(handle, text, sizeof text), "client");
  error.message = text;
  error.fatal = true;
  return error;
}

Conf::Conf() : conf_(rd_kafka_conf_new()) {
  // Its own lines on standard error only where something is broken; what matters comes as an error.
  rd_kafka_conf_set_log_cb(conf_.get(), [](const rd_kafka_t*, int level, const char*, const char* text) {
    if (level <= LOG_CRIT) std::fprintf(stderr, "thalweg-client: %s\n", text);
  });
}

void Conf::set(const std::string& name, const std::string& value) {
  char why[512];
  const auto result = rd_kafka_conf_set(conf_.get(), name.c_str(), value.c_str(), why, sizeof why);
  if (result == RD_KAFKA_CONF_OK) return;
  mistakes_.push_back(
      result == RD_KAFKA_CONF_UNKNOWN ? "there is no option " + name + did_you_mean(name, known_options()) : why);
}

Properties connection_of(const Properties& properties) {
  Properties connection;
  for (const auto& [name, value] : properties)
    for (const auto* of_it : {"security.", "sasl.", "ssl.", "client.", "enable.ssl.", "broker.address.", "socket."})
      if (name.starts_with(of_it)) connection[name] = value;
  return connection;
}

void Conf::set_all(const Properties& properties) {
  for (const auto& [name, value] : properties) set(name, value);
}

Result<Handle> Conf::open(rd_kafka_type_t type) {
  set("log.queue", "false");  // no queue is set for them, and they would heap up
  if (mistakes_.empty()) {
    char why[512];
    if (rd_kafka_t* handle = rd_kafka_new(type, conf_.get(), why, sizeof why)) {
      conf_.release();
      return Handle(handle);
    }
    mistakes_.emplace_back(why);
  }
  std::string all;
  for (const auto& mistake : mistakes_) all += (all.empty() ? "" : "; ") + mistake;
  return std::unexpected(Error{.code = RD_KAFKA_RESP_ERR__INVALID_ARG, .message = "configuration: " + all});
}

Headers headers_of(const rd_kafka_message_t& message) {
  Headers headers;
  rd_kafka_headers_t* list = nullptr;
  if (rd_kafka_message_headers(&message, &list) != RD_KAFKA_RESP_ERR_NO_ERROR) return headers;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(list, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
    headers.add(name, value ? std::optional(std::string(static_cast<const char*>(value), size)) : std::nullopt);
  return headers;
}

Timestamp timestamp_of(const rd_kafka_message_t& message) {
  rd_kafka_timestamp_type_t type;
  return Timestamp(milliseconds(rd_kafka_message_timestamp(&message, &type)));
}

}  // namespace thalweg::client
