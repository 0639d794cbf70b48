"""What is got or built on first use: by one worker, while the others wait."""

import functools
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P, R = ParamSpec("P"), TypeVar("R")
PREPARING = threading.RLock()


def once(get: Callable[P, R]) -> Callable[P, R]:
    """functools.cache for several threads: they never build the same thing at the same time."""
    cached = functools.cache(get)

    @functools.wraps(get)
    def locked(*args: P.args, **kwargs: P.kwargs) -> R:
        with PREPARING:
            return cached(*args, **kwargs)
    return locked
