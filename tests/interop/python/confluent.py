"""Programs on confluent-kafka 1.7.0: `BOOTSTRAP=… PREFIX=… confluent.py CASE`."""

import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

from program import BOOTSTRAP, GROUP, PREFIX, TOPIC, Checker, Wrong, equal, key, main, timestamp, until, value


def create(topic, partitions):
    client = AdminClient({"bootstrap.servers": BOOTSTRAP})  # the future does not keep its client alive
    client.create_topics([NewTopic(topic, partitions, 1)])[topic].result(30)


def produce(topic, start, stop, **settings):
    errors = []
    producer = Producer({"bootstrap.servers": BOOTSTRAP, "acks": "all", "linger.ms": 10,
                         **{k.replace("_", "."): v for k, v in settings.items()}})
    for i in range(start, stop):
        producer.produce(topic, key=key(i), value=value(i), headers={"sequence": str(i)}, timestamp=timestamp(i),
                         on_delivery=lambda error, _: errors.append(error) if error else None)
        producer.poll(0)
    equal(producer.flush(40), 0, "messages left after flush")
    equal(errors, [], "delivery errors")


def take(checker, message):
    equal([h[0] for h in message.headers() or []], ["sequence"], f"headers at offset {message.offset()}")
    checker.take(int(message.headers()[0][1]), message.key(), message.value(), message.timestamp()[1])


def read_all(topic, partitions, count):
    consumer = Consumer({"bootstrap.servers": BOOTSTRAP, "group.id": GROUP + "-check", "enable.auto.commit": False, "check.crcs": True})
    consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in range(partitions)])
    checker = Checker(count)
    next_offset = {}

    def step():
        message = consumer.poll(1)
        if message is None:
            return
        if message.error():
            raise Wrong(f"{message.error()}")
        equal(message.offset(), next_offset.get(message.partition(), 0), f"next offset of {message.partition()}")
        next_offset[message.partition()] = message.offset() + 1
        take(checker, message)

    until(checker.complete, step, lambda: f"read {len(checker.seen)} of {count}")
    checker.finish()
    equal(sum(consumer.get_watermark_offsets(TopicPartition(topic, p))[1] for p in range(partitions)), count, "high watermarks together")
    consumer.close()


def codecs():
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        create(f"{TOPIC}-{codec}", 2)
        produce(f"{TOPIC}-{codec}", 0, 500, compression_type=codec)
        read_all(f"{TOPIC}-{codec}", 2, 500)


def idempotent():
    create(TOPIC, 3)
    produce(TOPIC, 0, 5000, enable_idempotence=True, batch_num_messages=50)
    read_all(TOPIC, 3, 5000)


class Member:
    def __init__(self, **settings):
        self.held = set()
        self.rebalances = 0
        self.consumer = Consumer({"bootstrap.servers": BOOTSTRAP, "group.id": GROUP, "auto.offset.reset": "earliest",
                                  "session.timeout.ms": 10000, "heartbeat.interval.ms": 500,
                                  **{k.replace("_", "."): v for k, v in settings.items()}})
        self.consumer.subscribe([TOPIC], on_assign=self.assigned, on_revoke=self.revoked)

    def assigned(self, _, partitions):
        self.held |= {p.partition for p in partitions}
        self.rebalances += 1

    def revoked(self, _, partitions):
        self.held -= {p.partition for p in partitions}

    def poll(self):
        message = self.consumer.poll(0.05)
        if message is not None and message.error():
            raise Wrong(f"{message.error()}")
        return message


def group():
    create(TOPIC, 4)
    members = [Member(), Member()]
    until(lambda: [len(m.held) for m in members] == [2, 2], lambda: [m.poll() for m in members], lambda: f"{[m.held for m in members]}")
    produce(TOPIC, 0, 400)
    checker = Checker(400)
    shares = [0, 0]

    def read():
        for n, m in enumerate(members):
            message = m.poll()
            if message is not None:
                take(checker, message)
                shares[n] += 1

    until(checker.complete, read, lambda: f"read {len(checker.seen)} of 400")
    checker.finish()
    if 0 in shares:
        raise Wrong(f"shares {shares}")
    members[1].consumer.close()
    until(lambda: len(members[0].held) == 4, members[0].poll, "the rest after the second left")
    members[0].consumer.close()


