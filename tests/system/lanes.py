"""Tests side by side: each lane takes the next one when its last has ended."""

import concurrent.futures
import time
import traceback
from collections.abc import Callable, Iterator

from harness.outcome import Failure, Skip

Body = Callable[[], str | None]
Result = tuple[str, str, str]  # PASS, FAIL or SKIP; the test's name; what it said


def run(tests: dict[str, Body], lanes: int) -> Iterator[Result]:
    """The result of each as it ends; at most `lanes` run at a time. After an interrupt none is begun."""
    with concurrent.futures.ThreadPoolExecutor(lanes) as pool:
        try:
            waiting = [pool.submit(_outcome, name, body) for name, body in tests.items()]
            for ended in concurrent.futures.as_completed(waiting):
                yield ended.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _outcome(name: str, body: Body) -> Result:
    started = time.monotonic()
    try:
        said = body()
        return "PASS", name, f"{time.monotonic() - started:.1f} s  {said or ''}"
    except Skip as e:
        return "SKIP", name, str(e)
    except Failure as e:
        return "FAIL", name, str(e)
    except Exception:  # a mistake in one test takes no other test along
        return "FAIL", name, traceback.format_exc()
