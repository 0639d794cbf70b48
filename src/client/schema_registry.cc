#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>

#include "client/http_request.h"
#include "thalweg/client/registry.h"

namespace thalweg::client {
namespace {

using Clock = std::chrono::steady_clock;

const char* name_of(SchemaType type) {
  return type == SchemaType::kJson ? "JSON" : type == SchemaType::kProtobuf ? "PROTOBUF" : "AVRO";
}

SchemaType type_of(const Json& json) {
  const auto name = json.value("schemaType", "AVRO");
  return name == "JSON" ? SchemaType::kJson : name == "PROTOBUF" ? SchemaType::kProtobuf : SchemaType::kAvro;
}

// At most `most` entries; the oldest leaves first.
template <class K, class V>
class Bounded {
 public:
  std::optional<V> find(const K& key) const {
    const auto found = map_.find(key);
    return found == map_.end() ? std::nullopt : std::optional(found->second);
  }
  void put(const K& key, V value, std::size_t most) {
    if (map_.insert_or_assign(key, std::move(value)).second) order_.push_back(key);
    for (; map_.size() > std::max<std::size_t>(most, 1); order_.pop_front()) map_.erase(order_.front());
  }

 private:
  std::map<K, V> map_;
  std::deque<K> order_;
};

struct Latest {
  Schema schema;
  Clock::time_point asked;
};

// Never empty: nothing is one address that leads nowhere, as its error will say.
std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> urls;
  for (std::size_t from = 0; from <= list.size();) {
    const std::size_t to = std::min(list.find(',', from), list.size());
    std::string_view url = list.substr(from, to - from);
    while (url.starts_with(' ')) url.remove_prefix(1);
    while (url.ends_with('/') || url.ends_with(' ')) url.remove_suffix(1);
    if (!url.empty() || (to == list.size() && urls.empty())) urls.emplace_back(url);
    from = to + 1;
  }
  return urls;
}

}  // namespace

class RegistryCore {
 public:
  explicit RegistryCore(RegistryConfig c) : config(std::move(c)) {}

  // An error of the registry's own carries its number, as 40401, and its words.
  Result<Json> call(const std::string& method, const std::string& path, const std::optional<Json>& body = {}) const {
    HttpRequest request{.method = method, .headers = config.headers, .timeout = config.timeout};
    request.headers.try_emplace("Accept", "application/vnd.schemaregistry.v1+json");
    if (body) {
      auto text = detail::text_of(*body);
      if (!text) return std::unexpected(text.error());
      request.body = *std::move(text);
      request.headers.try_emplace("Content-Type", "application/vnd.schemaregistry.v1+json");
    }
    auto answer = reach(request, path);
    if (!answer) return std::unexpected(answer.error());
    auto json = detail::parse_json(answer->body);
    if (answer->status >= 200 && answer->status < 300) {
      if (!json)
        return std::unexpected(
            Error{.message = request.url + " does not answer as a schema registry: " + json.error().message});
      return json;
    }
    Error error{.code = static_cast<int>(answer->status),
                .message = request.url + ": HTTP " + std::to_string(answer->status),
                .retriable = answer->status >= 500 || answer->status == 429};
    if (json && json->is_object()) {
      if (json->contains("error_code") && (*json)["error_code"].is_number_integer())
        error.code = (*json)["error_code"].get<int>();
      if (error.code == 40901) error.code = 409;  // "incompatible" by its new number; users know the old one
      if (json->contains("message") && (*json)["message"].is_string())
        error.message += ": " + (*json)["message"].get<std::string>();
    }
    return std::unexpected(std::move(error));
  }

  // Of whoever can be reached, beginning with who was the last time. Nothing that is asked is harmed by being asked
  // twice: a schema that is there keeps its id.
  Result<HttpAnswer> reach(HttpRequest& request, const std::string& path) const {
    const std::size_t first = reached.load();
    for (std::size_t tried = 0;; ++tried) {
      const std::size_t at = (first + tried) % urls.size();
      request.url = urls[at] + path;
      auto answer = client::request(request);
      if (answer) reached = at;
      if (answer || tried + 1 == urls.size()) return answer;
    }
  }

