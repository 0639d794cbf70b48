"""Conversations: requests as they go over the wire, and what Apache Kafka answers, in files that can be read.

    # The offset is beyond the end.                                   a comment
    topic @orders partitions=2 max.message.bytes=1000                 creates a topic and waits until it can be used
    until FindCoordinator 3 {"Key": "@group"}                         asks again until the answer has no error
    await DescribeGroups 0 {"Groups": ["@group"]} has Empty           asks again until the answer has this text
    > Fetch 12 {"Topics": [{"Topic": "@orders", "Partitions": [{"FetchOffset": 7}]}]}      API, version, body
    < {"Responses": [{"Topic": "@orders", "Partitions": [{"ErrorCode": 1, "HighWatermark": -1}]}]}
    > bytes 00000000                                                  any bytes, in hex
    < closed                                                          or `silence`: no answer, and the connection lives
    >b Metadata 1 {}                                                  on a second connection, `b`
    ? Kafka 4 dropped version 0                                       why Thalweg answers something else than Kafka
    < closed                                                          what Kafka answers
    = {"Topics": []}                                                  what Thalweg answers

Lines that are indented continue the one before. A request whose answer does not follow at once is not waited for.
Fields that are not written have the schema's default. Names with @ are this conversation's own; what differs from run to
run is written by its meaning: "id of @orders", "session 1", "producer 1", "now+5", CLOCK, PORT, CLUSTER. The wording of
error messages is not compared. `run --record`, with --broker kafka, writes the answers anew.
"""

import dataclasses
import json
import pathlib
import re
import textwrap
import time
from collections.abc import Callable

from . import batches, messages, wire
from .outcome import Failure

READY_LIMIT_SECONDS = 30
ANSWER_LIMIT_SECONDS = 20
_NAMED = {"SessionId": "session", "ProducerId": "producer", "ProducerIdFilters": "producer", "V3AndBelowProducerId": "producer", "producer": "producer",
          "TopicId": "topic id", "MemberId": "member", "Leader": "member"}
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIMES = {"Timestamp", "LogAppendTimeMs", "LastTimestamp", "TransactionStartTimeMs"}
_NOT_COMPARED = {"ErrorMessage", "BatchIndexErrorMessage", "FinalizedFeaturesEpoch"}
_UNSUPPORTED_VERSION = b"\0\x23"  # 35: ApiVersions says so in version 0
_WORDS = ("topic", "until", "await")
_ABSENT = object()
_PROBE = 1_000_000  # correlation ids of requests that only show that the connection lives


@dataclasses.dataclass
class Line:
    number: int
    sign: str  # topic until await > < ? = or nothing: a comment, kept for recording
    connection: str
    text: str


def parse(text: str) -> list[Line]:
    lines: list[Line] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("  ") and lines and lines[-1].sign:
            lines[-1].text = f"{lines[-1].text} {line.strip()}".strip()
            continue
        head, _, rest = line.partition(" ")
        if head in _WORDS or head[:1] in ("<", ">", "?", "="):
            sign = head if head in _WORDS else head[0]
            lines.append(Line(number, sign, head[1:] if sign in "<>" else "", rest.strip()))
        elif not line or line.startswith("#"):
            lines.append(Line(number, "", "", line))
        else:
            raise ValueError(f"line {number}: {line}")
    for at, line in enumerate(lines):
        if line.sign == "?" and [following.sign for following in lines[at + 1:at + 3]] != ["<", "="]:
            raise ValueError(f"line {line.number}: what Kafka answers and what Thalweg answers must follow")
    return lines


