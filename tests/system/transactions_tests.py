"""Transactions as promised: exactly once through kills, and nothing that a hostile or careless client leaves behind lasts."""

import collections
import contextlib
import pathlib
import random
import tempfile
import threading
import time
from collections.abc import Iterator

from cluster_tests import Cluster, in_cluster, until
from exactly_once import COPY, PARTITIONS, SOURCE, ExactlyOnce
from harness import process
from harness.broker import Broker, ThalwegBroker
from harness.outcome import Failure, expect, expect_equal
from harness.transactions import Asker, Producer, end_offset, wait_until_led
from harness.wire import produce_once, wait_for_produce

_KILLS = 50
_IDS, _OPEN_ONES, _CONNECTIONS = 100_000, 5_000, 16
_SETTLED_SECONDS = 300
_TIMEOUT_MS = 8000
# INVALID_PRODUCER_EPOCH, INVALID_TXN_STATE, INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED
_OLD_EPOCH, _NOT_IN_IT, _NOT_ITS_OWN, _FENCED = 47, 48, 49, 90
_COORDINATOR_FENCED = 52


def new_broker(folder: pathlib.Path, **properties: str) -> Broker:
    return ThalwegBroker(folder, {k.replace("_", "."): v for k, v in properties.items()})


@contextlib.contextmanager
def _server(**properties: str) -> Iterator[Broker]:
    with tempfile.TemporaryDirectory(prefix="thalweg-transactions-") as folder:
        broker = new_broker(pathlib.Path(folder), **properties)
        try:
            broker.start()
            yield broker
        except Failure as e:
            raise Failure(f"{e}\nlog of the server:\n{broker.log_tail()}") from None
        finally:
            broker.kill()


def create(port: int, topic: str, partitions: int, replicas: int = 1, **configs: str) -> None:
    made = {"Name": topic, "NumPartitions": partitions, "ReplicationFactor": replicas, "Configs": [{"Name": k.replace("_", "."), "Value": v} for k, v in configs.items()]}
    with Asker(port) as wire:
        answer = wire.ask("CreateTopics", 5, {"Topics": [made], "timeoutMs": 30_000})["Topics"][0]
        expect_equal(answer.get("ErrorCode", 0), 0, f"error of creating {topic}")
    expect(wait_for_produce(port, topic, 30) is not None, f"{topic} cannot be written to")


def _seed() -> int:
    return random.SystemRandom().getrandbits(32)


def exactly_once_on(broker: Broker, kills: int) -> str:
    seed = _seed()
    chance = random.Random(seed)
    for topic in (SOURCE, COPY):
        with Asker(broker.port) as wire:
            wire.ask("CreateTopics", 5, {"Topics": [{"Name": topic, "NumPartitions": PARTITIONS, "ReplicationFactor": 1}], "timeoutMs": 30_000})
    copies = ExactlyOnce(broker.bootstrap, lambda: [broker.port])
    slowest = 0.0
    try:
        copies.begin()
        for _ in range(kills):
            if chance.random() < 0.5:
                broker.kill()
                broker.start()
            else:
                copies.kill_a_copier(chance)
            slowest = max(slowest, copies.wait_for_progress())
        records = copies.finish()
    except Failure as e:
        raise Failure(f"seed {seed}: {e}") from None
    finally:
        copies.end()
    return f"{records} records once each through {kills} kills, copied again after at most {slowest:.1f} s"


def each_record_once_through_kills_of_one_server() -> str:
    with _server() as broker:
        return exactly_once_on(broker, _KILLS)


@in_cluster
def each_record_once_through_kills_of_a_cluster(cluster: Cluster) -> str:
    """One server at a time, and the next one only when all are in sync again; copiers in between."""
    seed = _seed()
    chance = random.Random(seed)
    for node in cluster.nodes.values():
        node.properties |= {"transaction.state.log.replication.factor": "3", "transaction.state.log.min.isr": "2", "offsets.topic.replication.factor": "3"}
    cluster.start()
    cluster.wait_for_each_other()
    for topic in (SOURCE, COPY):
        cluster.thalweg(["topic", "create", topic, "--partitions", str(PARTITIONS), "--replicas", "3", "--config", "min.insync.replicas=2"])
    copies = ExactlyOnce(cluster.bootstrap, lambda: [node.port for node in cluster.nodes.values() if node.alive()])
    slowest = 0.0
    try:
        copies.begin()
        for _ in range(_KILLS):
            if chance.random() < 0.5:
                slowest = max(slowest, _kill_a_server(cluster, copies, chance))
            else:
                copies.kill_a_copier(chance)
                slowest = max(slowest, copies.wait_for_progress())
        records = copies.finish()
    except Failure as e:
        raise Failure(f"seed {seed}: {e}") from None
    finally:
        copies.end()
    return f"{records} records once each through {_KILLS} kills, copied again after at most {slowest:.1f} s"


