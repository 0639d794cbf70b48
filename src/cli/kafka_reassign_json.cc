// The files of kafka-reassign-partitions, read and written as Kafka's tool does.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/columns.h"
#include "cli/kafka_reassign_partitions.h"
#include "json/parser.h"
#include "json/writer.h"

namespace thalweg::cli {
namespace {

Result<json::Value> parse_versioned(const std::string& text) {
  auto parsed = json::parse(text);
  if (!parsed) return invalid("The input string is not a valid JSON: " + parsed.error().message);
  if (!parsed->if_object()) return invalid("Expected JSON object, received " + std::string(parsed->kind()));
  const auto* version = parsed->find("version");
  const auto number = version && version->if_number() ? version->if_number()->as_int64() : std::nullopt;
  if (version && number != 1)
    return invalid("Not supported version field value " + (number ? std::to_string(*number) : json::write(*version)));
  return parsed;
}

// The elements of an array in a member; none when it is not there.
Result<json::Array> array_in(const json::Value& object, const char* name) {
  const auto* value = object.find(name);
  if (!value) return json::Array();
  if (const auto* array = value->if_array()) return *array;
  return invalid(fmt::format("\"{}\" is no array but a {}", name, value->kind()));
}

Result<std::string> text_in(const json::Value& object, const char* name) {
  const auto* value = object.find(name);
  if (value && value->if_string()) return *value->if_string();
  return invalid(fmt::format("No such field exists: `{}`, or it is no text, in {}", name, json::write(object)));
}

Result<std::int32_t> id_in(const json::Value* value, const json::Value& object, const char* name) {
  const auto number = value && value->if_number() ? value->if_number()->as_int64() : std::nullopt;
  if (number && *number >= INT32_MIN && *number <= INT32_MAX) return static_cast<std::int32_t>(*number);
  return invalid(fmt::format("No such field exists: `{}`, or it is no number, in {}", name, json::write(object)));
}

Result<std::vector<BrokerId>> replicas_in(const json::Value& partition) {
  if (!partition.find("replicas")) return invalid("No such field exists: `replicas` in " + json::write(partition));
  TRY(const auto array, array_in(partition, "replicas"));
  std::vector<BrokerId> replicas;
  for (const auto& one : array) {
    TRY(const auto id, id_in(&one, partition, "replicas"));
    replicas.push_back(BrokerId{id});
  }
  return replicas;
}

std::string in_brackets(const std::vector<BrokerId>& ids) {
  std::vector<std::int32_t> numbers;
  for (const BrokerId id : ids) numbers.push_back(id.value);
  return fmt::format("[{}]", fmt::join(numbers, ", "));
}

}  // namespace

Result<ReassignmentFile> parse_reassignment(const std::string& text) {
  TRY(const auto parsed, parse_versioned(text));
  TRY(const auto listed, array_in(parsed, "partitions"));
  ReassignmentFile file;
  for (const auto& one : listed) {
    WantedReplicas wanted;
    TRY(wanted.partition.topic, text_in(one, "topic"));
    TRY(const auto number, id_in(one.find("partition"), one, "partition"));
    wanted.partition.partition = PartitionId{number};
    TRY(wanted.replicas, replicas_in(one));
    TRY(const auto directories, array_in(one, "log_dirs"));
    if (one.find("log_dirs") && directories.size() != wanted.replicas.size())
      return invalid(fmt::format("Size of replicas list {} is different from size of log dirs list {} for partition {}",
                                 in_brackets(wanted.replicas), json::write(directories), to_string(wanted.partition)));
    for (std::size_t i = 0; i < directories.size(); ++i) {
      const auto* directory = directories[i].if_string();
      if (!directory) return invalid("\"log_dirs\" are texts, not " + json::write(directories[i]));
      if (*directory != "any") file.directories[{wanted.partition, wanted.replicas[i]}] = *directory;
    }
    file.partitions.push_back(std::move(wanted));
  }
  return file;
}

Result<std::vector<std::string>> parse_topics_to_move(const std::string& text) {
  TRY(const auto parsed, parse_versioned(text));
  TRY(const auto listed, array_in(parsed, "topics"));
  std::vector<std::string> topics;
  for (const auto& one : listed) {
    TRY(auto topic, text_in(one, "topic"));
    topics.push_back(std::move(topic));
  }
  return topics;
}

std::string reassignment_json(const ReplicaMap& partitions, const std::map<Replica, std::string>& directories) {
  std::vector<std::string> shown_partitions;
  for (const auto& [tp, replicas] : partitions) {
    std::vector<std::string> where;
    for (const BrokerId id : replicas) {
      const auto at = directories.find({tp, id});
      where.push_back(json::quoted(at == directories.end() ? "any" : at->second));
    }
    shown_partitions.push_back(fmt::format("{{\"topic\":{},\"partition\":{},\"replicas\":[{}],\"log_dirs\":[{}]}}",
                                           json::quoted(tp.topic), tp.partition.value, id_list(replicas),
                                           fmt::join(where, ",")));
  }
  return fmt::format("{{\"version\":1,\"partitions\":[{}]}}", fmt::join(shown_partitions, ","));
}

}  // namespace thalweg::cli
