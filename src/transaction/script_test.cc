// Runs the conversations in testdata/*.txt against a TransactionMachine; the form of a line is in
// group/testing_script.h.
//
//   init p1 [id=tx] [timeout=60s] [had=100/3]    InitProducerId; an answer that asks for a producer id is given the
//   next one add p1 orders-0,orders-1 [version=0|2]       AddPartitionsToTxn, as the producer that p1 is: the id and
//   epoch it was verify p1 orders-0                           told last, or as=100/3 commit p1, abort p1 [version=0|2]
//   EndTxn; what a version of 2 answers is what p1 is from then on work [all] TakeWork: parked until there is some, and
//   then "work: ..." written tx 100/3                             MarkersWritten, of what was handed out last for that
//   producer remember tx 100/3                            so that "written tx remembered" comes late describe, list
//   [states=..] [producers=..] [longer=1s] [like=regex]
//
// Everything that is appended goes through its bytes, and "restart" loads a new machine from them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/check.h"
#include "base/log.h"
#include "group/testing_script.h"
#include "transaction/transaction_machine.h"

namespace thalweg::transaction {
namespace {

using group::Command;
using group::duration;
using group::join_words;
using group::split;

struct Producer {
  ProducerId id = kNoProducerId;
  ProducerEpoch epoch = kNoProducerEpoch;
};
std::string show(ProducerId id, ProducerEpoch epoch) { return to_string(id) + "/" + to_string(epoch); }
Producer producer_from(const std::string& text) {
  const auto slash = text.find('/');
  return {ProducerId{std::stoll(text.substr(0, slash))},
          ProducerEpoch{static_cast<std::int16_t>(std::stoi(text.substr(slash + 1)))}};
}
std::string show(const Partitions& partitions) {
  std::vector<std::string> words;
  for (const auto& [topic, some] : partitions)
    for (const auto partition : some) words.push_back(to_string(TopicPartition{topic, partition}));
  return join_words(words, ",");
}
std::string show(ErrorCode error) { return error == ErrorCode::kNone ? "ok" : std::string(thalweg::name(error)); }

class World {
 public:
  World() { log::set_level(log::Level::kError); }
  ~World() { log::set_level(log::Level::kInfo); }

  std::vector<std::string> run(const std::string& line) {
    output_.clear();
    const Command command(line);
    const std::string& verb = command.words.at(0);
    if (!machine_ && verb != "config") start();
    if (verb == "config")
      configure(command);
    else if (verb == "restart")
      start();
    else if (verb == "after")
      pass(duration(command.words.at(1)));
    else if (verb == "refuse")
      refuses_ = true;
    else if (verb == "log")
      show_log();
    else
      ask(verb, command);
    return output_;
  }

 private:
  void configure(const Command& command) {
    for (const auto& [key, value] : command.options) {
      if (key == "cluster")
        cluster_version_ = static_cast<std::int16_t>(std::stoi(value));
      else if (key == "append_max")
        config_.append_bytes_max = static_cast<std::size_t>(std::stoi(value));
      else if (key == "epoch")  // of every id there is, from here on
        jump_to_epoch(static_cast<std::int16_t>(std::stoi(value)));
      else
        FAIL() << "no such setting: " << key;
    }
    start();
  }
  void jump_to_epoch(std::int16_t epoch) {
    TransactionMetadata metadata{.producer_id = ProducerId{100},
                                 .producer_epoch = ProducerEpoch{epoch},
                                 .timeout_ms = 60'000,
                                 .last_update = wall()};
    const auto bytes = encode({"tx", std::make_shared<const TransactionMetadata>(metadata), 1});
    CHECK(bytes);
    log_.push_back(*bytes);
    next_producer_id_ = std::max<std::int64_t>(next_producer_id_, 101);
    producers_["p1"] = {ProducerId{100}, ProducerEpoch{epoch}};
  }

  void start() {
    machine_ = std::make_unique<TransactionMachine>(config_, [this] { return cluster_version_; });
    timers_.clear();
    waiting_.clear();
    for (const auto& [key, value] : log_) {
      const auto record = decode(key, value);
      CHECK(record && *record);
      machine_->apply(**record);
    }
    perform(machine_->on_loaded(now_, wall()));
  }

  Timestamp wall() const { return 1'700'000'000'000 + std::chrono::duration_cast<Millis>(now_).count(); }

  void pass(Millis time) {
    const Instant to = now_ + time;
    for (;;) {
      const auto next = std::ranges::min_element(timers_, {}, [](const auto& t) { return t.second; });
      if (next == timers_.end() || next->second > to) break;
      const TimerKey key = next->first;
      now_ = std::max(now_, next->second);
      timers_.erase(next);
      fired_ = key;
      perform(machine_->on_timer(key, now_, wall()));
      fired_.reset();
    }
    now_ = to;
  }

