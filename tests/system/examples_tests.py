"""The example services: killed at random, without a broker, with a database that is locked or full."""

import pathlib
import random
import resource
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request

from harness import paths
from harness.broker import ThalwegBroker
from harness.mariadb import Mariadb, MariadbDatabase
from harness.outcome import Failure, Skip, expect
from harness.process import resume, suspend
from harness.wire import free_port
from shop import Service, Shop, Sqlite, folder

KILLS = 50


def _kill_at_random(shop: Shop, rounds: int, seed: int = 1, **more) -> dict[str, int]:
    """One, two or three of server, services, analytics and `more` in each round; started again at once. How often each was killed."""
    moments = random.Random(seed)
    parts = {"server": shop.broker, "ecommerce": shop.ecommerce, "second": shop.second, "analytics": shop.analytics, **more}
    killed = dict.fromkeys(parts, 0)
    for _ in range(rounds):
        time.sleep(moments.uniform(0.1, 0.6))
        victims = moments.sample(sorted(parts), moments.choice((1, 1, 2, 3)))
        for name in victims:
            expect(parts[name].process.poll() is None, f"{name} had ended by itself")
            parts[name].kill()
            killed[name] += 1
        for name in victims:
            shop.launch(parts[name])
    return killed


def _start(shop: Shop) -> None:
    shop.broker.start()
    shop.create_topics()
    shop.launch(shop.ecommerce)
    shop.launch(shop.analytics)


def _start_with_second(shop: Shop) -> None:
    """Two instances write to one outbox, and share the partitions."""
    _start(shop)
    shop.launch(shop.second)


def counts_are_exact_after_kills(rounds: int = KILLS) -> str:
    with folder() as where, Shop(pathlib.Path(where)) as shop:
        _start_with_second(shop)
        killed = _kill_at_random(shop, rounds)
        said = shop.finish()
        (users, purchases), = shop.shop("SELECT COUNT(*), (SELECT COUNT(*) FROM purchases) FROM users")
        expect(users >= rounds and purchases > 0, f"too little has happened between the kills: {users} users, {purchases} purchases")
        return f"{rounds} rounds, {killed}: {said}"


def counts_are_exact_with_mariadb(rounds: int = 8) -> str:
    with folder() as where:
        server = Mariadb(pathlib.Path(where))
        try:
            server.start()
            databases = [MariadbDatabase(server, name) for name in ("shop", "counts")]
            with Shop(pathlib.Path(where), shop=databases[0], counts=databases[1]) as shop:
                _start_with_second(shop)
                _wait(lambda: sum(shop.look()[1].values()) > 0, "nothing is counted")
                killed = _kill_at_random(shop, rounds, seed=3, mariadb=server)
                server.kill()
                server.start()
                return f"{rounds} rounds, {killed}: {shop.finish()}"
        finally:
            server.kill()


def _produce(broker: ThalwegBroker, lines: list[str]) -> None:
    done = subprocess.run([broker.binary, "produce", "user-events", "--key-separator", "|", "--brokers", broker.bootstrap], input="\n".join(lines) + "\n",
                          capture_output=True, text=True, timeout=60)
    expect(done.returncode == 0, f"thalweg produce: {done.stderr}")


def _guide_event(number: int, day: int) -> str:
    kind = ("user_registered", "user_login", "user_purchase", "user_deleted")[number % 4]
    return f'user-{number % 50}|{{"user_id": {number % 50}, "event_type": "{kind}", "timestamp": {day * 86400 + number % 86400}, "data": {{}}}}'