def _kill_a_server(cluster: Cluster, copies: ExactlyOnce, chance: random.Random) -> float:
    victim = chance.choice(sorted(cluster.nodes))
    cluster.nodes[victim].kill()
    seconds = copies.wait_for_progress()  # the others go on without it
    cluster.start(victim)
    cluster.wait_for_each_other()
    for topic in (SOURCE, COPY, "__transaction_state", "__consumer_offsets"):
        cluster.wait_until_all_in_sync(topic)
    return seconds


def who_is_from_before_or_not_in_it_changes_nothing() -> str:
    """A stale epoch, a partition that was never added, the end of another's transaction, and markers that no coordinator sent."""
    with _server() as broker:
        create(broker.port, "orders", 2)
        before = [end_offset(broker.port, "orders", p, committed=False) for p in range(2)]
        zombie = Producer(broker.port, "tx").open("orders", 0, "of the zombie")
        owner = Producer(broker.port, "tx")
        expect_equal(zombie.write("orders", 0, "late"), _OLD_EPOCH, "error of a zombie's record")
        expect_equal(zombie.end(committed=True), _FENCED, "error of a zombie's commit")
        owner.open("orders", 0, "of the owner")
        expect_equal(owner.write("orders", 1, "never added"), _NOT_IN_IT, "error of a record for a partition that was not added")
        stranger = Producer(broker.port, "other")
        stranger.id = "tx"
        expect_equal(stranger.end(committed=False), _NOT_ITS_OWN, "error of ending another's transaction")
        expect_equal(_marker(broker.port, owner, epoch=owner.epoch - 1), _OLD_EPOCH, "error of a marker of an older epoch")
        expect_equal(_marker(broker.port, owner, coordinator=-1), _COORDINATOR_FENCED, "error of a marker of an older coordinator")
        expect_equal(owner.state(), "Ongoing", "state of the owner's transaction")
        expect_equal(owner.end(committed=True), 0, "error of the owner's commit")
        owner.wait_for("CompleteCommit")
        # The zombie's record and marker, the owner's record and marker.
        expect_equal([end_offset(broker.port, "orders", p, committed=True) for p in range(2)], [before[0] + 4, before[1]], "last stable offsets")


def _marker(port: int, of: Producer, epoch: int | None = None, coordinator: int = 0) -> int:
    with Asker(port) as wire:
        marker = {"ProducerId": of.producer, "ProducerEpoch": of.epoch if epoch is None else epoch, "CoordinatorEpoch": coordinator,
                  "TransactionResult": True, "Topics": [{"Name": "orders", "PartitionIndexes": [0]}]}
        answer = wire.ask("WriteTxnMarkers", 1, {"Markers": [marker]})
        return answer["Markers"][0]["Topics"][0]["Partitions"][0].get("ErrorCode", 0)


def an_open_transaction_hides_what_follows_until_it_times_out() -> str:
    """Also over kill -9: the time-out is the coordinator's to keep, and it forgets nothing."""
    with _server(transaction_abort_timed_out_transaction_cleanup_interval_ms="100") as broker:
        create(broker.port, "orders", 1)
        first = end_offset(broker.port, "orders", 0, committed=True)
        opened = time.monotonic()
        left = Producer(broker.port, "left", timeout_ms=_TIMEOUT_MS).open("orders", 0, "left open")
        for _ in range(10):
            expect(produce_once(broker.port, "orders"), "a plain record is not acknowledged")
        expect_equal(end_offset(broker.port, "orders", 0, committed=True), first, "last stable offset beside an open transaction")
        expect_equal(end_offset(broker.port, "orders", 0, committed=False), first + 11, "end beside an open transaction")
        left.close()
        broker.kill()
        broker.start()
        wait_until_led(broker.port, "orders", 0)
        stable = end_offset(broker.port, "orders", 0, committed=True)
        if 1000 * (time.monotonic() - opened) < _TIMEOUT_MS:  # it cannot have timed out
            expect_equal(stable, first, "last stable offset after kill -9")
        began = time.monotonic()
        for _ in until(60):
            if end_offset(broker.port, "orders", 0, committed=True) == first + 12:
                break
        expect_equal(end_offset(broker.port, "orders", 0, committed=True), first + 12, "last stable offset after the time-out")
        again = Producer(broker.port, "left")
        expect(again.epoch > left.epoch, f"epoch {again.epoch} follows {left.epoch}")
        return f"readable {time.monotonic() - began:.1f} s after the restart"


