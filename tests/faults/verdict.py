"""What is wrong with what was read while faults went on: pure, and checked against harmed readings before each run."""

import collections
from collections.abc import Iterable


def judge(followed: Iterable[tuple[int, int, int]], read: list[list[int]]) -> collections.Counter:
    """Counts what a reader who kept reading was shown and should not have been: (partition, offset, value), in its order.

    `read[p][offset]` is what the log holds in the end. A record that a consumer was shown lies below the high watermark,
    so it stays where it is; and no offset of the log is skipped or shown again."""
    wrong = collections.Counter({"changed": 0, "unseen": 0, "non-monotonic": 0})
    expected = [0] * len(read)
    for partition, offset, value in followed:
        if offset < expected[partition]:
            wrong["non-monotonic"] += 1
        elif offset > expected[partition]:
            wrong["unseen"] += offset - expected[partition]
        expected[partition] = max(expected[partition], offset + 1)
        if offset >= len(read[partition]) or read[partition][offset] != value:
            wrong["changed"] += 1
    wrong["unseen"] += sum(max(0, len(all_of_it) - seen) for all_of_it, seen in zip(read, expected, strict=True))
    return wrong


def check_the_judge() -> None:
    read = [[0, 1, 2], [0, 1]]
    good = [(0, 0, 0), (1, 0, 0), (0, 1, 1), (1, 1, 1), (0, 2, 2)]
    cases = {
        "a perfect reading": (good, {}),
        "a record that is not there in the end": ([*good, (1, 2, 7)], {"changed": 1}),
        "another record in its place": ([(0, 0, 9), *good[1:]], {"changed": 1}),
        "a record shown again": ([*good, (0, 1, 1)], {"non-monotonic": 1}),
        "a record left out": (good[1:], {"unseen": 1}),
        "the last one not shown": (good[:-1], {"unseen": 1}),
    }
    for what, (followed, want) in cases.items():
        got = {name: count for name, count in judge(followed, read).items() if count}
        assert got == want, f"{what}: got {got}, want {want}"