def records_without_ids_are_counted_once(rounds: int = 8, batch: int = 400) -> str:
    """As the guide's producer writes them. Two instances of two groups read all of them into one database, and only one may count each: as strict as a
    member that does not know yet that it has lost its partitions. Both are killed."""
    with folder() as where:
        counts, broker = Sqlite(pathlib.Path(where) / "counts.db"), ThalwegBroker(pathlib.Path(where) / "broker", {"num.partitions": "3"})
        common = ("--brokers", broker.bootstrap, "--database", counts.url, "--output", "none", "--instance", "only")
        services = [Service(pathlib.Path(where), "analytics", *common, "--group", group, log=group) for group in ("one", "two")]
        try:
            broker.start()
            for service in services:
                service.launch()
            for n in range(rounds):
                _produce(broker, [_guide_event(i, day=20000 + n) for i in range(batch)] + ["user-1|no JSON", 'user-2|{"event_type": "user_login"}'])
                for service in services[: 1 + n % 2]:
                    service.kill()
                    service.launch()
            tables = ("daily_registrations", "daily_logins", "daily_purchases")
            want = sorted((table, batch // 4) for table in tables for _ in range(rounds)) + [("uncounted", 2 * rounds)]
            look = lambda: sorted((table, count) for table in tables for count, in counts(f"SELECT count FROM {table}")) + [  # noqa: E731
                ("uncounted", counts("SELECT COUNT(*) FROM uncounted")[0][0])]
            try:
                _wait(lambda: look() == want, "")
            except Failure:
                raise Failure(f"counted {look()}, not {want}: {services[0].log()}{services[1].log()}") from None
            time.sleep(0.5)  # what would be counted again comes now
            expect(look() == want, f"later counted {look()}, not {want}")
            for service in services:
                service.stop()
            return f"{rounds * batch} records of {rounds} days"
        finally:
            for part in (*services, broker):
                part.kill()


def says_that_records_are_gone() -> str:
    with folder() as where:
        counts, broker = Sqlite(pathlib.Path(where) / "counts.db"), ThalwegBroker(pathlib.Path(where) / "broker", {"num.partitions": "1"})
        analytics = Service(pathlib.Path(where), "analytics", "--brokers", broker.bootstrap, "--database", counts.url, "--output", "none", "--instance", "only")
        try:
            broker.start()
            _produce(broker, [_guide_event(1, day=1)])
            analytics.launch()
            _wait(lambda: counts("SELECT count FROM daily_logins") == [(1,)], "nothing is counted")
            analytics.stop()
            _produce(broker, [_guide_event(1, day=1)])
            subprocess.run([broker.binary, "topic", "trim", "user-events", "--brokers", broker.bootstrap, "--offset", "-1", "--yes"], check=True,
                           capture_output=True)
            analytics.launch()
            try:
                code = analytics.process.wait(30)
            except subprocess.TimeoutExpired:
                raise Failure(f"it went on: {analytics.log()}") from None
            expect(code == 1 and "DELETE FROM next_offsets" in analytics.log(), f"exit code {code}: {analytics.log()}")
            return "it stops with 1"
        finally:
            for part in (analytics, broker):
                part.kill()


def notices_what_the_guides_way_loses(rounds: int = 4) -> str:
    """Row first and event afterwards; counts first and offsets afterwards. The comparison must find both."""
    with folder() as where, Shop(pathlib.Path(where), shop_options=("--dual-write",), analytics_options=("--at-least-once",)) as shop:
        _start(shop)
        for _ in range(rounds):
            time.sleep(0.8)
            for part in (shop.broker, shop.ecommerce, shop.analytics):
                part.kill()
                time.sleep(0.1)  # with the server away, whoever has written a row waits to send its event
            for part in (shop.broker, shop.ecommerce, shop.analytics):
                shop.launch(part)
        try:
            said = shop.finish()
        except Failure as e:
            expect("rows without an event" in str(e), f"no row without an event was noticed: {e}")
            expect(" counted" in str(e), f"no event that was counted twice was noticed: {e}")
            return f"as it should: {e}"
        raise Failure(f"nothing was noticed: {said}")


def one_relay_works_at_a_time() -> str:
    """The first instance stands still and still holds its outboxes: what the second writes waits, until the first is dead."""
    with folder() as where, Shop(pathlib.Path(where)) as shop:
        users = lambda: shop.shop("SELECT COUNT(*) FROM users")[0][0]  # noqa: E731
        sent = lambda: shop.shop("SELECT COUNT(*) FROM users_outbox WHERE sent_at > 0")[0][0]  # noqa: E731
        _start(shop)
        _wait(lambda: sent() > 0, "nothing is sent")
        shop.launch(shop.second)
        for _ in range(20):
            suspend(shop.ecommerce.process.pid)
            had, was_sent = users(), sent()
            try:
                _wait(lambda: users() > had + 10, "", 3)
                break
            except Failure:  # it was stopped in the middle of a transaction, and nobody can write
                resume(shop.ecommerce.process.pid)
        else:
            raise Failure("the second instance writes nothing")
        expect(sent() == was_sent, f"two relays: {was_sent} events were sent, then {sent()}, while their relay stood still")
        shop.ecommerce.kill()
        _wait(lambda: sent() > was_sent + 10, "nobody took over the outbox")
        return shop.finish()


def waits_for_the_broker() -> str:
    with folder() as where, Shop(pathlib.Path(where)) as shop:
        shop.launch(shop.ecommerce)
        shop.launch(shop.analytics)
        shop.ecommerce.wait_for_line("events wait in the outbox")
        expect(shop.shop("SELECT COUNT(*) FROM users")[0][0] > 0, "without a broker nobody can register")
        shop.broker.start()
        shop.ecommerce.wait_for_line("users relay: goes on")
        _wait(lambda: shop.look()[1]["purchases"] > 0, "nothing is bought")
        shop.broker.kill()  # and in the middle
        stopped = max(shop.stop_both())
        shop.broker.start()
        shop.launch(shop.analytics)
        return f"stopped without a broker in {stopped:.1f} s; {shop.finish()}"


def _health(port: int) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()


def bears_a_locked_database() -> str:
    port = free_port()
    with folder() as where, Shop(pathlib.Path(where), analytics_options=("--http", port)) as shop:
        _start(shop)
        _wait(lambda: shop.look()[1]["purchases"] > 0, "nothing is counted")
        holders = []
        # Analytics first: without the shop's events it would have nothing to write.
        for service, database in ((shop.analytics, shop.counts), (shop.ecommerce, shop.shop)):
            holders.append(sqlite3.connect(database.file, isolation_level=None))
            holders[-1].execute("BEGIN IMMEDIATE")
            service.wait_for_line("database is locked; another program holds it")
        code, text = _health(port)
        expect(code == 503 and "database is locked" in text, f"/health said {code}: {text}")
        for holder in holders:
            holder.close()
        shop.analytics.wait_for_line("counting: goes on")
        return shop.finish()


def bears_a_full_disk() -> str:
    with folder() as where, Shop(pathlib.Path(where)) as shop:
        _start(shop)
        _wait(lambda: shop.look()[1]["purchases"] > 0, "nothing is counted")
        limited = {shop.analytics: shop.counts, shop.ecommerce: shop.shop}
        # Analytics first: without the shop's events it would have nothing to write.
        for service, database in limited.items():
            service.limit_files(database.file.with_name(f"{database.file.name}-wal").stat().st_size)
            service.wait_for_line("is its disk full", 60)
        for service in limited:
            service.limit_files(resource.RLIM_INFINITY)
        for service in limited:
            service.wait_for_line("goes on")
        return shop.finish()


MISTAKES = (
    (("--brokrs", "x"), "there is no option --brokrs"),
    (("--brokers",), "--brokers needs a value: --brokers HOST:PORT,..."),
    (("--database", "/nowhere/at/all.db"), "the folder of the database does not exist: /nowhere/at"),
    (("--database", "postgres://x"), "name a file, or mysql://user:password@host:port/database"),
    (("--database", "mysql://root@localhost"), "names no database; write mysql://user:password@host:3306/database"),
    (("--database", "mysql://u:p@h:0/d"), "has no port between 1 and 65535"),
    (("--database", "mysql://u:p@h/d?tls=1"), "has an option other than socket=PATH"),
    (("--http", "nowhere:x"), "not an address to listen on"),
)
ECOMMERCE_MISTAKES = (
    (("--rate", "many"), "--rate is a number from 0 to 100000, not 'many'"),
    (("--service", "users,parcels"), "--service is users, orders or payments"),
    (("--service", "payments", "--rate", "5"), "--rate needs the users or the orders service here"),
)


def mistakes_are_said() -> str:
    count = 0
    with folder() as where:
        for name, mistakes in (("ecommerce", MISTAKES + ECOMMERCE_MISTAKES), ("analytics", MISTAKES)):
            program = paths.built(name)
            if program is None:
                raise Skip(f"{name} is not built: it needs libsqlite3-dev")
            for arguments, says in mistakes:
                done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=20, cwd=where)
                expect(done.returncode == 2 and says in done.stderr and f"{name} --help" in done.stderr,
                       f"{name} {' '.join(arguments)} exited {done.returncode}: {done.stderr}")
                count += 1
            shown = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=20)
            expect(shown.returncode == 0 and "Examples\n" in shown.stdout and "--database FILE|URL" in shown.stdout, f"{name} --help: {shown.stdout}")
    return f"{count} mistakes"


def _wait(condition, what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except (sqlite3.OperationalError, Failure):  # its tables are not there yet
            pass
        if time.monotonic() > deadline:
            raise Failure(what)
        time.sleep(0.1)


ALL = {
    "the examples say what is wrong with their options": mistakes_are_said,
    "the examples' test notices rows without events and events counted twice": notices_what_the_guides_way_loses,
    "the examples' rows, events and counts agree after 50 kills": counts_are_exact_after_kills,
    "the examples' counts are exact with MariaDB, which is killed too": counts_are_exact_with_mariadb,
    "analytics counts records without ids once, by two that know nothing of each other": records_without_ids_are_counted_once,
    "analytics says that records are gone which it has not counted": says_that_records_are_gone,
    "the examples publish an outbox by one relay at a time": one_relay_works_at_a_time,
    "the examples wait for a broker that is away": waits_for_the_broker,
    "the examples bear a locked database": bears_a_locked_database,
    "the examples bear a full disk": bears_a_full_disk,
}