  static Json body_of(std::string_view text, SchemaType type, const std::vector<SchemaReference>& references) {
    Json body{{"schema", text}};
    for (const auto& [name, subject, version] : references)
      body["references"].push_back({{"name", name}, {"subject", subject}, {"version", version}});
    if (type != SchemaType::kAvro)
      body["schemaType"] = name_of(type);  // left out is Avro, which registries before 5.5 insist on
    return body;
  }

  // A schema as GET and POST answer; what is left out is as asked for.
  static Result<Schema> schema_of(const Json& json, Schema schema) {
    if (!json.is_object()) return std::unexpected(Error{.message = "the registry's answer is not an object"});
    try {
      schema.id = json.value("id", schema.id);
      schema.version = json.value("version", schema.version);
      schema.subject = json.value("subject", schema.subject);
      schema.text = json.value("schema", schema.text);
      if (json.contains("schemaType")) schema.type = type_of(json);
      if (json.contains("references") && json["references"].is_array())
        for (const Json& refers : json["references"])
          schema.references.push_back(
              {refers.value("name", ""), refers.value("subject", ""), refers.value("version", 0)});
    } catch (const Json::exception& e) {
      return std::unexpected(Error{.message = std::string("the registry's answer cannot be read: ") + e.what()});
    }
    return schema;
  }

  Result<Schema> post(std::string_view subject, std::string_view text, SchemaType type,
                      const std::vector<SchemaReference>& references, const char* path_end) {
    std::string key = std::string(subject) + '\0' + path_end + '\0' + name_of(type) + '\0' + std::string(text);
    for (const auto& [name, at, version] : references) key += '\0' + name + '\0' + at + '\0' + std::to_string(version);
    {
      const std::lock_guard lock(mutex);
      if (auto known = by_text.find(key)) return *known;
    }
    auto json = call("POST", "/subjects/" + percent_encoded(subject) + path_end, body_of(text, type, references));
    if (!json) return std::unexpected(json.error());
    auto schema = schema_of(*json, {.subject = std::string(subject), .text = std::string(text), .type = type});
    if (!schema) return schema;
    if (schema->references.empty()) schema->references = references;
    if (schema->id <= 0) return std::unexpected(Error{.message = "the registry gave no id"});
    const std::lock_guard lock(mutex);
    by_text.put(key, *schema, config.cache);
    by_id.put(schema->id, *schema, config.cache);
    return schema;
  }

  RegistryConfig config;
  const std::vector<std::string> urls = split(config.url);
  mutable std::atomic<std::size_t> reached = 0;  // who was reached last
  std::mutex mutex;
  Bounded<std::string, Schema> by_text;
  Bounded<std::string, Latest> by_version;  // subject and version
  Bounded<int, Schema> by_id;
};

SchemaRegistry::SchemaRegistry(RegistryConfig config) : core_(std::make_shared<RegistryCore>(std::move(config))) {}

Result<Schema> SchemaRegistry::add(std::string_view subject, std::string_view text, SchemaType type,
                                   const std::vector<SchemaReference>& references) {
  return core_->post(subject, text, type, references, "/versions");
}
Result<Schema> SchemaRegistry::find(std::string_view subject, std::string_view text, SchemaType type,
                                    const std::vector<SchemaReference>& references) const {
  return core_->post(subject, text, type, references, "");
}

Result<Schema> SchemaRegistry::get(std::string_view subject, std::string_view version) const {
  const std::string key = std::string(subject) + '\0' + std::string(version);
  std::optional<Latest> known;
  {
    const std::lock_guard lock(core_->mutex);
    known = core_->by_version.find(key);
  }
  if (known && (version != "latest" || Clock::now() < known->asked + core_->config.latest_for)) return known->schema;
  auto json = core_->call("GET", "/subjects/" + percent_encoded(subject) + "/versions/" + percent_encoded(version));
  // Unreachable or out of order is not "there is none": what was true a while ago serves on.
  if (!json && json.error().retriable && known) return known->schema;
  if (!json) return std::unexpected(json.error());
  auto schema = RegistryCore::schema_of(*json, {.subject = std::string(subject)});
  if (!schema) return schema;
  const std::lock_guard lock(core_->mutex);
  core_->by_version.put(key, {*schema, Clock::now()}, core_->config.cache);
  core_->by_id.put(schema->id, *schema, core_->config.cache);
  return schema;
}

