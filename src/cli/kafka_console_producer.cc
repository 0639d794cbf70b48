// kafka-console-producer: lines of standard input become records.
#include <fmt/format.h>

#include "cli/console_tool.h"
#include "cli/java_errors.h"
#include "cli/line_reader.h"

namespace thalweg::cli {

OptionParser kafka_console_producer_options() {
  OptionParser p;
  p.value("bootstrap-server", "String: server to connect to",
          "REQUIRED: brokers to connect to first, host:port, separated by commas.");
  p.alias("broker-list", "bootstrap-server");
  p.value("topic", "String: topic", "REQUIRED: the topic to write to.");
  p.flag("sync", "Wait for each record before the next is read.");
  p.optional_value("compression-codec", "String: compression-codec",
                   "none, gzip, snappy, lz4 or zstd; gzip when given without a value.");
  p.integer("batch-size", "Integer: size", "Bytes that one batch of a partition may have. (default: 16384)");
  p.integer("max-partition-memory-bytes", "Integer: memory in bytes per partition",
            "(Deprecated) The same as --batch-size.");
  p.integer("message-send-max-retries", "Integer",
            "Accepted; records are tried again until delivery.timeout.ms. (default: 3)");
  p.integer("retry-backoff-ms", "Long", "Pause before a request is tried again. (default: 100)");
  p.integer("timeout", "Long: timeout_ms",
            "Accepted; batches leave as soon as the one before has arrived. (default: 1000)");
  p.value("request-required-acks", "String: request required acks", "0, 1, or all (-1). (default: -1)");
  p.integer("request-timeout-ms", "Integer: request timeout ms", "How long one request may take. (default: 1500)");
  p.integer("metadata-expiry-ms", "Long: metadata expiration interval", "Accepted. (default: 300000)");
  p.integer("max-block-ms", "Long: max block on send", "How long to wait for the topic to appear. (default: 60000)");
  p.integer("max-memory-bytes", "Long: total memory in bytes", "Bytes that may wait to be sent. (default: 33554432)");
  p.integer("socket-buffer-size", "Integer: size", "Accepted. (default: 102400)");
  p.value("line-reader", "String: reader_class", "Only the default, org.apache.kafka.tools.LineMessageReader.");
  p.values(
      "reader-property", "String: prop",
      "How lines are read, with defaults: parse.key=false, parse.headers=false, ignore.error=false, key.separator=\\t, "
      "headers.delimiter=\\t, headers.separator=',', headers.key.separator=':', null.marker (none).");
  p.values("property", "String: prop", "(DEPRECATED) The same as --reader-property.");
  p.value("reader-config", "String: config file", "Properties file for the reader; --reader-property goes before it.");
  p.values("command-property", "String: producer_prop", "A setting of the producer as key=value.");
  p.values("producer-property", "String: producer_prop", "(DEPRECATED) The same as --command-property.");
  p.value("command-config", "String: config file", "Properties file with settings of the producer.");
  p.value("producer.config", "String: config file", "(DEPRECATED) The same as --command-config.");
  p.flag("help", "Print usage information.").flag("version", "Display Kafka version.");
  return p;
}

namespace {

constexpr Renamed kRenamedOptions[] = {
    {"property", "reader-property"}, {"producer-property", "command-property"}, {"producer.config", "command-config"}};

// What is wrong with the combination of options, or empty.
std::string misuse_of_producer(const Options& options) {
  for (const char* required : {"topic", "bootstrap-server"})
    if (!options.has(required)) return fmt::format("Missing required argument \"[{}]\"", required);
  return given_twice(options, kRenamedOptions);
}

Result<std::int64_t> number(const Options& options, const std::string& option, const Properties& properties,
                            const std::string& property, std::int64_t otherwise) {
  // An option given beats a property, as in Kafka's tool; both beat the default.
  const std::string text =
      options.value(option).value_or(find(properties, property).value_or(std::to_string(otherwise)));
  const auto value = parse_integer(text);
  if (!value) return invalid_setting(property, text, "Not a number of type LONG");
  return *value;
}

Result<admin::ProducerOptions> producer_options(const Options& options, const Properties& properties) {
  admin::ProducerOptions out;
  std::string acks = options.value("request-required-acks").value_or(find(properties, "acks").value_or("-1"));
  if (acks == "all") acks = "-1";
  if (acks != "-1" && acks != "0" && acks != "1")
    return invalid_setting("acks", acks, "String must be one of: all, -1, 0, 1");
  out.acks = static_cast<std::int16_t>(*parse_integer(acks));
  out.idempotent = find(properties, "enable.idempotence").value_or("true") == "true";
  std::string codec = find(properties, "compression.type").value_or("none");
  if (options.has("compression-codec")) codec = options.value_or("compression-codec", "gzip");
  const auto known = record::codec_from_name(codec);
  if (!known) return invalid_setting("compression.type", codec, "String must be one of: none, gzip, snappy, lz4, zstd");
  out.codec = *known;
  TRY(const auto batch, number(options, options.has("batch-size") ? "batch-size" : "max-partition-memory-bytes",
                               properties, "batch.size", 16384));
  TRY(const auto memory, number(options, "max-memory-bytes", properties, "buffer.memory", 32 * 1024 * 1024));
  TRY(const auto block, number(options, "max-block-ms", properties, "max.block.ms", 60'000));
  TRY(const auto delivery, number(options, "", properties, "delivery.timeout.ms", 120'000));
  out.batch_size = static_cast<std::size_t>(std::max<std::int64_t>(batch, 1));
  out.buffer_size = static_cast<std::size_t>(std::max<std::int64_t>(memory, 1));
  out.max_block = Millis(block);
  out.delivery_timeout = Millis(delivery);
  return out;
}

Result<Properties> reader_properties(Terminal& terminal, const Options& options) {
  return client_properties(terminal, options, {"reader-config"}, {"property", "reader-property"});
}

// What to say about a record that was not delivered; the tool goes on.
void report_loss(Terminal& terminal, const admin::Message& message, const Error& error) {
  const std::string key = message.key ? fmt::format("{} bytes", message.key->size()) : "null";
  const std::string value = message.value ? fmt::format("{} bytes", message.value->size()) : "null";
  terminal.err(fmt::format("ERROR Error when sending message to topic {} with key: {}, value: {} with error:\n{}\n",
                           message.topic, key, value, exception_text(error)));
}

Task<int> pump(Context context, std::shared_ptr<admin::Producer> producer, LineReader reader, std::string topic,
               bool sync) {
  Terminal& terminal = context.terminal;
  const bool prompt = terminal.in_is_terminal();
  for (;;) {
    if (prompt) terminal.out(">");
    if (prompt) terminal.flush();
    const auto line = co_await terminal.read_line();
    if (!line) break;
    auto message = reader.read(*line);
    if (!message) {
      co_await producer->flush();
      terminal.err("org.apache.kafka.common.KafkaException: " + message.error().message + "\n");
      co_return 1;
    }
    message->topic = topic;
    // Only sizes are told, so only those are kept.
    admin::Message sizes{
        .topic = topic, .partition = {}, .key = message->key, .value = message->value, .headers = {}, .timestamp = {}};
    OneShot<bool> answered;
    co_await producer->send(std::move(*message),
                            [&terminal, answered, sizes = std::move(sizes)](Result<admin::Delivery> outcome) {
                              if (!outcome) report_loss(terminal, sizes, outcome.error());
                              answered.set(true);
                            });
    if (sync) co_await answered.wait();
  }
  co_await producer->close();
  co_return terminal.stop_wanted() ? 130 : 0;
}

}  // namespace

Task<int> kafka_console_producer(Context context, Arguments arguments) {
  const OptionParser known = kafka_console_producer_options();
  Terminal& terminal = context.terminal;
  const auto options = known.parse(arguments);
  if (!options) co_return fail_to_parse(terminal, known, options.error());
  if (const auto code = answer_at_once(terminal, known, arguments, *options,
                                       "This tool helps to read data from standard input and publish it to Kafka."))
    co_return *code;
  if (const std::string text = misuse_of_producer(*options); !text.empty())
    co_return usage_error(terminal, known, text);
  warn_of_old_names(terminal, *options, kRenamedOptions, "Warning:");
  if (options->has("max-partition-memory-bytes"))
    terminal.out(
        "Warning: --max-partition-memory-bytes is deprecated and will be removed in Apache Kafka 5.0. Use --batch-size "
        "instead.\n");
  if (options->has("line-reader") && !options->value("line-reader")->ends_with("LineMessageReader"))
    co_return fail_plainly(terminal, Error{ErrorCode::kInvalidRequest, "Only the LineMessageReader is available, not " +
                                                                           *options->value("line-reader")});

  const auto properties = client_properties(terminal, *options, {"producer.config", "command-config"},
                                            {"producer-property", "command-property"});
  if (!properties) co_return fail_plainly(terminal, properties.error());
  if (const auto fine = check_properties(terminal, ClientKind::kProducer, *properties); !fine)
    co_return fail_plainly(terminal, fine.error());
  auto client_settings = client_options(*options->value("bootstrap-server"), *properties, "console-producer");
  if (!client_settings) co_return fail_plainly(terminal, client_settings.error());
  const auto producer_settings = producer_options(*options, *properties);
  if (!producer_settings) co_return fail_plainly(terminal, producer_settings.error());
  const auto reading = reader_properties(terminal, *options);
  if (!reading) co_return fail_plainly(terminal, reading.error());
  const auto reader = LineReader::create(*reading);
  if (!reader) co_return fail_plainly(terminal, reader.error());

  admin::Client client(context.shard, std::move(*client_settings));
  const auto producer = admin::Producer::create(client, *producer_settings);
  co_return co_await pump(context, producer, *reader, *options->value("topic"), options->has("sync"));
}

}  // namespace thalweg::cli
