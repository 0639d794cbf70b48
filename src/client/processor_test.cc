#include "thalweg/client/processor.h"

#include "client/testing_mock.h"

namespace thalweg::client {
namespace {

TEST(StreamProcessor, OutputsAreThereBeforeTheInputIsCommittedAndOnlyOfWhatSucceeded) {
  MockCluster cluster;
  cluster.topic("in");
  cluster.topic("out");
  cluster.topic("dlq.in");
  cluster.send("in", 0, 20, 0);
  auto processor = StreamProcessor::open({.input = cluster.consumer()});
  ASSERT_TRUE(processor) << processor.error().message;
  Seen seen;
  processor
      ->on("in",
           [&](const std::string& value, Outbox& out) -> Result<> {
             if (auto ok = out.send("out", value + "!"); !ok) return ok;
             return value == "7" ? Result<>(fail("no")) : Result<>();
           })
      .retry({.attempts = 1})
      .dead_letters();
  Result<> result;
  std::jthread running([&](std::stop_token stop) { result = processor->run(stop); });
  auto reader = Consumer::open(cluster.consumer("reader"));
  reader->on("out", [&](const Record& record) { seen.add(std::string(*record.key()) + std::string(*record.value())); });
  std::jthread reading([&](std::stop_token stop) { (void)reader->run(stop); });
  ASSERT_TRUE(seen.wait(19));
  running.request_stop();
  running.join();
  EXPECT_TRUE(result) << result.error().message;
  EXPECT_EQ(seen.list().size(), 19u);
  EXPECT_EQ(seen.list()[7], "88!") << "what the failed record wanted to send was not sent";
}

TEST(StreamProcessor, ExactlyOnceSaysWhatTheBrokerSaid) {
  MockCluster cluster;
  rd_kafka_mock_push_request_errors(cluster.get(), 22 /* InitProducerId */, 1,
                                    RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  auto config = cluster.consumer();
  auto processor = StreamProcessor::open({.input = config, .guarantee = Guarantee::kExactlyOnce});
  ASSERT_FALSE(processor);
  EXPECT_EQ(processor.error().name(), "TRANSACTIONAL_ID_AUTHORIZATION_FAILED");
  EXPECT_NE(processor.error().message.find("the broker does not begin transactions"), std::string::npos)
      << processor.error().message;
}

}  // namespace
}  // namespace thalweg::client
