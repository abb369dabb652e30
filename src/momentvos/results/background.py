"""Calls in another thread, a few at a time ahead of their caller."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

_AHEAD = 3


@contextmanager
def in_background(function: Callable[..., Any]) -> Iterator[Callable[..., None]]:
    """Yield a function that queues calls of another one, which run in order in one thread.

    At most a few calls wait, so memory stays small. What a call raises is raised by a later one,
    or when the block ends.
    """
    waiting: deque[Future[Any]] = deque()
    with ThreadPoolExecutor(1) as thread:

        def queue(*arguments: Any) -> None:
            if len(waiting) >= _AHEAD:
                waiting.popleft().result()
            waiting.append(thread.submit(function, *arguments))

        yield queue
        while waiting:
            waiting.popleft().result()
