"""Transactions on the raw wire: for tests that leave them open, or end them in ways that no client would."""

import itertools
import time
from collections.abc import Callable

from . import batches, messages
from .outcome import Failure
from .wire import Connection

LIMIT_SECONDS = 30
NONE = 0
# What passes: nobody leads the partition yet; the coordinator is not there yet, is elsewhere, or still ends the transaction before.
_PASSES = {3, 5, 6, 14, 15, 16, 51}
_TRANSACTIONAL = 16  # the bit in a batch's attributes

_ids = itertools.count(1)


class Asker:
    """One connection and what is asked on it."""

    def __init__(self, port: int):
        self.connection = Connection(port)

    def __enter__(self) -> "Asker":
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.socket.close()

    def ask(self, api: str, version: int, body: dict) -> dict:
        self.connection.send(messages.request_frame(api, version, body, next(_ids)))
        return messages.response_body(api, version, self.connection.receive()[1])

    def until(self, api: str, version: int, body: dict, error: Callable[[dict], int]) -> dict:
        """Asks again while the error is one that passes."""
        end = time.monotonic() + LIMIT_SECONDS
        while True:
            answer = self.ask(api, version, body)
            if error(answer) not in _PASSES:
                return answer
            if time.monotonic() > end:
                raise Failure(f"{api} {body}: still {answer}")
            time.sleep(0.01)


def _error(answer: dict) -> int:
    return answer.get("ErrorCode", NONE)


def _succeeded(answer: dict, error: int, what: str) -> dict:
    if error != NONE:
        raise Failure(f"{what}: {answer}")
    return answer


class Producer:
    """A transactional id as clients before Kafka 4.0 speak: partitions are added, then written to."""

    def __init__(self, port: int, transactional_id: str, timeout_ms: int = 60_000):
        self.wire, self.id, self._sequences = Asker(port), transactional_id, {}
        self.wire.until("FindCoordinator", 3, {"Key": transactional_id, "KeyType": 1}, _error)
        begun = self.wire.until("InitProducerId", 4, {"TransactionalId": transactional_id, "TransactionTimeoutMs": timeout_ms}, _error)
        _succeeded(begun, _error(begun), f"InitProducerId of {transactional_id}")
        self.producer, self.epoch = begun.get("ProducerId", 0), begun.get("ProducerEpoch", 0)

    def close(self) -> None:
        self.wire.connection.socket.close()

    def add(self, topic: str, *partitions: int) -> int:
        """The error of the first."""
        body = {"V3AndBelowTransactionalId": self.id, "V3AndBelowProducerId": self.producer, "V3AndBelowProducerEpoch": self.epoch,
                "V3AndBelowTopics": [{"Name": topic, "Partitions": list(partitions)}]}

        def error(answer: dict) -> int:
            return answer["ResultsByTopicV3AndBelow"][0]["ResultsByPartition"][0].get("PartitionErrorCode", NONE)
        return error(self.wire.until("AddPartitionsToTxn", 3, body, error))

    def write(self, topic: str, partition: int, *values: str, version: int = 9, epoch: int | None = None) -> int:
        """The error with which the batch is answered."""
        sequence = self._sequences.get((topic, partition), 0)
        batch = batches.build({"records": list(values), "attributes": _TRANSACTIONAL, "producer": self.producer,
                               "epoch": self.epoch if epoch is None else epoch, "sequence": sequence}, int(time.time() * 1000))
        body = {"TransactionalId": self.id, "Acks": -1, "TimeoutMs": 10_000,
                "TopicData": [{"Name": topic, "PartitionData": [{"Index": partition, "Records": batch}]}]}
        answer = self.wire.ask("Produce", version, body)["Responses"][0]["PartitionResponses"][0]
        if _error(answer) == NONE:
            self._sequences[topic, partition] = sequence + len(values)
        return _error(answer)

    def open(self, topic: str, partition: int, *values: str) -> "Producer":
        """A transaction with these records, that is left as it is."""
        _succeeded({}, self.add(topic, partition), f"adding {topic}-{partition} to {self.id}")
        _succeeded({}, self.write(topic, partition, *values), f"writing to {topic}-{partition} as {self.id}")
        return self

    def end(self, committed: bool) -> int:
        body = {"TransactionalId": self.id, "ProducerId": self.producer, "ProducerEpoch": self.epoch, "Committed": committed}
        return _error(self.wire.until("EndTxn", 3, body, _error))

    def state(self) -> str:
        return self.wire.ask("DescribeTransactions", 0, {"TransactionalIds": [self.id]})["TransactionStates"][0].get("TransactionState", "")

    def wait_for(self, state: str, limit: float = LIMIT_SECONDS) -> None:
        end = time.monotonic() + limit
        while self.state() != state:
            if time.monotonic() > end:
                raise Failure(f"{self.id} is {self.state()} after {limit:.0f} s, not {state}")
            time.sleep(0.01)


def stray(port: int, topic: str, partition: int, *values: str) -> None:
    """Records of a transaction that no coordinator knows, as from a batch that came late: where the broker verifies nothing, they hang."""
    with Asker(port) as wire:
        begun = wire.until("InitProducerId", 4, {"TransactionalId": None, "TransactionTimeoutMs": 60_000}, _error)
        batch = batches.build({"records": list(values), "attributes": _TRANSACTIONAL, "producer": begun.get("ProducerId", 0), "epoch": 0, "sequence": 0},
                              int(time.time() * 1000) - 3_600_000)
        body = {"TransactionalId": "stray", "Acks": -1, "TimeoutMs": 10_000,
                "TopicData": [{"Name": topic, "PartitionData": [{"Index": partition, "Records": batch}]}]}
        answer = wire.ask("Produce", 9, body)["Responses"][0]["PartitionResponses"][0]
        _succeeded(answer, _error(answer), f"a stray batch to {topic}-{partition}")


def end_offset(port: int, topic: str, partition: int, committed: bool) -> int:
    """The end of a partition as a consumer of this isolation level is told it."""
    with Asker(port) as wire:
        answer = wire.ask("ListOffsets", 7, _end_of(topic, partition, committed))
        return _succeeded(answer, _partition_error(answer), f"ListOffsets of {topic}-{partition}")["Topics"][0]["Partitions"][0].get("Offset", 0)


def wait_until_led(port: int, topic: str, partition: int) -> None:
    """By a server that has just started."""
    with Asker(port) as wire:
        answer = wire.until("ListOffsets", 7, _end_of(topic, partition, False), _partition_error)
        _succeeded(answer, _partition_error(answer), f"ListOffsets of {topic}-{partition}")


def _end_of(topic: str, partition: int, committed: bool) -> dict:
    return {"ReplicaId": -1, "IsolationLevel": int(committed), "Topics": [{"Name": topic, "Partitions": [{"PartitionIndex": partition, "Timestamp": -1}]}]}


def _partition_error(answer: dict) -> int:
    return _error(answer["Topics"][0]["Partitions"][0])