  void perform(Effects effects) {
    if (!effects.append.empty() && std::exchange(refuses_, false)) return refuse();
    for (const auto& record : effects.append) {
      const auto bytes = encode(record);
      CHECK(bytes);
      appended_.push_back(record);
      log_.push_back(*bytes);
      const auto again = decode(log_.back().key, log_.back().value);
      CHECK(again && *again);
      if (record.version > 0) EXPECT_EQ(**again, record);
      machine_->apply(record);
    }
    for (const auto& change : effects.timers) {
      if (change.at)
        timers_[change.key] = *change.at;
      else
        timers_.erase(change.key);
    }
    // The answer to who asked comes first, and work behind it.
    for (const bool own : {true, false}) {
      for (const auto& reply : effects.replies) {
        if ((reply.id == asked_) != own) continue;
        const auto client = waiting_.at(reply.id);
        waiting_.erase(reply.id);
        std::visit([&](const auto& answer) { tell(client, answer); }, reply.reply);
      }
    }
  }
  void refuse() {
    machine_->undo();
    if (fired_) timers_[*fired_] = now_ + std::chrono::seconds(1);
    if (waiting_.erase(asked_) > 0) output_.push_back("refused");
  }

  void tell(const std::string& client, const ProducerReply& answer) {
    if (answer.wants_producer_id) {
      wants_producer_id_ = true;
      return;
    }
    if (answer.error != ErrorCode::kNone || answer.producer_id == kNoProducerId) {
      output_.push_back(show(answer.error));
      return;
    }
    producers_[client] = {answer.producer_id, answer.producer_epoch};
    output_.push_back(show(answer.producer_id, answer.producer_epoch));
  }
  void tell(const std::string&, const PartitionsReply& answer) {
    std::vector<std::string> words{show(answer.error)};
    if (!answer.missing.empty()) words = {"missing"};
    for (const auto& partition : answer.missing) words.push_back(to_string(partition));
    output_.push_back(join_words(words, " "));
  }
  void tell(const std::string&, const Described& d) {
    if (d.error_code != ErrorCode::kNone) {
      output_.push_back(show(d.error_code));
      return;
    }
    Partitions partitions;
    for (const auto& topic : d.topics) partitions[topic.topic].insert(topic.partitions.begin(), topic.partitions.end());
    const std::string since = d.transaction_start_time_ms < 0
                                  ? ""
                                  : " started=" + std::to_string(wall() - d.transaction_start_time_ms) + "ms";
    output_.push_back(d.transaction_state + " " + show(d.producer_id, d.producer_epoch) +
                      " timeout=" + std::to_string(d.transaction_timeout_ms) + since +
                      (partitions.empty() ? "" : " partitions=" + show(partitions)));
  }
  void tell(const std::string&, const protocol::ListTransactionsResponse& response) {
    if (response.error_code != ErrorCode::kNone) output_.push_back(show(response.error_code));
    for (const auto& name : response.unknown_state_filters) output_.push_back("no state " + name);
    for (const auto& t : response.transaction_states)
      output_.push_back(t.transactional_id + " " + to_string(t.producer_id) + " " + t.transaction_state);
    if (output_.empty()) output_.push_back("nothing");
  }
  void tell(const std::string&, const Work& work) {
    for (const auto& m : work.markers)
      handed_out_[m.transactional_id + " " + show(m.metadata->producer_id, m.metadata->producer_epoch)] =
          m.metadata->last_update;
    for (const auto& m : work.markers)
      output_.push_back("work: " + std::string(m.metadata->commits() ? "commit " : "abort ") + m.transactional_id +
                        " " + show(m.metadata->producer_id, m.metadata->producer_epoch) +
                        (m.metadata->partitions.empty() ? "" : " " + show(m.metadata->partitions)));
    for (const auto& t : work.timed_out)
      output_.push_back("work: timed out " + t.transactional_id + " " + show(t.producer_id, t.producer_epoch));
    if (work.markers.empty() && work.timed_out.empty()) output_.push_back("work: none");
  }
  void tell(const std::string&, const Done&) { output_.push_back("ok"); }

  template <class Request>
  void send(const Request& request, const std::string& client) {
    RequestContext context;
    for (int attempt = 0; attempt < 2; ++attempt) {
      asked_ = RequestId{++requests_};
      waiting_[asked_] = client;
      wants_producer_id_ = false;
      perform(machine_->on(request, context, asked_, now_, wall()));
      if (!wants_producer_id_) break;
      context.new_producer_id = ProducerId{next_producer_id_++};
    }
    if (waiting_.contains(asked_)) output_.insert(output_.begin(), "parked");
    asked_ = RequestId{0};
  }

