#include "streams/cluster.h"

#include <algorithm>

namespace thalweg::streams::detail {
namespace {

using std::chrono::steady_clock;

constexpr auto kAgain = milliseconds(50);

using EventHandle = std::unique_ptr<rd_kafka_event_t, client::Destroy<rd_kafka_event_t, rd_kafka_event_destroy>>;

milliseconds left_until(steady_clock::time_point deadline) {
  return std::max(std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()), milliseconds(1));
}

}  // namespace

Result<std::unique_ptr<Cluster>> Cluster::open(const Properties& properties) {
  std::unique_ptr<Cluster> cluster(new Cluster());
  client::Conf conf;
  conf.set_all(properties);
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t*, int, const char*, void*) {});
  auto handle = conf.open(RD_KAFKA_CONSUMER);  // a producer's watermarks would end at open transactions
  if (!handle) return std::unexpected(handle.error());
  cluster->handle_ = *std::move(handle);
  return cluster;
}

Result<TopicCounts> Cluster::partitions_of(const std::set<std::string>& topics, milliseconds within) {
  TopicCounts counts;
  for (const auto& name : topics) {
    client::TopicHandle topic(rd_kafka_topic_new(handle_.get(), name.c_str(), nullptr));
    const rd_kafka_metadata_t* metadata = nullptr;
    if (const auto code = rd_kafka_metadata(handle_.get(), 0, topic.get(), &metadata, client::as_int(within)))
      return std::unexpected(client::error_of(code, "ask about topic " + name));
    counts[name] = metadata->topic_cnt == 1 && !metadata->topics[0].err ? metadata->topics[0].partition_cnt : 0;
    rd_kafka_metadata_destroy(metadata);
  }
  return counts;
}

Result<> Cluster::create(const std::vector<InternalTopic>& topics, int replication_factor, milliseconds within) {
  std::vector<rd_kafka_NewTopic_t*> wanted;
  char why[512];
  for (const auto& topic : topics) {
    auto* const one = rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, replication_factor, why, sizeof why);
    if (!one) {
      rd_kafka_NewTopic_destroy_array(wanted.data(), wanted.size());
      return std::unexpected(
          Error{.code = RD_KAFKA_RESP_ERR__INVALID_ARG, .message = "make " + topic.name + ": " + why});
    }
    for (const auto& [name, value] : topic.configs) rd_kafka_NewTopic_set_config(one, name.c_str(), value.c_str());
    wanted.push_back(one);
  }
  client::QueueHandle answers(rd_kafka_queue_new(handle_.get()));
  auto* const options = rd_kafka_AdminOptions_new(handle_.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS);
  rd_kafka_AdminOptions_set_request_timeout(options, client::as_int(within), why, sizeof why);
  rd_kafka_AdminOptions_set_operation_timeout(options, client::as_int(within), why, sizeof why);
  rd_kafka_CreateTopics(handle_.get(), wanted.data(), wanted.size(), options, answers.get());
  rd_kafka_AdminOptions_destroy(options);
  rd_kafka_NewTopic_destroy_array(wanted.data(), wanted.size());
  const EventHandle event(rd_kafka_queue_poll(answers.get(), client::as_int(within)));
  if (!event) return std::unexpected(client::error_of(RD_KAFKA_RESP_ERR__TIMED_OUT, "make topics"));
  if (const auto code = rd_kafka_event_error(event.get()))
    return std::unexpected(client::error_of(code, "make topics"));
  std::size_t count = 0;
  const auto** const results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto code = rd_kafka_topic_result_error(results[i]);
    if (!code || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
    auto error = client::error_of(code, std::string("make topic ") + rd_kafka_topic_result_name(results[i]));
    if (const char* const text = rd_kafka_topic_result_error_string(results[i]))
      error.message += std::string(": ") + text;
    return std::unexpected(std::move(error));
  }
  return {};
}

Result<> Cluster::make(const std::vector<InternalTopic>& topics, int replication_factor, milliseconds within) {
  const auto deadline = steady_clock::now() + within;
  std::set<std::string> names;
  for (const auto& topic : topics) names.insert(topic.name);
  for (;;) {
    auto there = partitions_of(names, left_until(deadline));
    if (!there) return std::unexpected(there.error());
    std::vector<InternalTopic> missing;
    std::string misfits;
    for (const auto& topic : topics) {
      const auto partitions = there->at(topic.name);
      if (partitions == 0)
        missing.push_back(topic);
      else if (const auto wrong = misfit(topic, partitions); !wrong.empty())
        misfits += (misfits.empty() ? "" : "; ") + wrong;
    }
    if (!misfits.empty())
      return std::unexpected(Error{.code = RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, .message = misfits});
    if (missing.empty()) return {};
    const auto created = create(missing, replication_factor, left_until(deadline));
    if (!created && (!created.error().retriable || steady_clock::now() >= deadline)) return created;
    if (steady_clock::now() >= deadline)
      return std::unexpected(client::error_of(RD_KAFKA_RESP_ERR__TIMED_OUT, "make topic " + missing.front().name));
    rd_kafka_poll(handle_.get(), client::as_int(kAgain));  // until metadata shows them
  }
}

Result<std::int64_t> Cluster::end_of(const TopicPartition& partition, milliseconds within) {
  std::int64_t low = 0, high = 0;
  const auto code = rd_kafka_query_watermark_offsets(handle_.get(), partition.topic.c_str(), partition.partition, &low,
                                                     &high, client::as_int(within));
  if (code) {
    auto error = client::error_of(code, "end of " + partition.topic + "-" + std::to_string(partition.partition));
    // A topic that was just made: its leader is on the way.
    error.retriable |= code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    return std::unexpected(std::move(error));
  }
  return high;
}

void Cluster::purge(const std::map<TopicPartition, std::int64_t>& before) {
  if (before.empty()) return;
  auto list = client::new_list(static_cast<int>(before.size()));
  for (const auto& [where, offset] : before)
    rd_kafka_topic_partition_list_add(list.get(), where.topic.c_str(), where.partition)->offset = offset;
  auto* request = rd_kafka_DeleteRecords_new(list.get());
  client::QueueHandle answers(rd_kafka_queue_new(handle_.get()));
  rd_kafka_DeleteRecords(handle_.get(), &request, 1, nullptr, answers.get());
  rd_kafka_DeleteRecords_destroy(request);
  const EventHandle event(rd_kafka_queue_poll(answers.get(), 1'000));
}

}  // namespace thalweg::streams::detail
