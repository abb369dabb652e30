"""Python's collector of cycles, and the half a million objects that importing PyTorch makes.

None of them ever goes. The collector looks through all of them again and again while they are made,
which is a fifth of the time of importing, and once more when the process ends. What is worse: it
looks at old objects only once a quarter as many have come, so that the few cycles which a long
video leaves, with all that they hold, would wait for a hundred thousand others.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def resting() -> Iterator[Callable[[bool], None]]:
    """Collect nothing until the function that this gives is called.

    From then on what was there before is left out, cycles among it too unless the function is told
    to look for them, which takes a while; afterwards all is as it was.
    """
    at_work = gc.isenabled()

    def wake(thoroughly: bool) -> None:
        if thoroughly:
            gc.collect()
        gc.freeze()
        if at_work:
            gc.enable()

    gc.disable()
    try:
        yield wake
    finally:
        gc.unfreeze()
        if at_work:
            gc.enable()


def leave_all() -> None:
    """Spare the last search of a process that ends: what is left goes with it."""
    gc.freeze()