def many_ids_are_opened_and_left() -> str:
    """A hundred thousand, some of them with an open transaction. They cost a bounded amount of memory, survive kill -9, time out, and others go on."""
    with _server(transaction_abort_timed_out_transaction_cleanup_interval_ms="500") as broker:
        create(broker.port, "orders", 1)
        first = Producer(broker.port, "first")
        before = broker.resident_mib()
        began = time.monotonic()
        opened = _open_many(broker.port)
        took = time.monotonic() - began
        expect_equal(opened, collections.Counter({"ids": _IDS, "open": _OPEN_ONES}), "what was opened")
        grown = broker.resident_mib() - before
        expect(grown < 300, f"{_IDS} transactional ids cost {grown:.0f} MiB")
        broker.kill()
        began = time.monotonic()
        broker.start()
        first = Producer(broker.port, "first")  # its partition of the log is loaded
        loaded = time.monotonic() - began
        first.open("orders", 0, "beside them")
        expect_equal(first.end(committed=True), 0, "error of a commit beside them")
        first.wait_for("CompleteCommit", _SETTLED_SECONDS)
        for _ in until(_SETTLED_SECONDS):
            if not _listed(broker.port, "Ongoing", "PrepareAbort"):
                break
        expect_equal(_listed(broker.port, "Ongoing", "PrepareAbort"), 0, "transactions that nobody ends")
        expect_equal(_listed(broker.port, "Empty", "CompleteAbort", "CompleteCommit"), _IDS + 1, "ids that are known")
        expect_equal(end_offset(broker.port, "orders", 0, True), end_offset(broker.port, "orders", 0, False), "last stable offset, and the end")
        return f"opened in {took:.0f} s with {grown:.0f} MiB, there {loaded:.1f} s after kill -9, peak {process.peak_mib(broker.pid):.0f} MiB"


def _open_many(port: int) -> collections.Counter:
    counted: collections.Counter = collections.Counter()
    wrong: list[Exception] = []
    lock = threading.Lock()

    def work(first: int) -> None:
        try:
            with Asker(port) as wire:
                for number in range(first, _IDS, _CONNECTIONS):
                    done = _open_one(wire, f"left-{number}", add=number < _OPEN_ONES)
                    with lock:
                        counted.update(done)
        except Exception as e:  # the test's to report
            wrong.append(e)
    threads = [threading.Thread(target=work, args=[n]) for n in range(_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise Failure(f"opening ids: {wrong[0]!r}")
    return counted


def _open_one(wire: Asker, name: str, add: bool) -> list[str]:
    begun = wire.until("InitProducerId", 4, {"TransactionalId": name, "TransactionTimeoutMs": 2000}, lambda a: a.get("ErrorCode", 0))
    expect_equal(begun.get("ErrorCode", 0), 0, f"error of InitProducerId of {name}")
    if not add:
        return ["ids"]
    body = {"V3AndBelowTransactionalId": name, "V3AndBelowProducerId": begun.get("ProducerId", 0), "V3AndBelowProducerEpoch": begun.get("ProducerEpoch", 0),
            "V3AndBelowTopics": [{"Name": "orders", "Partitions": [0]}]}
    added = wire.ask("AddPartitionsToTxn", 3, body)["ResultsByTopicV3AndBelow"][0]["ResultsByPartition"][0]
    expect_equal(added.get("PartitionErrorCode", 0), 0, f"error of adding a partition to {name}")
    return ["ids", "open"]


def _listed(port: int, *states: str) -> int:
    with Asker(port) as wire:
        def ask() -> dict:
            return wire.until("ListTransactions", 0, {"StateFilters": list(states)}, lambda a: a.get("ErrorCode", 0))
        return len(ask().get("TransactionStates", []))


ALL = {
    "each record is copied once while a server and copiers are killed": each_record_once_through_kills_of_one_server,
    "each record is copied once while servers of a cluster and copiers are killed": each_record_once_through_kills_of_a_cluster,
    "a transaction is nobody's but its producer's": who_is_from_before_or_not_in_it_changes_nothing,
    "an open transaction hides what follows until it times out": an_open_transaction_hides_what_follows_until_it_times_out,
    "a hundred thousand transactional ids are opened and left": many_ids_are_opened_and_left,
}
