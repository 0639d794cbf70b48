"""How many of some waits took how long."""

import statistics

_STEPS_MS = [10, 20, 50, 100, 150, 200, 300, 400, 500, 750, 1000, 1500, 2000, 3000, 5000, 10_000]


def show(title: str, seconds: list[float]) -> None:
    ms = sorted(1000 * s for s in seconds)
    print(f"{title}: median {statistics.median(ms):.0f} ms, longest {ms[-1]:.0f} ms, {len(ms)} times")
    low = 0
    for high in [*_STEPS_MS, None]:
        count = sum(1 for value in ms if low <= value and (high is None or value < high))
        if count:
            print(f"  {low:6} to {high or '':>6} ms  {count:4}  {'#' * count}")
        low = high
