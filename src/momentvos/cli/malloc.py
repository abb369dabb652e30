"""When freed memory returns to the system, and what libraries keep of it.

Settings of glibc's malloc have no effect elsewhere.
"""

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import cast

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD, MMAP_MAX = -1, -2, -3, -4  # of mallopt(3)
LARGE_BLOCK = 4 << 20
"""Bytes from which on a block is mapped by itself. The system zeroes it anew each time, page by
page: from 256 KB on that took a third of the time of a run on a virtual machine."""
SHORT = 100
"""Frames up to which memory does not grow enough to pay for it."""
HUGE_PAGES = "THP_MEM_ALLOC_ENABLE"
KERNELS = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
FEW = 96
"""Kernels of oneDNN that are kept: more than the steps of a walk use in turn."""
TRIM_EVERY = 0.2
"""Seconds between two looks for freed memory in the heap: a batch of candidates takes longer."""
PAD = 1 << 28
"""Bytes that the heap grows by at a time in training."""


def map_large_blocks() -> None:
    """Map each block of `LARGE_BLOCK` bytes or more by itself, so that freeing it returns it.

    By default glibc raises this threshold up to 32 MB as such blocks are freed, and takes later
    ones from the heap. There long-lived blocks fragment the space that each frame leaves, and the
    peak memory grows with the length of the video. To be called before PyTorch's first tensor.
    """
    _use_huge_pages()
    _mallopt((MMAP_THRESHOLD, LARGE_BLOCK))


def map_large_blocks_of_children() -> None:
    """The same in the processes that this one starts from now on, unless they are told already."""
    _use_huge_pages()
    os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(LARGE_BLOCK))


def keep_few_kernels() -> None:
    """Have oneDNN keep `FEW` kernels, unless the environment says how many; also in children.

    PyTorch convolves with it on a processor. It compiles a kernel for every shape and number of
    rows, of some megabytes each, and keeps 1024 of them by default. The longer a video is, the
    more numbers of rows there are. To be called before the first convolution.
    """
    os.environ.setdefault(KERNELS, str(FEW))


@contextmanager
def trimming(wanted: bool = True) -> Iterator[None]:
    """Give freed memory back every `TRIM_EVERY` seconds while the block runs, in a thread.

    Blocks below `LARGE_BLOCK` lie in the heap, where those that stay keep the space between them
    from going back by itself. A thread, since what frees most are the layers of one step, between
    which nothing reports progress.
    """
    trim = _trimmer() if wanted else None
    if trim is None:
        yield
        return
    ended = Event()

    def again_and_again() -> None:
        while not ended.wait(TRIM_EVERY):
            trim(0)

    thread = Thread(target=again_and_again, name="malloc_trim", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def keep_freed_memory() -> None:
    """Keep freed memory in the process: for training, where every step needs the same amount.

    Otherwise the system zeroes each large block anew, which takes longer than the computation in
    it.
    """
    _mallopt((MMAP_MAX, 0), (TRIM_THRESHOLD, (1 << 31) - 1), (TOP_PAD, PAD))


def _use_huge_pages() -> None:
    """Have PyTorch ask for pages of 2 MB, unless the environment says otherwise; also in children.

    Where the system gives them, a block that is mapped anew has fewer to be zeroed.
    """
    os.environ.setdefault(HUGE_PAGES, "1")


def _trimmer() -> Callable[[int], int] | None:
    """malloc_trim(3), where the C library has it."""
    if sys.platform != "linux":
        return None
    try:
        return cast(Callable[[int], int], ctypes.CDLL(None).malloc_trim)
    except (OSError, AttributeError):  # another C library
        return None


def _mallopt(*settings: tuple[int, int]) -> None:
    if sys.platform != "linux":
        return
    try:
        for name, value in settings:
            ctypes.CDLL(None).mallopt(name, value)
    except (OSError, AttributeError):
        return
