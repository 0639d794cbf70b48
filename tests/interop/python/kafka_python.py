"""Programs on kafka-python 2.0.2: `BOOTSTRAP=… PREFIX=… kafka_python.py CASE`."""

import threading
import time

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from kafka.errors import TopicAlreadyExistsError

from program import BOOTSTRAP, GROUP, TOPIC, Checker, Missing, Wrong, equal, key, main, timestamp, until, value


def create(topic, partitions):
    admin = KafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    admin.create_topics([NewTopic(topic, partitions, 1)])
    admin.close()


def produce(topic, start, stop, **settings):
    producer = KafkaProducer(bootstrap_servers=BOOTSTRAP, acks="all", linger_ms=10, **settings)
    sent = [producer.send(topic, key=key(i), value=value(i), headers=[("sequence", b"%d" % i)], timestamp_ms=timestamp(i))
            for i in range(start, stop)]
    placed = [f.get(30) for f in sent]
    producer.close()
    return placed


def take(checker, record):
    equal([h[0] for h in record.headers], ["sequence"], f"headers at offset {record.offset}")
    checker.take(int(record.headers[0][1]), record.key, record.value, record.timestamp)


def read_all(topic, partitions, count):
    consumer = KafkaConsumer(bootstrap_servers=BOOTSTRAP, auto_offset_reset="earliest", enable_auto_commit=False)
    assignment = [TopicPartition(topic, p) for p in range(partitions)]
    consumer.assign(assignment)
    checker = Checker(count)
    next_offset = {}

    def step():
        for partition, records in consumer.poll(500).items():
            for record in records:
                equal(record.offset, next_offset.get(partition, 0), f"next offset of {partition}")
                next_offset[partition] = record.offset + 1
                take(checker, record)

    until(checker.complete, step, lambda: f"read {len(checker.seen)} of {count}")
    checker.finish()
    equal(sum(consumer.end_offsets(assignment).values()), count, "end offsets together")
    consumer.close()


def produce_consume():
    create(TOPIC, 3)
    placed = produce(TOPIC, 0, 1000)
    offsets = {p: sorted(m.offset for m in placed if m.partition == p) for p in range(3)}
    for p, got in offsets.items():
        equal(got, list(range(len(got))), f"offsets acknowledged in partition {p}")
    read_all(TOPIC, 3, 1000)


def codec(name):
    def case():
        create(TOPIC, 1)
        try:
            produce(TOPIC, 0, 300, compression_type=name)
        except AssertionError as e:  # what kafka-python says when the codec's module is not installed
            raise Missing(str(e)) from None
        read_all(TOPIC, 1, 300)
    return case


def member():
    return KafkaConsumer(TOPIC, bootstrap_servers=BOOTSTRAP, group_id=GROUP, auto_offset_reset="earliest",
                         session_timeout_ms=10000, heartbeat_interval_ms=500)


class Member(threading.Thread):
    """A consumer in a thread of its own: its poll waits inside a rebalance, which needs the other members' polls."""

    def __init__(self, take_record):
        super().__init__(daemon=True)
        self.take_record = take_record
        self.consumer = member()
        self.held = set()
        self.read = 0
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.is_set():
            for records in self.consumer.poll(100).values():
                for record in records:
                    self.take_record(record)
                    self.read += 1
            self.held = self.consumer.assignment()
        self.consumer.close()

    def stop(self):
        self.stopping.set()
        self.join(30)
        equal(self.is_alive(), False, "a member that was stopped still runs")


def group():
    create(TOPIC, 4)
    checker, wrong, lock = Checker(400), [], threading.Lock()

    def take_record(record):
        with lock:
            try:
                take(checker, record)
            except Wrong as e:
                wrong.append(e)

    first, second = Member(take_record), Member(take_record)
    first.start()
    second.start()
    until(lambda: [len(first.held), len(second.held)] == [2, 2], pause, lambda: f"assignments {first.held} {second.held}")
    produce(TOPIC, 0, 400)
    until(checker.complete, pause, lambda: f"read {len(checker.seen)} of 400")
    checker.finish()
    equal(wrong, [], "records")
    if 0 in (first.read, second.read):
        raise Wrong(f"shares {first.read} and {second.read}")
    second.stop()
    until(lambda: len(first.held) == 4, pause, "the rest after the second left")
    first.stop()


def pause():
    time.sleep(0.05)


def commit():
    create(TOPIC, 1)
    produce(TOPIC, 0, 30)
    for start in (0, 10, 20):
        consumer = KafkaConsumer(TOPIC, bootstrap_servers=BOOTSTRAP, group_id=GROUP, auto_offset_reset="earliest",
                                 enable_auto_commit=False, max_poll_records=10)
        got = []
        until(lambda: got, lambda: got.extend(r for rs in consumer.poll(200).values() for r in rs), "ten records")
        equal([r.offset for r in got], list(range(start, start + 10)), "offsets of one poll")
        consumer.commit()
        equal(consumer.committed(TopicPartition(TOPIC, 0)), start + 10, "committed offset")
        consumer.close()


def timestamps():
    create(TOPIC, 1)
    produce(TOPIC, 0, 500)
    consumer = KafkaConsumer(bootstrap_servers=BOOTSTRAP)
    partition = TopicPartition(TOPIC, 0)
    found = consumer.offsets_for_times({partition: timestamp(250)})[partition]
    equal((found.offset, found.timestamp), (250, timestamp(250)), "offset for a timestamp")
    equal(consumer.offsets_for_times({partition: timestamp(500)})[partition], None, "offset for a time after the last")
    equal(consumer.beginning_offsets([partition])[partition], 0, "beginning")
    equal(consumer.end_offsets([partition])[partition], 500, "end")


def admin():
    client = KafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    client.create_topics([NewTopic(TOPIC, 1, 1, topic_configs={"retention.ms": "123456"})])
    try:
        client.create_topics([NewTopic(TOPIC, 1, 1)])
        raise Wrong("creating a topic twice succeeded")
    except TopicAlreadyExistsError:
        pass
    client.create_partitions({TOPIC: NewPartitions(3)})
    until(lambda: len(client.describe_topics([TOPIC])[0]["partitions"]) == 3, pause, "three partitions")
    config = {c[0]: c[1] for r in client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, TOPIC)]) for c in r.resources[0][4]}
    equal(config.get("retention.ms"), "123456", "retention.ms")
    produce(TOPIC, 0, 10)
    consumer = member()
    seen = []
    until(lambda: len(seen) == 10, lambda: seen.extend(r for rs in consumer.poll(200).values() for r in rs), "ten records")
    consumer.commit()
    groups = client.describe_consumer_groups([GROUP])
    equal((groups[0].state, len(groups[0].members)), ("Stable", 1), "group")
    equal((GROUP, "consumer") in client.list_consumer_groups(), True, "group is listed")
    consumer.close()
    offsets = client.list_consumer_group_offsets(GROUP)
    equal(sum(o.offset for o in offsets.values()), 10, "committed offsets together")
    equal([e.__name__ for _, e in client.delete_consumer_groups([GROUP])], ["NoError"], "deleting the group")
    client.delete_topics([TOPIC])
    until(lambda: TOPIC not in client.list_topics(), pause, "a deleted topic is still listed")


main({"produce-consume": produce_consume, "codec-gzip": codec("gzip"), "codec-snappy": codec("snappy"),
      "codec-lz4": codec("lz4"), "group": group, "commit": commit, "timestamps": timestamps, "admin": admin})