def static():
    """A static member that comes back keeps its partitions, and the others hear nothing."""
    create(TOPIC, 4)
    stays, goes = Member(group_instance_id="stays"), Member(group_instance_id="goes")
    both = [stays, goes]
    until(lambda: [len(m.held) for m in both] == [2, 2], lambda: [m.poll() for m in both], lambda: f"{[m.held for m in both]}")
    held, rebalances = set(goes.held), stays.rebalances
    goes.consumer.close()
    back = Member(group_instance_id="goes")
    until(lambda: len(back.held) == 2, lambda: [m.poll() for m in (stays, back)], "the returning member's partitions")
    equal(back.held, held, "partitions of the returning member")
    for _ in range(40):
        stays.poll()
    equal(stays.rebalances, rebalances, "rebalances of the member that stayed")
    back.consumer.close()
    stays.consumer.close()


def admin():
    client = AdminClient({"bootstrap.servers": BOOTSTRAP})
    create(TOPIC, 1)
    error = client.create_topics([NewTopic(TOPIC, 1, 1)])[TOPIC].exception(30)
    equal(error and error.args[0].name(), "TOPIC_ALREADY_EXISTS", "creating a topic twice")
    client.create_partitions([NewPartitions(TOPIC, 3)])[TOPIC].result(30)
    resource = ConfigResource("topic", TOPIC, set_config={"retention.ms": "7200000"})
    client.alter_configs([resource])[resource].result(30)
    resource = ConfigResource("topic", TOPIC)
    equal(client.describe_configs([resource])[resource].result(30)["retention.ms"].value, "7200000", "retention.ms")
    until(lambda: len(client.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions) == 3, lambda: None, "three partitions")
    member = Member()
    until(lambda: len(member.held) == 3, member.poll, "assignment")
    listed = {g.id: g for g in client.list_groups(timeout=10)}
    equal((listed[GROUP].state, len(listed[GROUP].members)), ("Stable", 1), "group")
    member.consumer.close()
    client.delete_topics([TOPIC])[TOPIC].result(30)
    until(lambda: TOPIC not in client.list_topics(timeout=10).topics, lambda: time.sleep(0.05), "a deleted topic is still listed")


def transactional_producer():
    producer = Producer({"bootstrap.servers": BOOTSTRAP, "transactional.id": PREFIX + "tx", "transaction.timeout.ms": 30000})
    producer.init_transactions(30)
    return producer


def read_committed(topic):
    consumer = Consumer({"bootstrap.servers": BOOTSTRAP, "group.id": GROUP + "-check", "enable.auto.commit": False, "isolation.level": "read_committed",
                         "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    values = []
    while True:
        message = consumer.poll(30)
        if message is None or message.error():
            equal(message is not None and message.error().code(), KafkaError._PARTITION_EOF, "what ends the partition")
            consumer.close()
            return values
        values.append(message.value())


def ended(topic):
    """A last record outside: what read_committed sees of it lies behind all markers."""
    produce(topic, 9999, 10000)
    until(lambda: value(9999) in read_committed(topic), lambda: None, "the last record")
    return read_committed(topic)[:-1]


def transactions():
    """Offsets and records; every third is aborted."""
    create(TOPIC, 1)
    create(TOPIC + "-in", 1)
    consumer = Consumer({"bootstrap.servers": BOOTSTRAP, "group.id": GROUP, "enable.auto.commit": False})
    producer, want = transactional_producer(), []
    for i in range(12):
        producer.begin_transaction()
        for n in range(50):
            producer.produce(TOPIC, value(50 * i + n), partition=0)
        offsets = [TopicPartition(TOPIC + "-in", 0, i + 1)]
        producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata(), 30)
        if i % 3 == 2:
            producer.flush(30)
            producer.abort_transaction(30)
        else:
            producer.commit_transaction(30)
            want += [value(50 * i + n) for n in range(50)]
    equal(ended(TOPIC), want, "what read_committed sees")
    # Waits while an end is not yet there: librdkafka asks for stable offsets.
    equal(consumer.committed([TopicPartition(TOPIC + "-in", 0)], 30)[0].offset, 11, "committed offset")
    consumer.close()


def fencing():
    create(TOPIC, 1)
    zombie = transactional_producer()
    zombie.begin_transaction()
    zombie.produce(TOPIC, b"of the zombie", partition=0)
    zombie.flush(30)
    second = transactional_producer()
    second.begin_transaction()
    second.produce(TOPIC, b"of the second", partition=0)
    try:
        zombie.commit_transaction(30)
        raise Wrong("a zombie could commit")
    except KafkaException as e:
        equal((e.args[0].fatal(), e.args[0].code()), (True, KafkaError._FENCED), "a zombie's commit")
    second.commit_transaction(30)
    equal(ended(TOPIC), [b"of the second"], "what read_committed sees")


main({"transactions": transactions, "fencing": fencing, "codecs": codecs, "idempotent": idempotent, "group": group, "static": static, "admin": admin})
