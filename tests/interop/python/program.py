"""What both Python programs share: the messages, their check, and how a case ends."""

import os
import sys
import time
import traceback

BOOTSTRAP = os.environ["BOOTSTRAP"]
PREFIX = os.environ["PREFIX"]
TOPIC = PREFIX + "user-events"
GROUP = PREFIX + "my-consumer-group"
FIRST_TIMESTAMP = int(os.environ["FIRST_TIMESTAMP"])
LIMIT_SECONDS = 45


class Wrong(Exception):
    """The broker's or the client's fault."""


class Missing(Exception):
    """Something that the case needs is not installed here."""


def equal(got, want, what):
    if got != want:
        raise Wrong(f"{what}: got {got!r}, want {want!r}")


def key(i):
    return b"key%d" % (i % 20)


def value(i):
    return b'{"user_id": %d, "event_type": "user_login"}' % i


def timestamp(i):
    return FIRST_TIMESTAMP + i


class Checker:
    """Takes records as they are read; knows whether all of 0..count-1 came once, and each key's in order."""

    def __init__(self, count):
        self.count = count
        self.seen = {}
        self.latest = {}

    def take(self, i, got_key, got_value, got_timestamp):
        equal((got_key, got_value, got_timestamp), (key(i), value(i), timestamp(i)), f"record {i}")
        if self.latest.get(got_key, -1) >= i:
            raise Wrong(f"{got_key!r}: {i} after {self.latest[got_key]}")
        self.latest[got_key] = i
        self.seen[i] = self.seen.get(i, 0) + 1

    def complete(self):
        return len(self.seen) >= self.count

    def finish(self):
        missing = [i for i in range(self.count) if i not in self.seen]
        repeated = [i for i, n in self.seen.items() if n > 1]
        if missing or repeated or len(self.seen) != self.count:
            raise Wrong(f"missing {missing[:10]}, repeated {repeated[:10]}, {len(self.seen)} of {self.count} records")


def until(done, step, what):
    end = time.monotonic() + LIMIT_SECONDS
    while not done():
        if time.monotonic() > end:
            raise Wrong(f"timed out: {what() if callable(what) else what}")
        step()


def main(cases):
    try:
        cases[sys.argv[1]]()
    except Missing as e:
        print(f"SKIPPED: {e}", file=sys.stderr)
        sys.exit(77)
    except Wrong as e:
        sys.exit(f"FAILED: {e}")
    except Exception as e:  # a client's own error is the broker's answer: report it as the reason
        traceback.print_exc()
        sys.exit(f"FAILED: {type(e).__name__}: {e}")