  void ask(const std::string& verb, const Command& c) {
    const std::string id = c.option("id", "tx") == "none" ? "" : c.option("id", "tx");
    const auto version = static_cast<std::int16_t>(c.number("version", 2));
    const Producer who = c.options.contains("as") ? producer_from(c.option("as")) : producers_[c.client()];
    if (verb == "init") {
      const Producer had = c.options.contains("had") ? producer_from(c.option("had")) : Producer{};
      send(InitProducer{id, c.millis("timeout", "60s"), had.id, had.epoch}, c.client());
    } else if (verb == "add" || verb == "verify") {
      AddPartitions request{id, who.id, who.epoch, {}, verb == "verify", version};
      if (c.words.size() > 2)
        for (const auto& text : split(c.words.at(2), ',')) {
          const auto tp = group::topic_partition(text);
          request.partitions[tp.topic].insert(tp.partition);
        }
      send(request, c.client());
    } else if (verb == "commit" || verb == "abort") {
      send(EndTransaction{id, who.id, who.epoch, verb == "commit", version}, c.client());
    } else if (verb == "work") {
      send(TakeWork{.all = c.words.size() > 1}, "worker");
    } else if (verb == "written") {
      const auto at = handed_out_.find(c.words.at(1) + " " + c.words.at(2));
      send(MarkersWritten{c.words.at(1), at == handed_out_.end() ? kNoTimestamp : at->second}, "worker");
    } else if (verb == "remember") {
      handed_out_[c.words.at(1) + " remembered"] = handed_out_.at(c.words.at(1) + " " + c.words.at(2));
    } else if (verb == "give-id") {
      const auto producer = producer_from(c.words.at(2));
      asked_ = RequestId{++requests_};
      waiting_[asked_] = "worker";
      perform(machine_->on(AbortTimedOut{c.words.at(1), producer.id, producer.epoch},
                           RequestContext{ProducerId{next_producer_id_++}}, asked_, now_, wall()));
    } else if (verb == "describe") {
      send(DescribeTransaction{id}, "");
    } else if (verb == "list") {
      protocol::ListTransactionsRequest request;
      request.state_filters = split(c.option("states"), ',');
      for (const auto& text : split(c.option("producers"), ','))
        request.producer_id_filters.push_back(ProducerId{std::stoll(text)});
      if (c.options.contains("longer")) request.duration_filter = duration(c.option("longer")).count();
      if (c.options.contains("like")) request.transactional_id_pattern = c.option("like");
      send(request, "");
    } else {
      FAIL() << "no such command: " << verb;
    }
  }

  // What was appended since the last look.
  void show_log() {
    for (const auto& record : std::exchange(appended_, {})) {
      if (!record.value) {
        output_.push_back(record.transactional_id + " gone");
        continue;
      }
      const auto& m = *record.value;
      output_.push_back(record.transactional_id + " v" + std::to_string(record.version) + " " +
                        std::string(name(m.state)) + " " + show(m.producer_id, m.producer_epoch) +
                        " previous=" + show(m.previous_producer_id, m.previous_producer_epoch) +
                        (m.next_producer_id == kNoProducerId ? "" : " next=" + to_string(m.next_producer_id)) +
                        (m.partitions.empty() ? "" : " " + show(m.partitions)));
    }
    if (output_.empty()) output_.push_back("nothing");
  }

  TransactionConfig config_;
  std::int16_t cluster_version_ = 2;
  std::unique_ptr<TransactionMachine> machine_;
  Instant now_{0};
  std::uint64_t requests_ = 0;
  std::int64_t next_producer_id_ = 100;
  std::map<TimerKey, Instant> timers_;
  std::vector<KeyValue> log_;
  std::vector<TransactionRecord> appended_;
  std::map<RequestId, std::string> waiting_;  // request -> client
  std::map<std::string, Producer> producers_;
  std::map<std::string, Timestamp> handed_out_;  // by id and producer, as last handed out
  RequestId asked_{0};
  std::optional<TimerKey> fired_;
  bool refuses_ = false, wants_producer_id_ = false;
  std::vector<std::string> output_;
};

class TransactionScript : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(TransactionScript, HappensAsWritten) {
  World world;
  for (const auto& step : group::read_script(GetParam())) {
    auto actual = world.run(step.command);
    // A command that brings about nothing but success needs no arrow.
    if (step.expected.empty() && actual == std::vector<std::string>{"ok"}) actual.clear();
    EXPECT_EQ(actual, step.expected) << GetParam().filename().string() << ":" << step.line << ": " << step.command
                                     << "\n  brought about:\n    -> " << join_words(actual, "\n    -> ");
  }
}

INSTANTIATE_TEST_SUITE_P(Transaction, TransactionScript, ::testing::ValuesIn(group::scripts_in(TESTDATA)),
                         [](const auto& info) { return info.param.stem().string(); });

}  // namespace
}  // namespace thalweg::transaction
