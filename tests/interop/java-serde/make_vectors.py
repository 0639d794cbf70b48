#!/usr/bin/env python3
"""Compares our messages with Apache Kafka's own classes, byte by byte. Needs Maven and a JDK, 17 or newer.

    make_vectors.py --check build/dev/bin/protocol_test [--seeds 20]     makes vectors and lets the test read them
    make_vectors.py > src/protocol/testdata/kafka_vectors.txt            records them

--release VERSION (repeated, newest first) says which Kafka; the first one that has a version of a message makes it. The
default ends with a release before 4.0, for the versions that 4.0 dropped. --jars DIR names a folder of jars instead.
--check also compares the schemas with the definitions in those jars, and ends with `N passed, N failed`; without Maven,
Java or an answer from Maven it is skipped and says why.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
PROTOCOL = ROOT / "src" / "protocol"
sys.path.insert(0, str(PROTOCOL / "generator"))

import schema  # noqa: E402  (found through the path above)

RELEASES = ["4.4.0", "3.9.1"]
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
POM = """<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka-jars</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>org.apache.kafka</groupId><artifactId>{artifact}</artifactId><version>{version}</version>
  </dependency></dependencies>
</project>
"""


class Unavailable(Exception):
    """Kafka's classes cannot be had here."""


def fetch(version: str) -> pathlib.Path:
    """The folder with the jars of a release, which it brings here first when they are missing."""
    folder = ROOT / "build" / "interop" / f"kafka-serde-{version}"
    if (folder / "complete").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    # The broker brings the coordinators and their records along; before 4.0 the requests are all that is asked for.
    artifact = "kafka_2.13" if int(version.split(".")[0]) >= 4 else "kafka-clients"
    (folder / "pom.xml").write_text(POM.format(artifact=artifact, version=version))
    command = ["mvn", "-B", "-q", "-f", folder / "pom.xml", COPY, f"-DoutputDirectory={folder}"]
    if not shutil.which("mvn") or not shutil.which("javac"):
        raise Unavailable("Maven or a JDK is missing")
    done = subprocess.run(command, stdout=sys.stderr, check=False)
    if done.returncode != 0:
        raise Unavailable(f"Maven could not fetch Kafka {version}")
    (folder / "complete").touch()
    return folder


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


def make(places: list[pathlib.Path], seeds: int) -> list[str]:
    """The lines of a vector file, in the order of the schemas."""
    messages = schema.load(PROTOCOL / "schemas")
    # One seed more for the newest version, where most fields are: nulls are rare under a single one.
    wanted = [f"{m.name} {v} {s}" for m in messages for v in m.versions
              for s in range(1, seeds + 1 + (v == m.versions.high))]
    answers: dict[str, str] = {}
    for jars in places:
        answers |= ask(jars, [question for question in wanted if question not in answers])
    missing = sorted({q.rsplit(" ", 1)[0] for q in wanted if q not in answers})
    print(f"{len(answers)} vectors; no release has {len(missing)} versions: {', '.join(missing)}", file=sys.stderr)
    return [f"{question} {answers[question]}" for question in wanted if question in answers]


def check(program: pathlib.Path, places: list[pathlib.Path], lines: list[str]) -> int:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        vectors = subprocess.run([program, "--gtest_filter=KafkaVectors.*"], check=False,
                                 env=os.environ | {"THALWEG_KAFKA_VECTORS": file.name})
    reference = subprocess.run([sys.executable, "-B", PROTOCOL / "generator" / "test_reference.py", *places],
                               check=False)
    failed = (vectors.returncode != 0) + (reference.returncode != 0)
    print(f"{2 - failed} passed, {failed} failed")
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", action="append", default=[])
    parser.add_argument("--jars", type=pathlib.Path, action="append", default=[])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--check", type=pathlib.Path, metavar="PROTOCOL_TEST")
    options = parser.parse_args()
    releases = options.release or ([] if options.jars else RELEASES)
    try:
        places = [fetch(version) for version in releases] + options.jars
    except Unavailable as why:
        if not options.check:
            sys.exit(f"make_vectors.py: {why}")
        print(f"skipped: {why}\n0 passed, 0 failed, 1 skipped")
        return 0
    lines = make(places, options.seeds)
    if options.check:
        return 1 if check(options.check, places, lines) else 0
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
