"""When freed memory returns to the system, and what libraries keep of it.

Settings of glibc's malloc have no effect elsewhere.
"""

import ctypes
import os
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

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


def trimmed(function: Callable[P, R]) -> Callable[P, R]:
    """Call a function that each frame calls as it is, and give freed memory back before.

    Blocks below `LARGE_BLOCK` lie in the heap, where those that stay keep the space between them
    from going back by itself.
    """

    def trimming(*args: P.args, **kwargs: P.kwargs) -> R:
        _trim()
        return function(*args, **kwargs)

    return trimming


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


def _trim() -> None:
    if sys.platform != "linux":
        return
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):  # another C library
        return


def _mallopt(*settings: tuple[int, int]) -> None:
    if sys.platform != "linux":
        return
    try:
        for name, value in settings:
            ctypes.CDLL(None).mallopt(name, value)
    except (OSError, AttributeError):
        return