Result<Schema> SchemaRegistry::by_id(int id) const {
  {
    const std::lock_guard lock(core_->mutex);
    if (auto known = core_->by_id.find(id)) return *known;
  }
  auto json = core_->call("GET", "/schemas/ids/" + std::to_string(id));
  if (!json) return std::unexpected(json.error());
  auto schema = RegistryCore::schema_of(*json, {.id = id});
  if (!schema) return schema;
  schema->id = id;
  const std::lock_guard lock(core_->mutex);
  core_->by_id.put(id, *schema, core_->config.cache);
  return schema;
}

Result<std::vector<std::string>> SchemaRegistry::incompatibilities(
    std::string_view subject, std::string_view text, SchemaType type,
    const std::vector<SchemaReference>& references) const {
  auto json =
      core_->call("POST", "/compatibility/subjects/" + percent_encoded(subject) + "/versions/latest?verbose=true",
                  RegistryCore::body_of(text, type, references));
  if (!json) return std::unexpected(json.error());
  std::vector<std::string> reasons;
  if (!json->is_object() || json->value("is_compatible", Json(true)) == Json(true)) return reasons;
  if (json->contains("messages") && (*json)["messages"].is_array())
    for (const Json& message : (*json)["messages"])
      if (message.is_string()) reasons.push_back(message.get<std::string>());
  if (reasons.empty()) reasons.emplace_back("the registry says that it is incompatible");
  return reasons;
}

namespace detail {

std::string subject_of(const RegistrySerde& options, const SerdeContext& context, const std::string& record_name) {
  if (options.subject.strategy == SubjectName::kRecord) return record_name;
  if (options.subject.strategy == SubjectName::kTopicRecord) return std::string(context.topic) + "-" + record_name;
  return std::string(context.topic) + (context.is_key ? "-key" : "-value");
}

Result<int> schema_id(SchemaRegistry& registry, const RegistrySerde& options, const std::string& subject,
                      const std::string& text, SchemaType type) {
  auto schema = options.auto_register ? registry.add(subject, text, type) : registry.find(subject, text, type);
  if (!schema) return std::unexpected(schema.error());
  return schema->id;
}

Result<> write_schema_id(int id, Framing framing, std::string& out, const SerdeContext& context) {
  if (framing == Framing::kConfluent) {
    out.push_back('\0');
    for (int shift = 24; shift >= 0; shift -= 8)
      out.push_back(static_cast<char>(static_cast<std::uint32_t>(id) >> shift));
    return {};
  }
  if (!context.headers)
    return std::unexpected(
        Error{.code = kCannotWrite, .message = "the schema's id goes into a header, and there are none here"});
  context.headers->add("schema-id", std::to_string(id));
  return {};
}

Result<int> read_schema_id(std::string_view& bytes, Framing framing, const SerdeContext& context) {
  if (framing == Framing::kConfluent) {
    if (bytes.size() < 5 || bytes[0] != 0)
      return bad_bytes("no schema id: the bytes do not begin with 0 and four bytes of id");
    std::uint32_t id = 0;
    for (std::size_t i = 1; i < 5; ++i) id = id << 8 | static_cast<unsigned char>(bytes[i]);
    bytes.remove_prefix(5);
    return static_cast<int>(id);
  }
  const auto text = context.read_headers ? context.read_headers->last("schema-id") : std::nullopt;
  if (!text) return bad_bytes("no schema id: there is no header schema-id");
  int id = 0;
  for (const char c : *text) {
    if (c < '0' || c > '9' || id > 200'000'000) return bad_bytes("no schema id: the header schema-id is not a number");
    id = id * 10 + (c - '0');
  }
  return id;
}

Result<AvroSchema> writer_schema(const SchemaRegistry& registry, int id) {
  auto schema = registry.by_id(id);
  if (!schema) {
    // Only that the registry cannot be reached gets better by waiting.
    Error error = schema.error();
    error.message = "schema " + std::to_string(id) + " of the record: " + error.message;
    return std::unexpected(std::move(error));
  }
  return AvroSchema::parse(schema->text);
}

}  // namespace detail
}  // namespace thalweg::client
