#!/usr/bin/env python3
"""Prints messages as Apache Kafka's own classes encode them, for src/protocol/kafka_vectors_test.cc.

    make_vectors.py --jars DIR [--jars DIR ...] [--seeds N] > vectors.txt

A folder holds the jars of one release: kafka-clients, and for internal records the coordinators, kafka-metadata,
kafka-raft and kafka-storage (all of them come with kafka_2.13). The first folder that has a version of a message makes
it, so put the newest first and an old release last, for the versions that Kafka 4.0 dropped. Needs a JDK, 17 or newer.

    make_vectors.py --jars kafka-4.4.0 --jars kafka-3.9.1 --seeds 20 > /tmp/vectors.txt
    THALWEG_KAFKA_VECTORS=/tmp/vectors.txt build/dev/bin/protocol_test --gtest_filter='KafkaVectors.*'
    make_vectors.py --jars kafka-4.4.0 --jars kafka-3.9.1 > src/protocol/testdata/kafka_vectors.txt
"""

from __future__ import annotations

import argparse
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PROTOCOL = HERE.parents[2] / "src" / "protocol"
sys.path.insert(0, str(PROTOCOL / "generator"))

import schema  # noqa: E402  (found through the path above)


def ask(jars: pathlib.Path, wanted: list[str]) -> dict[str, str]:
    """Answers of one release, by question."""
    command = ["java", "-cp", f"{jars}/*", str(HERE / "KafkaSerde.java")]
    done = subprocess.run(command, input="\n".join(wanted) + "\n", capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"make_vectors.py: {jars}: {done.stderr.strip()}")
    answers = {}
    for line in done.stdout.splitlines():
        name, version, seed, answer = line.split(" ", 3)
        if not answer.startswith("-"):
            answers[f"{name} {version} {seed}"] = answer
    return answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jars", type=pathlib.Path, action="append", required=True)
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    messages = schema.load(PROTOCOL / "schemas")
    # One seed more for the newest version, where most fields are: nulls are rare under a single one.
    wanted = [f"{m.name} {v} {s}" for m in messages for v in m.versions
              for s in range(1, options.seeds + 1 + (v == m.versions.high))]
    answers: dict[str, str] = {}
    for jars in options.jars:
        answers |= ask(jars, [question for question in wanted if question not in answers])
    for question in wanted:
        if question in answers:
            print(question, answers[question])
    missing = sorted({q.rsplit(" ", 1)[0] for q in wanted if q not in answers})
    print(f"{len(answers)} vectors, {len(missing)} versions that no release has: {', '.join(missing)}", file=sys.stderr)


if __name__ == "__main__":
    main()
