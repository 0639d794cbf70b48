"""Exactly once by a stock client, confluent-kafka on librdkafka: for transactions_tests.py, run by Debian's Python.

    transaction_copier.py copy BOOTSTRAP FROM TO GROUP ID   moves records, partition by partition, in transactions, until it is killed
    transaction_copier.py read BOOTSTRAP TOPIC PARTITIONS   prints `PARTITION VALUE` of what read_committed sees, to the end
"""

import sys
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition

_RECORDS_A_TRANSACTION = 200
_CALL_SECONDS = 10
_QUICKLY_BACK = {"reconnect.backoff.ms": 10, "reconnect.backoff.max.ms": 200, "topic.metadata.refresh.interval.ms": 2000, "log_level": 0}


class Copier:
    def __init__(self, bootstrap: str, source: str, to: str, group: str, name: str):
        self.to, self.group = to, group
        # A static member: who comes back after a kill has its partitions at once.
        self.consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "group.instance.id": name, "enable.auto.commit": False,
                                  "auto.offset.reset": "earliest", "isolation.level": "read_committed", "session.timeout.ms": 10_000, **_QUICKLY_BACK})
        self.producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": name, "transaction.timeout.ms": 20_000, "linger.ms": 5, **_QUICKLY_BACK})
        _persist(lambda: self.producer.init_transactions(_CALL_SECONDS))
        self.consumer.subscribe([source])

    def run(self) -> None:
        while True:
            records = [r for r in self.consumer.consume(_RECORDS_A_TRANSACTION, 0.2) if not r.error()]
            if records:
                self._copy(records)

    def _copy(self, records: list) -> None:
        try:
            self.producer.begin_transaction()
            for record in records:
                self.producer.produce(self.to, record.value(), partition=record.partition())
            last = {(r.topic(), r.partition()): r.offset() for r in records}
            offsets = [TopicPartition(topic, partition, offset + 1) for (topic, partition), offset in last.items()]
            _persist(lambda: self.producer.send_offsets_to_transaction(offsets, self.consumer.consumer_group_metadata(), _CALL_SECONDS))
            _persist(lambda: self.producer.commit_transaction(_CALL_SECONDS))
        except KafkaException as e:
            if not e.args[0].txn_requires_abort():
                raise
            _persist(lambda: self.producer.abort_transaction(_CALL_SECONDS))
            self._rewind()

    def _rewind(self) -> None:
        held = self.consumer.assignment()
        for partition in _persist(lambda: self.consumer.committed(held, _CALL_SECONDS)):
            self.consumer.seek(partition if partition.offset >= 0 else TopicPartition(partition.topic, partition.partition, OFFSET_BEGINNING))


def _persist(call):
    """As long as the error is one that passes: servers are killed all the time."""
    while True:
        try:
            return call()
        except KafkaException as e:
            if not e.args[0].retriable() and e.args[0].code() not in (KafkaError._TIMED_OUT, KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN):
                raise
            time.sleep(0.01)


def read(bootstrap: str, topic: str, partitions: int) -> None:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader", "enable.auto.commit": False, "isolation.level": "read_committed",
                         "enable.partition.eof": True, "log_level": 0})
    consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in range(partitions)])
    ended = set()
    while len(ended) < partitions:
        for record in consumer.consume(1000, 1.0):
            if record.error() is None:
                print(record.partition(), record.value().decode())
            elif record.error().code() == KafkaError._PARTITION_EOF:
                ended.add(record.partition())
    consumer.close()


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    if what == "copy":
        Copier(*arguments).run()
    else:
        read(arguments[0], arguments[1], int(arguments[2]))