def unparse(lines: list[Line]) -> str:
    out = []
    for line in lines:
        if not line.sign:
            out.append(line.text)
            continue
        whole = f"{line.sign}{line.connection} {line.text}"
        out += textwrap.wrap(whole, 120, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(out) + "\n"


class Player:
    """Speaks a conversation with one broker."""

    def __init__(self, port: int, prefix: str):
        self._port, self._prefix = port, prefix
        self._connections: dict[str, wire.Connection] = {}
        self._asked: dict[str, list[tuple[str, int, int, bool]]] = {}  # unanswered requests, by connection
        self._names: dict[str, dict] = {}   # meaning -> value
        self._now = int(time.time() // 3600 - 1) * 3_600_000
        self._correlation = 0
        self._said = ""  # all requests

    def close(self) -> None:
        for connection in self._connections.values():
            connection.socket.close()

    # ---- Asking

    def ask(self, connection: str, text: str) -> None:
        name, _, rest = text.partition(" ")
        self._said += text
        self._correlation = correlation = self._correlation + 1
        if name == "bytes":
            silent, frame = False, bytes.fromhex(rest)
            name, version, correlation = messages.header_of(frame)
        else:
            number, _, body = rest.partition(" ")
            version, values = int(number), self._filled_in(json.loads(body or "{}"))
            silent = name == "Produce" and values.get("Acks") == 0
            frame = messages.request_frame(name, version, values, correlation)
        if connection not in self._connections:
            self._connections[connection] = wire.Connection(self._port, timeout=ANSWER_LIMIT_SECONDS)
        self._connections[connection].send(frame)
        self._asked.setdefault(connection, []).append((name, version, correlation, silent))

    def answer(self, connection: str) -> str:
        """What the broker answers to the oldest open request of the connection, as it is written."""
        name, version, correlation, silent = self._asked[connection].pop(0)
        line = self._connections[connection]
        try:
            if silent:
                line.send(messages.request_frame("ApiVersions", 0, {}, _PROBE + correlation))
            got, payload = line.receive()
        except OSError as e:
            self._connections.pop(connection).socket.close()
            self._asked.pop(connection)
            return "nothing" if isinstance(e, TimeoutError) else "closed"
        if silent and got == _PROBE + correlation:
            return "silence"
        if got != correlation:
            raise Failure(f"{name} {version}: answer {got}, not {correlation}")
        if name == "ApiVersions" and payload[:2] == _UNSUPPORTED_VERSION:
            version = 0
        try:
            body = messages.response_body(name, version, payload)
        except messages.Malformed as e:
            return f"malformed: {e}: {payload.hex()}"
        # Kafka answers in the order of its hash tables, but for Fetch, where the order has a meaning (KIP-74).
        return json.dumps(self._masked(body, ordered=name == "Fetch"), ensure_ascii=False)

    def ask_until(self, text: str) -> None:
        self._ask_until(text, lambda answer: '"ErrorCode"' not in answer)

    def ask_until_it_has(self, text: str) -> None:
        question, _, wanted = text.rpartition(" has ")
        self._ask_until(question, lambda answer: wanted in answer)

    def _ask_until(self, text: str, good: Callable[[str], bool]) -> None:
        deadline = time.monotonic() + READY_LIMIT_SECONDS
        while True:
            self.ask("until", text)
            answer = self.answer("until")
            if good(answer):
                return
            if time.monotonic() > deadline:
                raise Failure(f"{text}: still {answer}")

    def make_topic(self, text: str) -> None:
        name, *settings = text.split()
        configs = dict(s.split("=") for s in settings)
        partitions = int(configs.pop("partitions", 1))
        topic = {"Name": name, "NumPartitions": partitions, "ReplicationFactor": 1,
                 "Configs": [{"Name": k, "Value": v} for k, v in configs.items()]}
        self.ask("topic", f"CreateTopics 7 {json.dumps({'Topics': [topic], 'timeoutMs': 30000})}")
        made = json.loads(self.answer("topic"))["Topics"][0]
        if made.get("ErrorCode"):
            raise Failure(f"topic {name}: {made}")
        ids = self._names["topic id"]
        ids[f"id of {name}"] = ids.pop(made["TopicId"])
        ends = [{"PartitionIndex": p, "Timestamp": -1} for p in range(partitions)]
        self.ask_until(f"ListOffsets 4 {json.dumps({'Topics': [{'Name': name, 'Partitions': ends}]})}")

    # ---- What differs from run to run

    def _own(self, text: str) -> str:
        return self._prefix + text[1:] if text.startswith("@") else text

    def _filled_in(self, value, key: str = ""):
        if key == "Records" and isinstance(value, dict):
            return batches.build({k: self._filled_in(v, k) for k, v in value.items()}, self._now)
        if isinstance(value, dict):
            return {k: self._filled_in(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [self._filled_in(v, key) for v in value]
        if not isinstance(value, str):
            return value
        if key in _TIMES and value.startswith("now"):
            return self._now + int(value[3:] or 0)
        if key in _NAMED and value in self._names.get(_NAMED[key], {}):
            return self._names[_NAMED[key]][value]
        return self._own(value)

    def _masked(self, value, ordered: bool, key: str = ""):
        if isinstance(value, dict):
            # Of what is refused Kafka tells these in some cases and not in others, and nobody asks.
            left_out = _NOT_COMPARED | ({"LogStartOffset", "AbortedTransactions"} if value.get("ErrorCode") else set())
            return {k: self._masked(v, ordered, k) for k, v in value.items() if k not in left_out}
        if isinstance(value, list):
            masked = [self._masked(v, ordered, key) for v in value]
            return masked if ordered else sorted(masked, key=json.dumps)
        if isinstance(value, bytes):
            return self._masked(batches.read(value, self._now), ordered) if key == "Records" else value.hex()
        if key in _NAMED and self._is_made(key, value):
            return self._meaning(_NAMED[key], value)
        if key in _TIMES:
            return batches.relative(value, self._now)
        if key == "Port":
            return "PORT" if value == self._port else value
        if key == "ClusterId":
            return "CLUSTER"
        if isinstance(value, str) and value.startswith(self._prefix):
            return "@" + value.removeprefix(self._prefix)
        return value

    def _is_made(self, key: str, value) -> bool:
        """Whether the broker made it up: not what we said ourselves, and not -1 or 0, which mean none."""
        if isinstance(value, str):
            return _UUID.search(value) is not None and value not in self._said
        return value > (0 if key == "SessionId" else -1)

    def _meaning(self, kind: str, value) -> str:
        names = self._names.setdefault(kind, {})
        for name, known in names.items():
            if known == value:
                return name
        name = f"{kind} {len(names) + 1}"
        names[name] = value
        return name


def differences(want, got, path: str = "") -> list[str]:
    """Where two answers differ, a line each."""
    if isinstance(want, dict) and isinstance(got, dict):
        keys = [*want, *(k for k in got if k not in want)]
        return [d for k in keys for d in differences(want.get(k, _ABSENT), got.get(k, _ABSENT), f"{path}.{k}")]
    if isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        return [d for i, (w, g) in enumerate(zip(want, got)) for d in differences(w, g, f"{path}[{i}]")]
    return [] if want == got else [f"{path.lstrip('.') or 'answer'}: want {_shown(want)}, got {_shown(got)}"]


def _shown(value) -> str:
    return "the default" if value is _ABSENT else json.dumps(value)


def _parsed(answer: str):
    return json.loads(answer) if answer.startswith("{") else answer


def play(path: pathlib.Path, port: int, prefix: str, kind: str, record: bool) -> list[str]:
    """The answers that differ from what is written; with `record` they are written into the file instead. A broker whose
    kind nobody knows may answer as either."""
    lines = parse(path.read_text())
    player = Player(port, prefix)
    wrong: list[str] = []
    asked: dict[str, str] = {}
    differs = False
    found: list[str] = []
    try:
        for line in lines:
            if line.sign == "topic":
                player.make_topic(line.text)
            elif line.sign == "until":
                player.ask_until(line.text)
            elif line.sign == "await":
                player.ask_until_it_has(line.text)
            elif line.sign == ">":
                asked[line.connection] = f"{path.name}:{line.number}: {line.text}"
                player.ask(line.connection, line.text)
            elif line.sign == "?":
                differs = True
            elif line.sign == "<":
                got, question = player.answer(line.connection), asked[line.connection]
                if record:
                    line.text = got
                found = differences(_parsed(line.text), _parsed(got))
                if found and not (differs and kind != "kafka"):
                    wrong.append("\n  ".join([question, *found]))
            elif line.sign == "=":
                differs = False
                if not record and (kind == "thalweg" or kind == "running" and found):
                    if found := differences(_parsed(line.text), _parsed(got)):
                        wrong.append("\n  ".join([question, *found]))
    finally:
        player.close()
    if record:
        path.write_text(unparse(lines))
    return wrong
