"""What the pages for Prometheus say, as numbers and rates."""

import re
import urllib.request

_SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
_IN = "kafka_server_brokertopicmetrics_messagesin_total"
_OUT = "thalweg_brokertopicmetrics_messagesout_total"

Samples = dict[str, list[tuple[dict[str, str], float]]]


def parse(page: str) -> Samples:
    found: Samples = {}
    for line in page.splitlines():
        if match := _SAMPLE.match(line):
            name, labels, value = match.groups()
            found.setdefault(name, []).append((dict(_LABEL.findall(labels or "")), float(value)))
    return found


def fetch(url: str, timeout: float = 1.0) -> Samples | None:
    """None when nobody answers: a service that starts, or was killed."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return parse(answer.read().decode())
    except (OSError, ValueError):
        return None


def total(samples: Samples, name: str, **labels: str) -> float:
    return sum(value for found, value in samples.get(name, []) if labels.items() <= found.items())


class Rates:
    """Counters to rates a second. A counter that fell began anew with its process, so what it shows is what was added."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[float, float]] = {}

    def rate(self, counter: str, value: float, now: float) -> float:
        before, at = self._last.get(counter, (value, now))
        self._last[counter] = (value, now)
        added = value - before if value >= before else value
        return added / (now - at) if now > at else 0.0


def topics(samples: Samples, rates: Rates, now: float) -> dict[str, dict[str, float]]:
    """By name; the server's own are left out."""
    records: dict[str, float] = {}
    for name, sign in (("kafka_topic_partition_current_offset", 1), ("kafka_topic_partition_oldest_offset", -1)):
        for labels, value in samples.get(name, []):
            records[labels["topic"]] = records.get(labels["topic"], 0) + sign * value
    return {topic: {"records": int(count),
                    "in_per_second": round(rates.rate(f"in {topic}", total(samples, _IN, topic=topic), now), 1),
                    "out_per_second": round(rates.rate(f"out {topic}", total(samples, _OUT, topic=topic), now), 1)}
            for topic, count in sorted(records.items()) if not topic.startswith("_")}


def groups(samples: Samples) -> list[dict]:
    """A row for each group and topic with offsets: lag in records, and in seconds the age of the oldest unread record."""
    ages = {(labels["consumergroup"], labels["topic"]): value for labels, value in samples.get("kafka_consumergroup_lag_max_seconds", [])}
    members = {labels["consumergroup"]: int(value) for labels, value in samples.get("kafka_consumergroup_members", [])}
    rows = []
    for labels, lag in samples.get("kafka_consumergroup_lag_sum", []):
        group, topic = labels["consumergroup"], labels["topic"]
        rows.append({"group": group, "topic": topic, "lag": int(lag), "oldest_unread_seconds": round(ages.get((group, topic), 0.0), 1),
                     "members": members.get(group, 0)})
    return sorted(rows, key=lambda row: (row["group"], row["topic"]))


def service(program: str, samples: Samples, rates: Rates, name: str, now: float) -> dict:
    """Of the toolkit's five names, and the service's own counts, which begin with its program's name."""
    produced, consumed = "kafka_messages_produced_total", "kafka_messages_consumed_total"
    prefix = re.sub(r"\W", "_", program) + "_"
    counts = {metric.removeprefix(prefix).removesuffix("_total"): int(found[0][1])
              for metric, found in samples.items() if metric.startswith(prefix) and not found[0][0]}
    return {"produced_per_second": round(rates.rate(f"{name} produced", total(samples, produced), now), 1),
            "consumed_per_second": round(rates.rate(f"{name} consumed", total(samples, consumed), now), 1),
            "errors": int(total(samples, produced, status="error") + total(samples, consumed, status="error")),
            "counts": counts}
